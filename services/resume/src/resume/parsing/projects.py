"""Projects: name, address, dates, what they are."""

import re

from resume.parsing import entries, experience
from resume.parsing.provenance import LIKELY, SURE, SourcedTree, joined, part
from resume.text import dates, lexicon
from resume.text.lines import Line

BRACKETED = re.compile(r"\([^()\t]{0,30}\t[^()\t]{0,30}\)")


def features(line: Line) -> frozenset[str]:
    """Return `name` for a line that says what it names: `Queuelight | github.com/...`, `Queuelight: a queue`."""
    parted = len(lexicon.pieces(line.text)) > 1 or ": " in line.text or dates.find(line.text, single=False)
    return frozenset({"name"}) if parted and not line.bullet else frozenset()


def _head(line: Line, tree: dict[str, SourcedTree]) -> None:
    text = line.text
    if "endDate" not in tree and (date_range := dates.find(text)):
        tree |= experience.when(line, date_range)
        text = dates.without(text, date_range)
    if "url" not in tree and (url := lexicon.URL.search(text)):
        tree["url"] = part(line, url[0].rstrip(".,:;"), SURE)
        text = BRACKETED.sub("\t", text.replace(url[0], "\t", 1))
    name, _, description = text.partition(": ")
    for piece in [*lexicon.pieces(name), *lexicon.pieces(description)]:
        key = "name" if "name" not in tree else "description"
        if key not in tree and piece:
            tree[key] = part(line, piece, LIKELY)


def _entry(entry: entries.Entry) -> dict[str, SourcedTree]:
    tree: dict[str, SourcedTree] = {}
    for line in entry.head:
        _head(line, tree)
    bullets = [item for item in entry.body if item[0].bullet]
    prose = [line for item in entry.body if not item[0].bullet for line in item]
    if prose and "description" not in tree:
        tree["description"] = joined(prose, LIKELY)
    elif prose:
        bullets.insert(0, prose)
    tree["highlights"] = [joined(item, SURE) for item in bullets]
    return tree


def _listed(item: list[Line]) -> dict[str, SourcedTree]:
    """Return a project that is one item of a list."""
    tree: dict[str, SourcedTree] = {}
    _head(item[0], tree)
    if len(item) > 1:
        tree["highlights"] = [joined(item[1:], LIKELY)]
    return tree


def read(lines: list[Line]) -> list[SourcedTree]:
    """Return the projects of a section; where every line is an item of a list, each is a project."""
    trees: list[dict[str, SourcedTree]] = []
    for entry in entries.group(lines, features):
        trees += [_entry(entry)] if entry.head else [_listed(item) for item in entry.body]
    return [tree for tree in trees if "name" in tree]
