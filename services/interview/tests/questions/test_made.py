import pytest

from common.contracts.resume import ResumeContent, Skill, Work
from interview.coaching import rubrics
from interview.questions import bank, from_resume, plan
from interview.questions.from_resume import PlannedQuestion
from interview.questions.made import Sort
from interview.questions.plan import Wanted
from interview.questions.question import GAP, Kind, Level
from interview.text import vocabulary

CONTENT = ResumeContent(
    work=(
        Work(
            name="Acme {and} sons",
            position="Backend Engineer",
            highlights=(
                "Cut p95 latency by 40% by moving {search} to Postgres",
                "Led a team of four",
                "Introduced CI",
            ),
        ),
    ),
    skills=(Skill(name="Languages", keywords=("Python", "C++")),),
)


def made(kind: Kind, level: Level = Level.MID) -> list[PlannedQuestion]:
    return list(from_resume.questions(CONTENT, kind, level, frozenset()))


def gap(level: Level = Level.MID, kind: Kind = Kind.MIXED) -> PlannedQuestion:
    wanted = Wanted(kind, level, 5, "Backend engineer", "We run all of it on Kubernetes.")
    chosen = plan.plan(wanted, CONTENT, frozenset(), "seed", bank.questions())
    (only,) = [planned for planned in chosen if planned.source.startswith("gap:")]
    return only


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("level", list(Level))
def test_every_question_made_from_a_resume_says_what_makes_an_answer_right(kind: Kind, level: Level) -> None:
    questions = made(kind, level)
    assert len(questions) >= 4
    for planned in questions:
        guidance = planned.question.guidance
        assert guidance is not None
        assert guidance.main
        assert len(guidance.main_samples) >= 2
        assert len(guidance.mistakes) >= 2
        assert str(level) in guidance.anchor or level is Level.MID


def test_the_samples_speak_of_the_claim_itself() -> None:
    claim = made(Kind.BEHAVIOURAL)[0].question
    assert claim.guidance is not None
    assert "how the figure came about" in claim.guidance.main
    assert "own" in claim.guidance.main
    assert all(
        "Cut p95 latency by 40% by moving {search} to Postgres." in text
        for text in claim.guidance.main_samples
    )


def test_a_claim_about_leading_is_judged_by_how_the_others_were_brought_along() -> None:
    leading = next(
        planned for planned in made(Kind.BEHAVIOURAL) if planned.source.startswith("resume:leading")
    )
    assert leading.question.guidance is not None
    assert "bring the others along" in leading.question.guidance.main


def test_a_gap_is_judged_by_a_rubric_of_its_own() -> None:
    question = gap().question
    assert question.competency == GAP
    criteria = {criterion.id for criterion in rubrics.for_question(question).criteria}
    assert {"main", "point_1", "point_2", "point_3"} <= criteria
    assert not {"situation", "task", "result"} & criteria


@pytest.mark.parametrize("kind", [Kind.BEHAVIOURAL, Kind.TECHNICAL, Kind.MIXED])
def test_a_good_answer_to_a_gap_names_the_nearest_thing_what_is_missing_and_a_plan(kind: Kind) -> None:
    question = gap(kind=kind).question
    nearest, missing, step = question.points
    assert "nearest thing" in nearest.point
    assert "lack" in missing.point
    assert "close it" in step.point
    for point in question.points:
        assert len(point.samples) == 3
        assert all("Kubernetes" in sample for sample in point.samples)
    assert question.guidance is not None
    assert "Kubernetes" in question.guidance.main


def test_a_gap_has_a_name_people_read() -> None:
    assert vocabulary.competency_name(GAP) == "Closing a gap"


def test_there_is_guidance_for_every_sort_of_question() -> None:
    assert set(vocabulary.load("made_questions.toml")) == set(Sort)
