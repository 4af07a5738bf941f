"""Certificates, and the languages a person speaks."""

import re

from resume.parsing.entries import continues
from resume.parsing.provenance import LIKELY, SURE, SourcedTree, joined, part
from resume.text import dates, lexicon
from resume.text.lines import Line

SPOKEN = re.compile(r"^([^():–—-]{2,40}?)\s*(?:\(([^()]{1,60})\)|(?::|\s[–—-])\s*(.{1,60}))?$")


def certificates(lines: list[Line]) -> list[SourcedTree]:
    """Return the certificates of a section, one for each item, with their year where it is named."""
    grouped: list[list[Line]] = []
    for line in lines:
        if lexicon.names_columns(line.text):
            continue
        if grouped and continues(line, grouped[-1]):
            grouped[-1].append(line)
        else:
            grouped.append([line])
    return [_certificate(item) for item in grouped]


def _certificate(item: list[Line]) -> SourcedTree:
    if len(item) > 1:
        return {"name": joined(item, LIKELY)}
    line = item[0]
    date_range = dates.find(line.text)
    name = dates.without(line.text, date_range).strip("\t ") if date_range else line.text
    tree: dict[str, SourcedTree] = {"name": part(line, name if "\t" not in name else line.text, SURE)}
    if date_range and date_range.end:
        tree["date"] = part(line, date_range.end_text, SURE, date_range.end)
    return tree


def languages(lines: list[Line]) -> list[SourcedTree]:
    """Return the languages of a section, with how well they are spoken where it is said."""
    trees: list[SourcedTree] = []
    for line in lines:
        if lexicon.names_columns(line.text):
            continue
        pieces = [line.text] if ":" in line.text or line.text.count("\t") == 1 else lexicon.items(line.text)
        for piece in pieces:
            if spoken := SPOKEN.match(piece.replace("\t", ": ") if piece.count("\t") == 1 else piece):
                tree: dict[str, SourcedTree] = {"language": part(line, spoken[1], SURE)}
                if fluency := spoken[2] or spoken[3]:
                    tree["fluency"] = part(line, fluency, SURE)
                trees.append(tree)
    return trees
