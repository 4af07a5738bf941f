"""The coach's data is whole: four labelled answers a question, spoken, and of lengths that say nothing."""

import importlib.util
import sys
from pathlib import Path
from statistics import correlation
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks" / "coach"


@pytest.fixture(scope="module")
def data() -> ModuleType:
    spec = importlib.util.spec_from_file_location("coach_data", FOLDER / "data.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["coach_data"] = module
    spec.loader.exec_module(module)
    return module


def test_every_question_has_four_answers_of_sentences_that_are_labelled(data: ModuleType) -> None:
    questions = data.seen()
    assert len(questions) >= 16
    for question in questions:
        assert set(question.answers) == set(data.Grade), question.id
        assert all(len(sentences) >= 2 for sentences in question.answers.values()), question.id
        made = {grade for grade, answer in question.answers.items() if any(0 in line.made for line in answer)}
        assert {data.Grade.EXCELLENT, data.Grade.DECENT} <= made, question.id
        assert not {data.Grade.WEAK, data.Grade.FLUENT_WRONG} & made, question.id


def test_no_sentence_comes_twice(data: ModuleType) -> None:
    texts = [line.text for item in data.seen() for answer in item.answers.values() for line in answer]
    assert len(texts) == len(set(texts)) > 300


def test_length_says_nothing_of_quality(data: ModuleType) -> None:
    order = [data.Grade.WEAK, data.Grade.DECENT, data.Grade.EXCELLENT]
    pairs = [(len(item.answer(grade)), rank) for item in data.seen() for rank, grade in enumerate(order)]
    lengths, ranks = zip(*pairs, strict=True)
    by_length = [sum(other < length for other in lengths) for length in lengths]
    assert abs(correlation(by_length, ranks)) <= 0.15


def test_a_line_without_a_label_is_refused(data: ModuleType) -> None:
    with pytest.raises(ValueError, match="not a labelled sentence: We did it"):
        data._sentence("We did it.")
