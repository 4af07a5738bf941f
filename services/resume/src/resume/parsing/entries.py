"""Entries of a section: which lines name a job, a course or a project, and which tell about it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from resume.text import lexicon
from resume.text.lines import Line

INDENT = 2.0
LONG_LINE = 90
WRAPPED_FROM = 60
MAX_HEAD_LINES = 5

Features = Callable[[Line], frozenset[str]]


@dataclass
class Entry:
    """The lines that name something, and the items told about it, each of one or more lines."""

    head: list[Line] = field(default_factory=list)
    body: list[list[Line]] = field(default_factory=list)
    features: frozenset[str] = frozenset()
    marked: int = 0

    def take(self, line: Line, line_features: frozenset[str]) -> None:
        """Add a line to the head; `marked` is where the last of its features stands."""
        if line_features:
            self.marked = len(self.head)
            self.features |= line_features
        self.head.append(line)


def continues(line: Line, item: list[Line]) -> bool:
    """Return True where a line goes on with an item that began above it."""
    first, last = item[0], item[-1]
    if line.bullet:
        return False
    if line.left is not None and first.left is not None and line.left > first.left + INDENT:
        return first.bullet or line.text[:1].islower() or not _ends(last)
    if line.text[:1].islower():
        return True
    return (
        line.left is not None and len(last.text) >= WRAPPED_FROM and not _ends(last) and "\t" not in line.text
    )


def _ends(line: Line) -> bool:
    return line.text.rstrip().endswith((".", "!", "?", ":", ";"))


def _is_prose(line: Line) -> bool:
    words = line.text.split()
    return (
        len(line.text) > LONG_LINE or (len(words) > 3 and line.text.endswith(".")) or line.text[:1].islower()
    )


def _is_beneath(line: Line, entry: Entry) -> bool:
    """Return True where a line stands as far in as the items told about an entry."""
    head, item = entry.head[0].left, entry.body[-1][0].left if entry.body else None
    return head is not None and item is not None and line.left == item and item >= head + INDENT


def group(lines: list[Line], features: Features) -> list[Entry]:
    """Return the entries of a section.

    A new one begins at a line that is no item, once the entry before has items, or once it has already what this
    line brings (`features`: a date, a degree, a school).
    """
    entries = [Entry()]
    for line in lines:
        if lexicon.names_columns(line.text):
            continue
        entry = entries[-1]
        line_features = features(line)
        if entry.body and not line_features and continues(line, entry.body[-1]):
            entry.body[-1].append(line)
        elif line.bullet or (
            entry.head and not line_features and (_is_prose(line) or _is_beneath(line, entry))
        ):
            entry.body.append([line])
        else:
            if entry.body:
                entries.append(Entry())
            elif line_features & entry.features or len(entry.head) >= MAX_HEAD_LINES:
                entries.append(Entry(_names_of_the_next(entry)))
            entries[-1].take(line, line_features)
    return [entry for entry in entries if entry.head or entry.body]


def _names_of_the_next(entry: Entry) -> list[Line]:
    """Cut off the lines below the dated one where names stand above their date: they name the next entry."""
    if entry.marked == 0:
        return []
    names = entry.head[entry.marked + 1 :]
    del entry.head[entry.marked + 1 :]
    return names
