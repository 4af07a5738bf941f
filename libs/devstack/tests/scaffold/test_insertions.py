from pathlib import Path

import pytest

from devstack.scaffold import insertions
from devstack.scaffold.errors import NotWhereExpected
from devstack.scaffold.insertions import Insertion

TEXT = "[ports]\nauth\n\n[names]\nauth\nend\n"
PORT = Insertion("list.txt", "[ports]", "\n[names]", "pay\n")
NAME = Insertion("list.txt", "[names]", "end", "pay\n")
TAIL = Insertion("list.txt", "", "", "last\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "list.txt").write_text(TEXT)
    return tmp_path


def test_texts_come_last_in_their_places_and_out_again(folder: Path) -> None:
    added = insertions.with_all(folder, [PORT, NAME, TAIL])
    assert added == {"list.txt": "[ports]\nauth\npay\n\n[names]\nauth\npay\nend\nlast\n"}
    assert (folder / "list.txt").read_text() == TEXT, "nothing is written"
    (folder / "list.txt").write_text(added["list.txt"])
    assert insertions.without_any(folder, [PORT, NAME, TAIL]) == {"list.txt": TEXT}


def test_one_of_two_services_is_taken_out_whichever_came_first() -> None:
    second = Insertion("list.txt", "[names]", "end", "mail\n")
    both = second.added(NAME.added(TEXT))
    assert NAME.removed(both) == second.added(TEXT)
    assert second.removed(both) == NAME.added(TEXT)


@pytest.mark.parametrize("content", ["", "[names]\n", "end\n[names]\n", "[names]\n[names]\nend\n"])
def test_a_place_that_is_not_there_just_once_is_named(content: str) -> None:
    with pytest.raises(NotWhereExpected, match=r"list\.txt has '(\[names\]|end)' not just once"):
        NAME.added(content)


def test_what_is_there_already_is_not_added_again() -> None:
    with pytest.raises(NotWhereExpected, match=r"list\.txt has 'pay' already"):
        NAME.added(NAME.added(TEXT))


@pytest.mark.parametrize("content", [TEXT, "[names]\npay\npay\nend\n", "pay\n[names]\nend\npay\n"])
def test_what_was_changed_is_not_taken_out(content: str) -> None:
    with pytest.raises(NotWhereExpected, match=r"list\.txt was changed at 'pay': take it out by hand"):
        NAME.removed(content)
