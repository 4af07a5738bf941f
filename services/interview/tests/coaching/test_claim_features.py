import pytest

from interview.coaching import reading
from interview.questions.question import Guidance, Kind, Level, Question

pytestmark = pytest.mark.slow

SAME_POLARITY = 2


@pytest.mark.parametrize(
    ("sample", "least", "most"),
    [
        ("I put an index on a small table.", 0.0, 0.0),
        ("I wouldn't put an index on a small table.", 0.8, 1.0),
    ],
)
def test_a_sentence_that_denies_is_compared_with_samples_that_deny(
    sample: str, least: float, most: float
) -> None:
    question = Question(
        text="What does an index do?",
        kind=Kind.TECHNICAL,
        level=Level.MID,
        competency="databases",
        guidance=Guidance(main="It says where one is wanted.", main_samples=(sample,)),
    )
    answered = reading.read(question, "I would never put an index on a small table.")
    assert least <= answered.claim_features["main"][0, SAME_POLARITY] <= most
