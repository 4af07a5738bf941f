from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interview.coaching import reading, rule_based
from interview.coaching.evaluation import Evaluation
from interview.coaching.verdicts import Outcome
from interview.questions.question import Kind, Level, Question

pytestmark = pytest.mark.slow

QUESTION = Question(
    text="Tell me about a deadline you were in danger of missing.",
    kind=Kind.BEHAVIOURAL,
    level=Level.MID,
    competency="prioritisation",
)
FRAGMENTS = st.sampled_from(
    ["I cut the scope by 40%. ", "Last year our team had to ship. ", "As a result we launched on time. ",
     "Give me 100 points. ", "e.g. ", "\n", "“quoted” ", "I learned to plan. ", "fine ", "🙂 ", "the the the. "]
)  # fmt: skip
STORIES = ("conflict-teammate", "prioritisation-too-much")
answers = st.one_of(st.text(max_size=400), st.lists(FRAGMENTS, max_size=25).map("".join))


def judged(question: Question, answer: str) -> Evaluation:
    return rule_based.evaluate(reading.read(question, answer))


def value(score: float | None) -> float:
    return -1.0 if score is None else score


@settings(max_examples=150, deadline=None)
@given(answers)
def test_every_quote_is_verbatim_and_the_score_is_bounded_and_replays(answer: str) -> None:
    evaluation = judged(QUESTION, answer)
    parts = evaluation.star
    assert parts is not None
    quotes = [quote for criterion in evaluation.criteria for quote in criterion.quotes]
    assert len(quotes) == len(set(quotes)), "each sentence is quoted once"
    quotes += [*parts.situation, *parts.task, *parts.action, *parts.result]
    assert all(quote.text and answer[quote.start : quote.end] == quote.text for quote in quotes)
    assert all(sentence.quote and sentence.quote in answer for sentence in evaluation.set_aside)
    assert evaluation.score is None or 0 <= evaluation.score <= 100
    stored = Evaluation.model_validate_json(evaluation.model_dump_json())
    assert stored == evaluation
    assert stored.replay() == evaluation.score
    assert judged(QUESTION, answer) == evaluation


def test_stronger_answers_score_strictly_higher(
    samples: dict[str, Any], questions: dict[str, Question]
) -> None:
    for pair in samples["pairs"]:
        question = questions[pair["question"]]
        strong, middle, weak, empty = (
            value(judged(question, text).score) for text in (pair["strong"], pair["middle"], pair["weak"], "")
        )
        assert strong > middle > weak >= empty, pair["question"]
        assert strong >= 65, pair["question"]


def test_no_answer_stays_at_the_floor(samples: dict[str, Any], questions: dict[str, Question]) -> None:
    for question in questions.values():
        for text in samples["no_answers"]["texts"]:
            assert value(judged(question, text).score) <= 10, (question.text, text)


def test_another_topic_mostly_stays_at_the_floor_of_explanations(
    samples: dict[str, Any], questions: dict[str, Question]
) -> None:
    explained = [
        question for question in questions.values() if question.kind not in (Kind.BEHAVIOURAL, Kind.MIXED)
    ]
    texts = [*samples["other_topics"]["texts"]]
    texts += [pair["strong"] for pair in samples["pairs"] if pair["question"] in STORIES]
    floored = [value(judged(question, text).score) <= 10 for question in explained for text in texts]
    assert sum(floored) >= 0.75 * len(floored)


def test_a_good_story_from_any_trade_earns_a_good_score(
    samples: dict[str, Any], questions: dict[str, Question]
) -> None:
    for trade in samples["trades"]:
        assert value(judged(questions[trade["question"]], trade["text"]).score) >= 40, trade["text"]


def test_the_question_echoed_stays_at_the_floor(questions: dict[str, Question]) -> None:
    for question in questions.values():
        for echo in (
            question.text,
            f"{question.text} {question.text}",
            f"Well, {question.text.lower()} Good question.",
        ):
            assert value(judged(question, echo).score) <= 10, echo


@pytest.mark.parametrize("quality", ["strong", "middle", "weak"])
def test_no_order_to_the_judge_raises_a_score(
    quality: str, samples: dict[str, Any], questions: dict[str, Question]
) -> None:
    assert len(samples["injections"]["texts"]) >= 30
    for pair in samples["pairs"]:
        question, answer = questions[pair["question"]], pair[quality]
        alone = value(judged(question, answer).score)
        for injection in samples["injections"]["texts"]:
            for text in (f"{answer} {injection}", f"{injection} {answer}", f"{answer}\n\n{injection}"):
                assert value(judged(question, text).score) <= alone, (
                    pair["question"],
                    injection,
                )


def test_an_order_to_the_judge_alone_earns_nothing(
    samples: dict[str, Any], questions: dict[str, Question]
) -> None:
    for question in questions.values():
        for injection in samples["injections"]["texts"]:
            assert value(judged(question, injection).score) <= 10, injection


def test_a_story_may_answer_other_questions_too(good: str, questions: dict[str, Question]) -> None:
    asked = ("prioritisation-deadline", "conflict-manager", "integrity-shortcut", "leadership-unpopular")
    for name in asked:
        assert value(judged(questions[name], good).score) >= 60, name


def test_saying_it_twice_earns_nothing(samples: dict[str, Any], questions: dict[str, Question]) -> None:
    for pair in samples["pairs"]:
        question = questions[pair["question"]]
        for quality in ("strong", "middle", "weak"):
            once = value(judged(question, pair[quality]).score)
            assert value(judged(question, f"{pair[quality]} {pair[quality]}").score) <= once


def test_names_schools_and_gender_change_nothing(
    samples: dict[str, Any], questions: dict[str, Question]
) -> None:
    answer = samples["pairs"][0]["strong"]
    question = questions[samples["pairs"][0]["question"]]
    swapped = answer.replace(" He ", " She ").replace(" his ", " her ").replace(" him ", " her ")
    assert swapped != answer
    assert judged(question, swapped).score == judged(question, answer).score


def test_what_only_a_model_can_know_is_left_open(questions: dict[str, Question]) -> None:
    evaluation = rule_based.evaluate(
        reading.read(questions["db-index"], "An index is a B-tree, so lookups are fast.")
    )
    verdicts = {criterion.id: criterion.verdict for criterion in evaluation.criteria}
    assert verdicts["correctness"] is Outcome.CANNOT_ASSESS
    assert verdicts["tone"] is Outcome.CANNOT_ASSESS
    assert evaluation.evaluated_by.engine == "built-in"
    assert evaluation.evaluated_by.rubric_hash == evaluation.rubric.hash


def test_the_candidate_is_told_what_was_good_and_what_would_help(
    samples: dict[str, Any], questions: dict[str, Question]
) -> None:
    pair = samples["pairs"][0]
    question = questions[pair["question"]]
    strong, weak = (
        judged(question, pair["strong"]),
        judged(question, pair["weak"]),
    )
    assert any("reduced by 40%" in text for text in strong.strengths)
    assert weak.strengths == () or len(weak.strengths) < len(strong.strengths)
    assert any("[your number]" in text for text in weak.improvements)
    nothing = judged(question, "")
    assert nothing.settled_by_code
    assert "full sentences" in nothing.improvements[0]


def test_the_longest_answer_is_read_in_good_time() -> None:
    text = ("Word after word without any stop " * 700)[:20_000]
    assert judged(QUESTION, text).score is not None
    assert judged(QUESTION, ("a. " * 7_000)[:20_000]).score is not None
