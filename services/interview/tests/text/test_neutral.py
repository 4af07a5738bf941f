import pytest

from interview.text import neutral


@pytest.mark.parametrize(
    ("one_way", "the_other"),
    [
        ("I showed it to Maria and she fixed her query.", "I showed it to Ahmed and he fixed his query."),
        ("Then Mrs. Smith called, um, twice.", "Then Mr. Jones called twice."),
        ("It “worked” — I’m sure.", 'It "worked" — I\'m sure.'),
    ],
)
def test_who_is_named_makes_no_difference(one_way: str, the_other: str) -> None:
    first, second = neutral.neutral(one_way), neutral.neutral(the_other)
    assert first.replace('"', "").replace("“", "").replace("”", "") == second.replace('"', "").replace(
        "”", ""
    )


def test_a_technology_is_no_name() -> None:
    assert "postgres" in neutral.neutral("We moved it to Postgres last year.")


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        ("I wouldn't use an index.", True),
        ("Nobody needs a cache.", True),
        ("I refused the shortcut.", True),
        ("An index finds rows quickly.", False),
        ("I noted it and knew the nothingness of notes.", False),
    ],
)
def test_denying_is_told_from_affirming(text: str, negated: bool) -> None:
    assert neutral.is_negated(text) is negated
