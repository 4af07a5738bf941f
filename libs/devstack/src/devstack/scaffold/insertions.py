"""Text put into files that name every service, at places known by what stands there, and taken out again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devstack.scaffold.errors import NotWhereExpected


@dataclass(frozen=True)
class Insertion:
    """A text that stands, in a file, between a marker (or the file's start) and the first `before` (or its end).

    New text comes last there, so that services stand in the order in which they were made.
    """

    path: str
    marker: str
    before: str
    text: str

    def added(self, content: str) -> str:
        """Return the content with the text. Raises NotWhereExpected where its place is not to be found."""
        start, end = self._place(content)
        if self.text in content[start:end]:
            raise NotWhereExpected(f"{self.path} has {self._first_line()!r} already")
        return content[:end] + self.text + content[end:]

    def removed(self, content: str) -> str:
        """Return the content without the text. Raises NotWhereExpected where it is not there exactly once."""
        start, end = self._place(content)
        if content.count(self.text, start, end) != 1:
            raise NotWhereExpected(f"{self.path} was changed at {self._first_line()!r}: take it out by hand")
        return content[:start] + content[start:end].replace(self.text, "") + content[end:]

    def _place(self, content: str) -> tuple[int, int]:
        start = content.find(self.marker)
        end = content.find(self.before, start + len(self.marker)) if self.before else len(content)
        if start < 0 or end < 0 or (self.marker and content.count(self.marker) != 1):
            missing = self.before if end < 0 <= start else self.marker
            raise NotWhereExpected(
                f"{self.path} has {missing.strip()!r} not just once: the scaffold has to learn it"
            )
        return start, end

    def _first_line(self) -> str:
        return next(line for line in self.text.splitlines() if line.strip("-\\,")).strip()


def with_all(root: Path, insertions: Sequence[Insertion]) -> dict[str, str]:
    """Return what the files are with every text in its place; nothing is written."""
    contents = _contents(root, insertions)
    for insertion in insertions:
        contents[insertion.path] = insertion.added(contents[insertion.path])
    return contents


def without_any(root: Path, insertions: Sequence[Insertion]) -> dict[str, str]:
    """Return what the files are without any of the texts; nothing is written."""
    contents = _contents(root, insertions)
    for insertion in insertions:
        contents[insertion.path] = insertion.removed(contents[insertion.path])
    return contents


def _contents(root: Path, insertions: Sequence[Insertion]) -> dict[str, str]:
    return {path: (root / path).read_text(encoding="utf-8") for path in {part.path for part in insertions}}
