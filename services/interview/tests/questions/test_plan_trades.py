"""The trade of a job decides what may be asked."""

import pytest

from common.contracts.resume import ResumeContent, Skill, Work
from interview.questions import bank, plan, trades
from interview.questions.from_resume import PlannedQuestion
from interview.questions.plan import Wanted
from interview.questions.question import Kind, Level

JOBS = {
    "Backend engineer": {"software"},
    "iOS developer": {"software"},
    "QA engineer": {"software"},
    "Data analyst": {"data"},
    "Data engineer": {"data", "software"},
    "Product manager": {"product"},
    "Product owner": {"product"},
    "UX designer": {"design"},
    "Graphic designer": {"design"},
    "Sales representative": {"sales"},
    "Key account manager": {"sales"},
    "Staff nurse": {"care"},
    "Care assistant": {"care"},
    "Head of nursing": {"care", "management"},
    "Teacher of mathematics": {"teaching"},
    "Vocational trainer": {"teaching"},
    "Warehouse manager": {"operations", "management"},
    "Supply chain planner": {"operations"},
    "Team lead": {"management"},
    "Baker": set[str](),
    "Associate": set[str](),
}
DEVELOPER = ResumeContent(
    work=(Work(name="Acme", position="Software Developer", highlights=("Moved search to Postgres",)),),
    skills=(Skill(name="Tools", keywords=("Python", "Docker")),),
)
of_every_kind = pytest.mark.parametrize("kind", list(Kind))


def from_bank(chosen: list[PlannedQuestion]) -> list[bank.BankQuestion]:
    banked = {f"bank:{question.id}": question for question in bank.questions()}
    return [banked[planned.source] for planned in chosen if planned.source in banked]


def planned(
    kind: Kind, title: str, content: ResumeContent | None = None, count: int = 15, description: str = ""
) -> list[PlannedQuestion]:
    return plan.plan(
        Wanted(kind, Level.MID, count, title, description), content, frozenset(), "seed", bank.questions()
    )


@of_every_kind
@pytest.mark.parametrize("title", list(JOBS))
def test_a_question_of_a_trade_is_asked_only_for_a_job_of_it(kind: Kind, title: str) -> None:
    allowed = JOBS[title] or (
        {"software", "data"} if (title, kind) == ("Associate", Kind.SYSTEM_DESIGN) else set()
    )
    chosen = from_bank(planned(kind, title))
    assert len(chosen) == 15
    assert all(not question.trades or allowed & set(question.trades) for question in chosen)
    assert not {"opening", "closing"} & {question.competency for question in chosen}


@pytest.mark.parametrize("title", [title for title, told in JOBS.items() if told])
def test_a_technical_interview_asks_the_explanations_of_the_trade_first(title: str) -> None:
    chosen = planned(Kind.TECHNICAL, title, count=4)
    assert {question.kind for question in from_bank(chosen)} == {Kind.TECHNICAL}
    assert all(JOBS[title] & set(question.trades) for question in from_bank(chosen))


@pytest.mark.parametrize("title", ["Baker", "Associate"])
def test_without_a_known_trade_a_technical_interview_tells_stories(title: str) -> None:
    chosen = planned(Kind.TECHNICAL, title, count=5)
    assert {planned_question.question.kind for planned_question in chosen} == {Kind.BEHAVIOURAL}


def test_the_resume_tells_the_trade_of_a_technical_interview_where_the_job_does_not() -> None:
    chosen = from_bank(planned(Kind.TECHNICAL, "Associate", DEVELOPER, count=5))
    assert chosen
    assert all(trades.SOFTWARE in question.trades for question in chosen)


@of_every_kind
def test_a_resume_of_another_trade_asks_nothing_of_it_where_the_job_tells_its_own(kind: Kind) -> None:
    chosen = from_bank(planned(kind, "Staff nurse", DEVELOPER))
    assert all(not question.trades or trades.SOFTWARE not in question.trades for question in chosen)


def test_nobody_outside_of_software_is_asked_to_design_a_system() -> None:
    chosen = planned(Kind.SYSTEM_DESIGN, "Staff nurse", DEVELOPER)
    assert Kind.SYSTEM_DESIGN not in {planned_question.question.kind for planned_question in chosen}
    assert not any("esign" in planned_question.question.text for planned_question in chosen)


def test_what_everybody_in_a_trade_has_about_them_is_no_gap() -> None:
    description = "Nursing on a ward of our hospital; you know dementia."
    nurse = ResumeContent(
        work=(Work(position="Nurse", name="City", highlights=("Took care of twelve people",)),)
    )
    sources = [planned.source for planned in planned(Kind.MIXED, "Nurse", nurse, description=description)]
    assert [source for source in sources if source.startswith("gap:")] == ["gap:dementia"]


def test_no_word_of_another_trade_is_a_gap() -> None:
    description = "Our product runs on Kubernetes and Terraform; you sell it."
    chosen = planned(Kind.MIXED, "Sales representative", DEVELOPER, description=description)
    assert not any(planned_question.source.startswith("gap:") for planned_question in chosen)
