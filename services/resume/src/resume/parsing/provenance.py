"""Values that know where they come from: rules find spans, a tree of spans becomes a profile and its provenance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from resume.text.lines import Line

SURE, LIKELY, GUESS = 0.95, 0.8, 0.5
LONGEST_TEXT = 5_000


@dataclass(frozen=True, slots=True)
class Span:
    """A value, the text it was read from, the numbers of the lines that hold it, and how sure the rule is (0 to 1).

    Value and text differ only where the value is a date: `Mar 2021` is read as `2021-03`. `cut` is set where the
    text goes on in lines that are not part of the span, for it would be too long.
    """

    value: str
    text: str
    lines: tuple[int, ...]
    confidence: float
    cut: bool = False


SourcedTree: TypeAlias = "Span | bool | list[SourcedTree] | dict[str, SourcedTree]"
Plain: TypeAlias = "str | bool | list[Plain] | dict[str, Plain]"
Provenance: TypeAlias = dict[str, Span]


def part(line: Line, text: str, confidence: float, value: str | None = None) -> Span:
    """Return a span of a part of one line."""
    plain = text.replace("\t", " ").strip()
    return Span(plain if value is None else value, plain, (line.number,), confidence)


def joined(lines: Sequence[Line], confidence: float) -> Span:
    """Return a span of several whole lines as one text; lines beyond 5,000 characters are left out of it."""
    count = 0
    taken: list[Line] = []
    for line in lines:
        if count > LONGEST_TEXT:
            break
        taken.append(line)
        count += len(line.text) + 1
    text = " ".join(line.text.replace("\t", " ") for line in taken)[:LONGEST_TEXT].rstrip()
    return Span(text, text, tuple(line.number for line in taken), confidence, count > LONGEST_TEXT)


def split_values_and_sources(tree: SourcedTree, pointer: str = "") -> tuple[Plain, Provenance]:
    """Return the tree with plain values, and by JSON pointer where each of them comes from."""
    if isinstance(tree, Span):
        return tree.value, {pointer: tree}
    if isinstance(tree, bool):
        return tree, {}
    branches = enumerate(tree) if isinstance(tree, list) else tree.items()
    plain: dict[str, Plain] = {}
    provenance: Provenance = {}
    for key, branch in branches:
        plain[str(key)], sources = split_values_and_sources(branch, f"{pointer}/{key}")
        provenance |= sources
    return (list(plain.values()) if isinstance(tree, list) else plain), provenance
