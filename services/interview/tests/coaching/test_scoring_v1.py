"""What was scored by the first version's rule is scored by it for ever."""

from interview.coaching import scoring
from interview.coaching.rubrics import CheckedBy, Criterion, Rubric, Scale
from interview.coaching.verdicts import Outcome, Verdict
from interview.questions.question import Kind


def criterion(name: str, weight: int, *, gate: bool = False, scale: Scale = Scale.BINARY) -> Criterion:
    return Criterion(id=name, name=name, scale=scale, weight=weight, checked_by=CheckedBy.MODEL, gate=gate)


RUBRIC = Rubric(
    version=1,
    kind=Kind.BEHAVIOURAL,
    competency="conflict",
    criteria=(
        criterion("gate", 0, gate=True),
        criterion("small", 10),
        criterion("large", 30, scale=Scale.FOUR_STEP),
    ),
)


def verdict(name: str, outcome: Outcome, level: int = 0, sentences: tuple[int, ...] = (1,)) -> Verdict:
    return Verdict(criterion_id=name, outcome=outcome, level=level, sentences=sentences, by=CheckedBy.MODEL)


def test_the_score_is_the_weight_earned_over_the_weight_that_could_be_assessed() -> None:
    verdicts = [
        verdict("gate", Outcome.MET, 3),
        verdict("small", Outcome.UNMET),
        verdict("large", Outcome.MET, 2),
    ]
    assert scoring.score(RUBRIC, verdicts).value == 50.0
    verdicts[1] = verdict("small", Outcome.CANNOT_ASSESS)
    assert scoring.score(RUBRIC, verdicts).value == 66.7


def test_a_gate_that_is_not_met_holds_the_score_at_the_floor() -> None:
    verdicts = [
        verdict("gate", Outcome.UNMET),
        verdict("small", Outcome.MET, 3),
        verdict("large", Outcome.MET, 3),
    ]
    score = scoring.score(RUBRIC, verdicts)
    assert score.value == 10.0
    assert "gate" in score.note


def test_a_gate_nobody_can_assess_holds_a_strong_answer_and_leaves_a_weaker_one_without_a_number() -> None:
    gate, small = verdict("gate", Outcome.CANNOT_ASSESS), verdict("small", Outcome.MET, 3)
    strong = scoring.score(RUBRIC, [gate, small, verdict("large", Outcome.MET, 3)])
    assert (strong.value, strong.note[:10]) == (60.0, "At most 60")
    weaker = scoring.score(RUBRIC, [gate, small, verdict("large", Outcome.UNMET, 0)])
    assert (weaker.value, weaker.note[:8]) == (None, "No score")


def test_a_gate_that_nothing_speaks_for_leaves_even_a_strong_answer_without_a_number() -> None:
    gate = verdict("gate", Outcome.CANNOT_ASSESS, sentences=())
    strong = [gate, verdict("small", Outcome.MET, 3), verdict("large", Outcome.MET, 3)]
    assert scoring.score(RUBRIC, strong).value is None


def test_under_half_of_the_weight_assessable_there_is_no_number() -> None:
    verdicts = [
        verdict("gate", Outcome.MET, 3),
        verdict("small", Outcome.MET, 3),
        verdict("large", Outcome.CANNOT_ASSESS),
    ]
    score = scoring.score(RUBRIC, verdicts)
    assert score.value is None
    assert "less than half" in score.note
