"""How much of a résumé is kept and asked from: the beginning of each part, so that none is endless to ask from."""

from typing import TypeVar

from pydantic import BaseModel

from common.contracts.resume import ResumeContent

LONGEST_TEXT = 500
LONGEST_LIST = 40
LEAST_COST = 40  # of a text, in letters, so that many short ones are bounded as well
LETTERS = {"work": 16_000, "projects": 6_000, "skills": 6_000}
LETTERS_OF_OTHERS = 2_000

M = TypeVar("M", bound=BaseModel)


def of(content: ResumeContent) -> ResumeContent:
    """Return what is kept of a résumé: all of a usual one, the beginning of an endless one.

    A text is cut after 500 letters and a list after 40 entries, and a whole part ends where its letters are used up
    (16,000 for the positions held, 6,000 each for projects and skills, 2,000 for any other).
    """
    parts = {
        name: _cut(getattr(content, name), _Room(LETTERS.get(name, LETTERS_OF_OTHERS)))
        for name in ResumeContent.model_fields
    }
    return content.model_copy(update=parts)


class _Room:
    """How many more letters of one part are kept."""

    def __init__(self, letters: int) -> None:
        self._letters = letters

    @property
    def is_left(self) -> bool:
        return self._letters > 0

    def take(self, text: str) -> str:
        kept = text[: max(0, min(LONGEST_TEXT, self._letters))]
        self._letters -= max(len(kept), LEAST_COST) if kept else 0
        return kept


def _cut(value: object, room: _Room) -> object:
    if isinstance(value, str):
        return room.take(value)
    if isinstance(value, tuple):
        return tuple(_cut(entry, room) for entry in value[:LONGEST_LIST] if room.is_left)
    if isinstance(value, BaseModel):
        return _fields(value, room)
    return value


def _fields(entry: M, room: _Room) -> M:
    names = type(entry).model_fields
    return entry.model_copy(update={name: _cut(getattr(entry, name), room) for name in names})
