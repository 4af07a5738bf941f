import pytest

from common.contracts.resume import ResumeContent, Skill, Work
from interview.questions import bank, trades
from interview.text import vocabulary

TITLES = {
    "Backend engineer": {"software"},
    "Lead front-end developer (m/f/x)": {"software"},
    "DevOps": {"software"},
    "QA Automation Engineer": {"software"},
    "Head of Cyber Security": {"software", "management"},
    "Software Engineer, Warehouse Systems": {"software"},
    "Engineering Manager, Sales Tools": {"software", "management"},
    "Data Engineer": {"data", "software"},
    "Data Analyst, Sales": {"data"},
    "Product Manager, Education": {"product"},
    "Senior Product Owner": {"product"},
    "Senior Product Designer": {"design"},
    "UX researcher": {"design"},
    "Sales Manager": {"sales"},
    "Key Account Manager": {"sales"},
    "Business Developer": {"sales"},
    "Registered Nurse": {"care"},
    "Head of Nursing": {"care", "management"},
    "Care assistant for the elderly": {"care"},
    "Primary School Teacher": {"teaching"},
    "Vocational trainer": {"teaching"},
    "Forklift driver": {"operations"},
    "Warehouse team lead": {"operations", "management"},
    "Director": {"management"},
}


@pytest.mark.parametrize(("title", "told"), list(TITLES.items()))
def test_a_title_tells_the_trades_of_a_job(title: str, told: set[str]) -> None:
    assert trades.of_job(title, "You know patients, residents and Python, Kubernetes and Docker.") == told


@pytest.mark.parametrize(
    "title",
    ["Mechanical Engineer", "Property developer", "Fashion designer", "Marketing Manager", "Bus driver"],
)
def test_a_trade_the_bank_knows_nothing_of_is_taken_for_no_other(title: str) -> None:
    assert trades.of_job(title, "You read dashboards, write SQL and Python and use Figma.") == {trades.OTHER}


@pytest.mark.parametrize(
    ("description", "told"),
    [
        ("You write Python services and run them on Kubernetes.", {"software"}),
        ("You look after residents and give out their medication.", {"care"}),
        ("You plan lessons and teach pupils of ten.", {"teaching"}),
        ("Our backend team leads on data; communication with the product people matters.", set()),
        ("Our Python developers will love you.", set()),
        ("Figma and wireframes, or else quota and prospecting.", set()),
        ("", set()),
    ],
)
def test_where_the_title_tells_nothing_two_words_of_the_description_do(
    description: str, told: set[str]
) -> None:
    assert trades.of_job("Associate", description) == told


@pytest.mark.parametrize(
    "title", ["Backend", "Data Entry Clerk", "Communications Lead", "Product Associate", "Engineer"]
)
def test_a_word_that_is_everywhere_tells_no_trade(title: str) -> None:
    assert trades.of_job(title) == trades.UNKNOWN
    phrases = [
        phrase
        for table in vocabulary.load("trades.toml").values()
        for name in ("titles", "fields", "words")
        for phrase in table[name]
    ]
    assert {"data", "product", "backend", "lead", "communication"}.isdisjoint(phrases)


def test_a_resume_tells_its_trade_by_its_positions_and_else_by_its_skills() -> None:
    nurse = ResumeContent(
        work=(Work(position="Volunteer"), Work(position="Staff Nurse"), Work(position="Web developer")),
        skills=(Skill(name="Languages", keywords=("Python", "Java")),),
    )
    assert trades.of_resume(nurse) == {"care"}
    assert trades.of_resume(nurse.model_copy(update={"work": ()})) == {"software"}
    assert trades.of_resume(ResumeContent()) == trades.UNKNOWN


def test_every_trade_of_the_bank_is_a_known_one() -> None:
    assert {trade for question in bank.questions() for trade in question.trades} <= trades.names()
