import pytest

from interview.coaching import reading, relevance
from interview.coaching.relevance import Relevance
from interview.questions import bank
from interview.questions.question import Level

pytestmark = pytest.mark.slow

TULIPS = (
    "Tulips should be planted in autumn, and the bulbs want a dry and sunny soil to bloom well in spring."
)
DEADLINE = (
    "The release was due on Friday and I saw on Tuesday that we would not make it, so I cut two features."
)
INDEX = (
    "An index lets the database find the rows without reading the whole table, but each write gets slower."
)


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("prioritisation-deadline", DEADLINE, Relevance.ABOUT_IT),
        ("prioritisation-deadline", TULIPS, Relevance.ABOUT_SOMETHING_ELSE),
        ("db-index", INDEX, Relevance.ABOUT_IT),
        ("db-index", TULIPS, Relevance.ABOUT_SOMETHING_ELSE),
        ("db-index", DEADLINE, Relevance.ABOUT_SOMETHING_ELSE),
        ("db-index", "", Relevance.ABOUT_SOMETHING_ELSE),
    ],
)
def test_an_answer_is_compared_with_what_was_asked(question: str, answer: str, expected: Relevance) -> None:
    assert relevance.of(reading.read(bank.by_id()[question].at(Level.MID), answer))[0] is expected


@pytest.mark.parametrize("further", [TULIPS, DEADLINE, "It takes space as well."])
def test_no_further_sentence_takes_relevance_away(further: str) -> None:
    assert (
        relevance.of(reading.read(bank.by_id()["db-index"].at(Level.MID), f"{INDEX} {further}"))[0]
        is Relevance.ABOUT_IT
    )
