from interview.coaching import runs, scoring
from interview.coaching.rubrics import CheckedBy, Criterion, Rubric, Scale
from interview.coaching.verdicts import Outcome, Verdict
from interview.questions.question import Kind

RUBRIC = Rubric(
    version=2,
    kind=Kind.BEHAVIOURAL,
    competency="conflict",
    criteria=(
        Criterion(id="gate", name="Gate", scale=Scale.BINARY, weight=0, gate=True, checked_by=CheckedBy.TEXT),
        Criterion(
            id="main", name="Main", scale=Scale.FOUR_STEP, weight=60, main=True, checked_by=CheckedBy.TEXT
        ),
        Criterion(id="tone", name="Tone", scale=Scale.BINARY, weight=40, checked_by=CheckedBy.MODEL),
    ),
)


def run(gate: int | None, main: int | None, tone: int | None) -> list[Verdict]:
    return [
        _verdict(criterion, level)
        for criterion, level in zip(RUBRIC.criteria, (gate, main, tone), strict=True)
    ]


def _verdict(criterion: Criterion, level: int | None) -> Verdict:
    met = level is not None and level >= (2 if criterion.scale is Scale.FOUR_STEP else 3)
    outcome = Outcome.CANNOT_ASSESS if level is None else Outcome.MET if met else Outcome.UNMET
    return Verdict(
        criterion_id=criterion.id, outcome=outcome, level=level or 0, sentences=(1,), by=CheckedBy.MODEL
    )


def levels(*judged: list[Verdict]) -> list[int | None]:
    return [
        None if verdict.outcome is Outcome.CANNOT_ASSESS else verdict.level
        for verdict in runs.merged(RUBRIC, judged)
    ]


def scored(*judged: list[Verdict]) -> scoring.Score:
    return scoring.score(RUBRIC, runs.merged(RUBRIC, judged))


def test_the_majority_counts_and_without_one_the_middle() -> None:
    assert levels(run(3, 3, 3), run(3, 3, 0), run(3, 0, 0)) == [3, 3, 0]
    assert levels(run(3, 0, 3), run(3, 2, 3), run(3, 3, 3)) == [3, 2, 3]
    assert levels(run(3, 1, 3), run(3, 3, 0)) == [3, 1, 0]


def test_what_half_of_the_runs_leave_open_stays_open() -> None:
    assert levels(run(3, None, None), run(3, 3, None), run(3, 3, 3)) == [3, 3, None]
    assert levels(run(3, None, 3), run(3, 3, 3)) == [3, None, 3]


def test_one_run_is_taken_as_it_is() -> None:
    assert runs.merged(RUBRIC, [run(3, 2, 3)]) == run(3, 2, 3)
    assert scored(run(3, 2, 3)) == scoring.Score(80.0, "", 80.0, 80.0)


def test_disagreement_widens_the_range_on_both_sides() -> None:
    score = scored(run(3, 3, 3), run(3, 3, 3), run(3, 2, 0))
    assert (score.low, score.high) == (40, 100)
    assert score.value == 70


def test_what_is_wrong_by_one_run_caps_the_lower_end_alone() -> None:
    score = scored(run(3, 3, 3), run(3, 3, 3), run(3, 0, 3))
    assert (score.low, score.high) == (25, 100)
    assert scored(run(3, 0, 3), run(3, 0, 3), run(3, 0, 3)).high == 25


def test_a_gate_that_fails_by_one_run_is_not_sure_enough_to_floor() -> None:
    unsure = scored(run(3, 3, 3), run(0, 3, 3), run(0, 3, 3))
    assert (unsure.low, unsure.high) == (10, 100)
    sure = scored(run(0, 3, 3), run(0, 3, 3))
    assert (sure.low, sure.high, sure.value) == (10, 10, 10)


def test_agreement_is_the_share_that_says_what_counts() -> None:
    merged = runs.merged(RUBRIC, [run(3, 3, None), run(3, 3, 3), run(3, 0, None)])
    assert [verdict.agreement for verdict in merged] == [1, 0.67, 0.67]
    assert run(3, 3, 3)[0].agreement is None
