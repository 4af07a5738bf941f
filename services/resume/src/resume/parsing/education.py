"""Courses of study: school, degree, field and dates."""

import re
from dataclasses import replace

from resume.parsing import entries, experience
from resume.parsing.provenance import LIKELY, SURE, SourcedTree, Span, joined, part
from resume.text import dates, lexicon
from resume.text.lines import Line

FIELD = re.compile(r"^\s*(?:degree\s)?(?:in|of)\s+|^\s*[,:–—-]\s*", re.IGNORECASE)
SCORE = re.compile(r"\b(?:gpa|grade|cgpa)\b\s*:?\s*(\d[\d.,]*(?:\s?/\s?\d[\d.,]*)?)", re.IGNORECASE)

BEFORE_SCORE = re.compile(r"[\s,;(|·–—-]+$")


def features(line: Line) -> frozenset[str]:
    """Return which of `date`, `school`, `degree` and `score` a line brings."""
    if line.bullet:
        return frozenset()
    names = set()
    if dates.find(line.text):
        names.add("date")
    if lexicon.SCHOOL.search(lexicon.DEGREE.sub(" ", line.text)):
        names.add("school")
    if lexicon.DEGREE.search(line.text):
        names.add("degree")
    if SCORE.search(line.text):
        names.add("score")
    return frozenset(names)


def _degree(line: Line, text: str) -> dict[str, SourcedTree]:
    """Part `B.Sc. in Computer Science` into the degree and its field."""
    match = lexicon.DEGREE.search(text)
    if match is None:
        return {}
    tree: dict[str, SourcedTree] = {"studyType": part(line, match[0], SURE)}
    after = FIELD.sub("", text[match.end() :], count=1).strip(" ,.;()")
    if after:
        tree["area"] = part(line, after, LIKELY)
    elif before := text[: match.start()].strip(" ,.;()"):
        tree["area"] = part(line, before, LIKELY)
    return tree


def _split(text: str) -> list[str]:
    """Part a piece at commas, where one side is the school and the other is not."""
    if not lexicon.SCHOOL.search(text) or not lexicon.DEGREE.search(text):
        return [text]
    parts = text.split(", ")
    school = next((index for index, text in enumerate(parts) if lexicon.SCHOOL.search(text)), 0)
    chosen = [", ".join(parts[:school]), parts[school], ", ".join(parts[school + 1 :])]
    return [text for text in chosen if text]


def _institution(line: Line, text: str) -> dict[str, SourcedTree]:
    cut = text.find(", ")
    while cut > 0:
        if lexicon.is_place(text[cut + 2 :]):
            return {
                "institution": part(line, text[:cut], SURE),
                "location": part(line, text[cut + 2 :], LIKELY),
            }
        cut = text.find(", ", cut + 1)
    return {"institution": part(line, text, SURE)}


def _behind_a_degree(text: str) -> str:
    """Return the field of `BS, Biology`, which follows a degree that was spelled out before."""
    short = lexicon.DEGREE.match(text)
    return text[short.end() + 2 :] if short and text[short.end() :].startswith(", ") else text


def _piece(line: Line, text: str, tree: dict[str, SourcedTree], rest: list[Span]) -> None:
    if lexicon.SCHOOL.search(lexicon.DEGREE.sub(" ", text)) and "institution" not in tree:
        tree |= _institution(line, text)
    elif lexicon.DEGREE.search(text) and "studyType" not in tree:
        tree |= {key: value for key, value in _degree(line, text).items() if key not in tree}
    elif lexicon.is_place(text) and "location" not in tree:
        tree["location"] = part(line, text, LIKELY)
    else:
        rest.append(part(line, _behind_a_degree(text) if "studyType" in tree else text, LIKELY))


def _school_behind_the_field(tree: dict[str, SourcedTree]) -> None:
    """Part `Management, HEC Paris`, where nothing else names a school."""
    area = tree.get("area")
    if "institution" in tree or not isinstance(area, Span) or ", " not in area.text:
        return
    field, _, school = area.text.partition(", ")
    tree["area"] = replace(area, value=field, text=field)
    tree["institution"] = replace(area, value=school, text=school)


def _entry(entry: entries.Entry) -> dict[str, SourcedTree]:
    tree: dict[str, SourcedTree] = {}
    rest: list[Span] = []
    lines = entry.head or [item[0] for item in entry.body]
    below = entry.body if entry.head else []
    for line in lines:
        text = line.text
        if not {"startDate", "endDate"} & tree.keys() and (date_range := dates.find(text)):
            tree |= experience.when(line, date_range)
            text = dates.without(text, date_range)
        if "score" not in tree and (score := SCORE.search(text)):
            tree["score"] = part(line, score[1], SURE)
            text = BEFORE_SCORE.sub("\t", text[: score.start()]) + text[score.end() :]
        for piece in lexicon.pieces(text):
            for segment in _split(piece):
                _piece(line, segment, tree, rest)
    _school_behind_the_field(tree)
    for key in ("institution", "area"):
        span = next((span for span in rest if not lexicon.HONOURS.search(span.text)), None)
        if key not in tree and span and ("studyType" in tree or key == "institution"):
            tree[key] = span
            rest.remove(span)
    if extras := [*rest, *(joined(item, LIKELY) for item in below)]:
        tree["courses"] = list(extras)
    return tree


def read(lines: list[Line]) -> list[SourcedTree]:
    """Return the courses of study of a section, in the order they stand in."""
    plain = [line for line in lines if not line.bullet]
    if not plain:
        return [_entry(entries.Entry(head=[line])) for line in lines]
    return [_entry(entry) for entry in entries.group(lines, features)]
