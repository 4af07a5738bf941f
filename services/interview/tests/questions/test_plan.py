import pytest

from common.contracts.resume import Project, ResumeContent, Skill, Work
from interview.questions import bank, plan, trades
from interview.questions.plan import Wanted
from interview.questions.question import Kind, Level
from interview.questions.topics import Naming
from interview.text import vocabulary

CONTENT = ResumeContent(
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
    kind: Kind = Kind.MIXED,
    level: Level = Level.MID,
    count: int = 5,
    description: str = "",
    title: str = "Backend engineer",
) -> Wanted:
    return Wanted(kind, level, count, title, description)


def test_the_bank_has_at_least_sixty_questions_over_all_kinds_and_levels() -> None:
    questions = bank.questions()
    assert len(questions) >= 60
    assert (
        len({question.id for question in questions})
        == len({question.text for question in questions})
        == len(questions)
    )
    assert {question.kind for question in questions} == set(Kind)
    assert {level for question in questions for level in question.levels} == set(Level)
    assert {question.competency for question in questions} <= set(vocabulary.competencies())
    assert all(
        question.points for question in questions if question.kind in (Kind.TECHNICAL, Kind.SYSTEM_DESIGN)
    )


@everything
@every_level
@pytest.mark.parametrize("content", [None, CONTENT, ResumeContent()])
def test_no_question_comes_twice_and_every_one_says_why(
    kind: Kind, level: Level, content: ResumeContent | None
) -> None:
    for count in (1, 3, 15):
        chosen = plan.plan(wanted(kind, level, count), content, frozenset(), "seed", bank.questions())
        assert len(chosen) == count
        assert len({planned.question.text for planned in chosen}) == count
        assert all(planned.why.strip() for planned in chosen)


@everything
def test_at_least_one_question_refers_to_the_resume(kind: Kind) -> None:
    for count in (1, 3, 15):
        chosen = plan.plan(wanted(kind, count=count), CONTENT, frozenset(), "seed", bank.questions())
        assert any(planned.source.startswith("resume:") for planned in chosen)
    assert "Cut p95 latency by 40%" in chosen[0].question.text


def test_a_behavioural_interview_asks_no_definitions() -> None:
    chosen = plan.plan(wanted(Kind.BEHAVIOURAL, count=15), CONTENT, frozenset(), "seed", bank.questions())
    assert {planned.question.kind for planned in chosen} == {Kind.BEHAVIOURAL}


def test_a_mixed_interview_asks_more_than_one_kind() -> None:
    chosen = plan.plan(wanted(Kind.MIXED, count=6), None, frozenset(), "seed", bank.questions())
    assert len({planned.question.kind for planned in chosen}) >= 3


def test_what_the_job_asks_for_comes_up_and_the_reason_names_it() -> None:
    job = "You run our Kubernetes clusters and write Go."
    chosen = plan.plan(
        wanted(Kind.TECHNICAL, count=5, description=job), CONTENT, frozenset(), "seed", bank.questions()
    )
    reasons = " ".join(planned.why for planned in chosen)
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
    plans = [
        plan.plan(wanted(count=5), None, frozenset(), seed, bank.questions())
        for seed in ("one", "one", "two")
    ]
    assert plans[0] == plans[1] != plans[2]


def test_what_was_asked_before_comes_last() -> None:
    first = plan.plan(wanted(count=5), CONTENT, frozenset(), "seed", bank.questions())
    again = plan.plan(
        wanted(count=5), CONTENT, frozenset(planned.source for planned in first), "seed", bank.questions()
    )
    assert not {planned.source for planned in first} & {planned.source for planned in again}


@everything
@pytest.mark.parametrize("content", [None, CONTENT])
def test_nothing_is_asked_twice_over_many_interviews_while_the_bank_has_something_new(
    kind: Kind, content: ResumeContent | None
) -> None:
    wishes = wanted(kind, description="You will write GraphQL and Terraform for our Kubernetes clusters.")
    asked = frozenset[str]()
    bank_size = len(bank.fitting(bank.questions(), kind, Level.MID, frozenset({trades.SOFTWARE})))
    while sum(source.startswith("bank:") for source in asked) + wishes.count <= bank_size:
        sources = {
            planned.source for planned in plan.plan(wishes, content, asked, str(len(asked)), bank.questions())
        }
        assert not sources & asked
        asked |= sources


def test_what_a_resume_says_twice_is_asked_once() -> None:
    claim = "Cut p95 latency by 40% by moving search to Postgres"
    twice = ResumeContent(
        work=(Work(name="Acme", highlights=(claim, f"{claim.lower()}.")),),
        skills=(Skill(name="Languages", keywords=("Python",)), Skill(name="Tools", keywords=("python",))),
    )
    chosen = plan.plan(wanted(count=15), twice, frozenset(), "seed", bank.questions())
    assert sum(planned.source.startswith("resume:") for planned in chosen) == 2


def test_nobody_is_asked_to_design_a_team_anew() -> None:
    chosen = plan.plan(wanted(Kind.SYSTEM_DESIGN, count=15), CONTENT, frozenset(), "seed", bank.questions())
    assert not any("Led a team" in planned.question.text for planned in chosen)


def test_a_long_claim_is_cut_and_what_has_no_name_is_not_invented() -> None:
    content = ResumeContent(work=(Work(highlights=("word " * 100,)),))
    (question,) = plan.plan(wanted(count=1), content, frozenset(), "seed", bank.questions())
    assert question.question.text.startswith("About your work you wrote: “word word")
    assert len(question.question.text) < 350
