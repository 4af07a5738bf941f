"""The coach's data is whole: four labelled answers a question, spoken, of lengths that say nothing, one half unseen."""

import importlib.util
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import correlation, fmean
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks" / "coach"
HALVES = [name for name in ("seen", "unseen") if (FOLDER / name).exists()]
STORIES, EXPLANATIONS, OTHERWISE, NEGATED, SENTENCES, INJECTIONS = 16, 14, 10, 8, 350, 100
READS_UNSEEN = re.compile(r"\bunseen\(|\bUNSEEN\b|coach/unseen|[\"']unseen[\"']|import .*\bunseen\b")
MEASUREMENTS = ROOT / "services" / "interview"
MAY_READ_UNSEEN = {
    FOLDER / "data.py",
    FOLDER / "quality.py",
    MEASUREMENTS / "src" / "interview" / "measurements.py",
    MEASUREMENTS / "tests" / "test_measurements.py",
}
"""The reader itself, the measuring command, and where a measurement says which half it is of."""


@pytest.fixture(scope="module")
def data() -> ModuleType:
    spec = importlib.util.spec_from_file_location("coach_data", FOLDER / "data.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["coach_data"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=HALVES)
def half(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def questions(data: ModuleType, half: str) -> Any:
    return getattr(data, half)()


def _texts(question: Any) -> Iterator[Any]:
    """Yield each text of a question, as sentences."""
    yield from question.answers.values()
    yield from question.otherwise.values()
    yield question.negated


def _made(sentences: Any) -> set[int]:
    return {point for sentence in sentences for point in sentence.made}


def test_a_half_has_its_questions(data: ModuleType, questions: Any) -> None:
    kinds = [question.kind for question in questions]
    assert kinds.count(data.Kind.STORY) == STORIES
    assert kinds.count(data.Kind.EXPLANATION) == EXPLANATIONS
    assert sum(bool(question.otherwise) for question in questions) == OTHERWISE
    assert sum(bool(question.negated) for question in questions) == NEGATED


def test_every_question_has_four_answers_of_sentences_that_are_labelled(
    data: ModuleType, questions: Any
) -> None:
    for question in questions:
        assert set(question.answers) == set(data.Grade), question.id
        assert all(len(sentences) >= 2 for sentences in question.answers.values()), question.id
        making = {grade for grade, answer in question.answers.items() if 0 in _made(answer)}
        assert making == {data.Grade.EXCELLENT, data.Grade.DECENT}, question.id
        assert any(0 in line.contradicted for line in question.answers[data.Grade.FLUENT_WRONG]), question.id


def test_parts_and_points_are_those_of_the_question(data: ModuleType, questions: Any) -> None:
    parts = {data.Kind.STORY: set("STARLO"), data.Kind.EXPLANATION: set("PWXO")}
    for question in questions:
        assert bool(question.points) == (question.kind is data.Kind.EXPLANATION), question.id
        for sentence in (line for text in _texts(question) for line in text):
            assert sentence.parts <= parts[question.kind], sentence.text
            assert sentence.made | sentence.contradicted <= set(range(len(question.points) + 1)), (
                sentence.text
            )


def test_a_better_explanation_makes_more_points(data: ModuleType, questions: Any) -> None:
    for question in questions:
        if question.kind is data.Kind.EXPLANATION:
            counts = {grade: len(_made(answer)) for grade, answer in question.answers.items()}
            assert counts[data.Grade.EXCELLENT] >= counts[data.Grade.DECENT], question.id
            assert counts[data.Grade.DECENT] > counts[data.Grade.WEAK], question.id


def test_what_is_said_otherwise_makes_the_same_points(data: ModuleType, questions: Any) -> None:
    for question in questions:
        if question.otherwise:
            assert set(question.otherwise) == set(data.Form), question.id
            points = _made(question.answers[data.Grade.DECENT])
            assert all(_made(text) == points for text in question.otherwise.values()), question.id


def test_what_denies_the_points_makes_none(questions: Any) -> None:
    for question in questions:
        assert all(line.contradicted and not line.made for line in question.negated), question.id


def test_no_sentence_comes_twice(data: ModuleType) -> None:
    texts = [
        line
        for name in HALVES
        for question in getattr(data, name)()
        for line in {line.text for text in _texts(question) for line in text}
    ]
    texts += [line.text for name in HALVES for line in data.sentences(FOLDER / name)]
    assert [text for text, count in Counter(texts).items() if count > 1] == []
    assert len(texts) > 1000 * len(HALVES)


def test_length_says_nothing_of_quality(data: ModuleType, questions: Any) -> None:
    order = [data.Grade.WEAK, data.Grade.DECENT, data.Grade.EXCELLENT]
    pairs = [
        (len(question.answer(grade)), rank) for question in questions for rank, grade in enumerate(order)
    ]
    lengths, ranks = zip(*pairs, strict=True)
    by_length = [sum(other < length for other in lengths) for length in lengths]
    assert abs(correlation(by_length, ranks)) <= 0.15
    means = [fmean(len(question.answer(grade).split()) for question in questions) for grade in data.Grade]
    assert max(means) < 1.15 * min(means)


def test_single_sentences_are_of_every_part(data: ModuleType, half: str) -> None:
    sentences = data.sentences(FOLDER / half)
    assert len(sentences) >= SENTENCES
    assert {part for sentence in sentences for part in sentence.parts} == set(data.Part)


def test_injections_are_of_many_sorts_and_short(data: ModuleType, half: str) -> None:
    injections = data.injections(FOLDER / half)
    assert len({injection.text for injection in injections}) == len(injections) == INJECTIONS
    assert len({injection.sort for injection in injections}) >= 15
    assert all(1 <= len(injection.text.split()) <= 60 for injection in injections)


def test_the_halves_share_no_question_and_no_injection(data: ModuleType) -> None:
    ids = [question.id for name in HALVES for question in getattr(data, name)()]
    assert len(ids) == len(set(ids))
    texts = [injection.text for name in HALVES for injection in data.injections(FOLDER / name)]
    assert len(texts) == len(set(texts))


def test_only_the_measuring_command_reads_the_unseen_half() -> None:
    paths = [
        path
        for folder in ("services", "libs", "benchmarks", "docs", "deploy")
        for ending in ("py", "toml", "sh")
        for path in ROOT.glob(f"{folder}/**/*.{ending}")
    ]
    assert len(paths) > 300
    readers = {path for path in paths if READS_UNSEEN.search(path.read_text(encoding="utf-8"))}
    assert readers - MAY_READ_UNSEEN == set()


def test_what_reads_the_unseen_half_is_noticed() -> None:
    lines = ["data.unseen()", "half = data.UNSEEN", 'Path("benchmarks/coach/unseen")', "FOLDER / 'unseen'"]
    assert all(READS_UNSEEN.search(line) for line in [*lines, "from data import unseen"])
    assert not READS_UNSEEN.search("# a page that goes unseen, such as a hidden one")


def test_a_line_without_a_label_is_refused(data: ModuleType) -> None:
    with pytest.raises(ValueError, match="not a labelled sentence: We did it"):
        data._sentence("We did it.")
