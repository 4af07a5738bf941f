from pathlib import Path

import pytest

from devstack.scaffold import names
from devstack.scaffold.errors import NameRefused


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "services" / "auth").mkdir(parents=True)
    (tmp_path / "libs" / "shelf").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("name", ["orchards", "ab", "a" * 20])
def test_a_plain_word_can_be_a_service(checkout: Path, name: str) -> None:
    names.check(name, checkout)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        *(
            (name, "2 to 20 of the letters a to z")
            for name in ("", "a", "a" * 21, "Pay", "pay_ments", "pay-ments")
        ),
        *((name, "2 to 20 of the letters a to z") for name in ("pay2", "päy", "pay ments", "../up", "pay\n")),
        ("class", "Python has it as a keyword"),
        ("match", "Python has it as a keyword"),
        ("auth", "services/auth is there already"),
        ("shelf", "libs/shelf is there already"),
        ("json", "Python's standard library"),
        ("httpx", "an installed package has that name"),
        ("postgres", "Postgres has that name"),
        ("tasks", "the API of tasks has that name"),
    ],
)
def test_a_name_that_would_not_work_is_refused_with_the_reason(
    checkout: Path, name: str, reason: str
) -> None:
    with pytest.raises(NameRefused) as refusal:
        names.check(name, checkout)
    assert f"{name!r}: {reason}" in str(refusal.value)
    assert "\n" not in str(refusal.value)
