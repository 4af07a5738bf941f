import pytest

from interview.text import figures


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("we cut errors by 40%", True),
        ("it took three weeks", True),
        ("it cost $1,200", True),
        ("it was in 2021", False),
        ("we used python 3.11", False),
        ("in q3 we shipped", False),
        ("the b2b team", False),
        ("no figure here", False),
    ],
)
def test_a_figure_is_a_number_that_is_not_a_date_or_a_version(text: str, has: bool) -> None:
    assert figures.has_figure(text) is has
