import pytest

from common.contracts.resume import Background, Project, Skill, Work
from interview import bank, planning
from interview.coaching import vocabulary
from interview.kinds import Kind, Level
from interview.planning import Wanted
from interview.topics import Naming

BACKGROUND = Background(
    work=(
        Work(
            name="Acme",
            position="Backend Engineer",
            highlights=(
                "Cut p95 latency by 40% by moving search to Postgres",
                "Led a team of four",
                "Introduced CI",
            ),
        ),
        Work(position="Waiter"),
    ),
    skills=(Skill(name="Languages", keywords=("Python", "Go")), Skill(name="PostgreSQL")),
    projects=(Project(name="Birdsong", description="An app that names birds"), Project(name="Bare")),
)
everything = pytest.mark.parametrize("kind", list(Kind))
every_level = pytest.mark.parametrize("level", list(Level))


def wanted(
    kind: Kind = Kind.MIXED, level: Level = Level.MID, count: int = 5, description: str = ""
) -> Wanted:
    return Wanted(kind, level, count, "Backend engineer", description)


def test_the_bank_has_at_least_sixty_questions_over_all_kinds_and_levels() -> None:
    questions = bank.questions()
    assert len(questions) >= 60
    assert len({one.id for one in questions}) == len({one.text for one in questions}) == len(questions)
    assert {one.kind for one in questions} == set(Kind)
    assert {level for one in questions for level in one.levels} == set(Level)
    assert {one.competency for one in questions} <= set(vocabulary.competencies())
    assert all(one.points for one in questions if one.kind in (Kind.TECHNICAL, Kind.SYSTEM_DESIGN))


@everything
@every_level
@pytest.mark.parametrize("background", [None, BACKGROUND, Background()])
def test_no_question_comes_twice_and_every_one_says_why(
    kind: Kind, level: Level, background: Background | None
) -> None:
    for count in (1, 3, 15):
        plan = planning.plan(wanted(kind, level, count), background, frozenset(), "seed")
        assert len(plan) == count
        assert len({one.question.text for one in plan}) == count
        assert all(one.why.strip() for one in plan)


@everything
def test_at_least_one_question_refers_to_the_resume(kind: Kind) -> None:
    for count in (1, 3, 15):
        plan = planning.plan(wanted(kind, count=count), BACKGROUND, frozenset(), "seed")
        assert any(one.source.startswith("resume:") for one in plan)
    assert "Cut p95 latency by 40%" in plan[0].question.text


def test_a_behavioural_interview_asks_no_definitions() -> None:
    plan = planning.plan(wanted(Kind.BEHAVIOURAL, count=15), BACKGROUND, frozenset(), "seed")
    assert {one.question.kind for one in plan} == {Kind.BEHAVIOURAL}


def test_a_mixed_interview_asks_more_than_one_kind() -> None:
    plan = planning.plan(wanted(Kind.MIXED, count=6), None, frozenset(), "seed")
    assert len({one.question.kind for one in plan}) >= 3


def test_what_the_job_asks_for_comes_up_and_the_reason_names_it() -> None:
    job = "You run our Kubernetes clusters and write Go."
    plan = planning.plan(wanted(Kind.TECHNICAL, count=5, description=job), BACKGROUND, frozenset(), "seed")
    reasons = " ".join(one.why for one in plan)
    assert "The job asks for Go" in reasons
    assert "The job mentions Kubernetes; your résumé does not." in reasons


@pytest.mark.parametrize(
    ("text", "topic", "named"),
    [
        ("We write Go.", "go", "Go"),
        ("Ready to go to market", "go", None),
        ("AI products", "ai", "AI"),
        ("C++ and Rust", "c++", "C++"),
        ("JavaScript", "java", None),
        ("PostgreSQL", "postgresql", "PostgreSQL"),
    ],
)
def test_a_topic_is_named_as_a_word_of_its_own(text: str, topic: str, named: str | None) -> None:
    assert Naming(text).find(topic) == named


def test_the_same_wishes_give_the_same_plan_and_another_seed_another() -> None:
    plans = [planning.plan(wanted(count=5), None, frozenset(), seed) for seed in ("one", "one", "two")]
    assert plans[0] == plans[1] != plans[2]


def test_what_was_asked_before_comes_last() -> None:
    first = planning.plan(wanted(count=5), BACKGROUND, frozenset(), "seed")
    again = planning.plan(wanted(count=5), BACKGROUND, frozenset(one.source for one in first), "seed")
    assert not {one.source for one in first} & {one.source for one in again}


@everything
@pytest.mark.parametrize("background", [None, BACKGROUND])
def test_nothing_is_asked_twice_over_many_interviews_while_the_bank_has_something_new(
    kind: Kind, background: Background | None
) -> None:
    wishes = wanted(kind, description="You will write GraphQL and Terraform for our Kubernetes clusters.")
    asked = frozenset[str]()
    bank_size = len(bank.fitting(kind, Level.MID))
    while sum(source.startswith("bank:") for source in asked) + wishes.count <= bank_size:
        sources = {one.source for one in planning.plan(wishes, background, asked, str(len(asked)))}
        assert not sources & asked
        asked |= sources


def test_what_a_resume_says_twice_is_asked_once() -> None:
    claim = "Cut p95 latency by 40% by moving search to Postgres"
    twice = Background(
        work=(Work(name="Acme", highlights=(claim, f"{claim.lower()}.")),),
        skills=(Skill(name="Languages", keywords=("Python",)), Skill(name="Tools", keywords=("python",))),
    )
    plan = planning.plan(wanted(count=15), twice, frozenset(), "seed")
    assert sum(one.source.startswith("resume:") for one in plan) == 2


def test_nobody_is_asked_to_design_a_team_anew() -> None:
    plan = planning.plan(wanted(Kind.SYSTEM_DESIGN, count=15), BACKGROUND, frozenset(), "seed")
    assert not any("Led a team" in one.question.text for one in plan)


def test_a_long_claim_is_cut_and_what_has_no_name_is_not_invented() -> None:
    background = Background(work=(Work(highlights=("word " * 100,)),))
    (question,) = planning.plan(wanted(count=1), background, frozenset(), "seed")
    assert question.question.text.startswith("About your work you wrote: “word word")
    assert len(question.question.text) < 350
