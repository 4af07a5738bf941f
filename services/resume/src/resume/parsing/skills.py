"""Skills: named groups with their members, or one group under the section's heading."""

import re
from itertools import zip_longest

from resume.parsing.provenance import GUESS, LIKELY, SURE, SourcedTree, Span, part
from resume.parsing.sections import Section
from resume.text import lexicon
from resume.text.lines import Line

MAX_SKILL_LENGTH = 60
MAX_GROUP_NAME_LENGTH = 40
LABEL = re.compile(rf"^([^:,;|•\t]{{2,{MAX_GROUP_NAME_LENGTH}}})(?::|\t|\s[–—-]\s)\s*(.+)$")


def _members(line: Line, text: str) -> list[Span]:
    return [part(line, item, SURE) for item in lexicon.items(text) if len(item) <= MAX_SKILL_LENGTH]


def _is_label(line: Line, following: Line | None) -> bool:
    """Tell a line that names the group below it: short, no list itself, followed by a list."""
    if (
        line.bullet
        or following is None
        or len(line.text) > MAX_GROUP_NAME_LENGTH
        or len(lexicon.items(line.text)) > 1
    ):
        return False
    return following.bullet or len(lexicon.items(following.text)) > 1


def _is_named(line: Line, named_by_tabs: bool) -> re.Match[str] | None:
    """Return the parts of `Languages: Go, Rust`; cells of a table name a group only where lists stand behind them."""
    label = LABEL.match(line.text)
    if label is None or (":" not in line.text and "\t" not in line.text and label[1].islower()):
        return None
    return label if ":" in label[0] or "\t" not in line.text or named_by_tabs else None


def _group(name: Span, members: list[Span]) -> dict[str, SourcedTree]:
    return {"name": name, "keywords": list(members)}


def read(section: Section) -> list[SourcedTree]:
    """Return the groups of a section; skills without a group of their own are named by the section's heading."""
    groups: list[tuple[Span, list[Span]]] = []
    loose: list[Span] = []
    open_group: list[Span] | None = None
    lines = [line for line in section.lines if not lexicon.names_columns(line.text)]
    cells = [line.text.split("\t") for line in lines if "\t" in line.text]
    named_by_tabs = any(len(cell) == 2 and len(lexicon.items(cell[1])) > 1 for cell in cells)
    for line, following in zip_longest(lines, lines[1:]):
        if label := _is_named(line, named_by_tabs):
            groups.append((part(line, label[1], SURE), _members(line, label[2])))
            open_group = groups[-1][1]
        elif line.text.endswith(":") and len(line.text) <= MAX_GROUP_NAME_LENGTH:
            groups.append((part(line, line.text[:-1], SURE), []))
            open_group = groups[-1][1]
        elif _is_label(line, following):
            groups.append((part(line, line.text, LIKELY), []))
            open_group = groups[-1][1]
        else:
            (loose if open_group is None else open_group).extend(_members(line, line.text))
    if loose and section.heading is not None:
        groups.insert(0, (part(section.heading, section.heading.text, GUESS), loose))
    return [_group(name, members) for name, members in groups if members]
