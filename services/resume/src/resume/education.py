"""Courses of study: school, degree, field and dates."""

import re

from resume import dates, entries, experience, words
from resume.lines import Line
from resume.spans import LIKELY, SURE, Span, Tree, joined, part

FIELD = re.compile(r"^\s*(?:degree\s)?(?:in|of)\s+|^\s*[,:–—-]\s*", re.IGNORECASE)
SCORE = re.compile(r"\b(?:gpa|grade|cgpa)\b\s*:?\s*(\d[\d.,]*(?:\s?/\s?\d[\d.,]*)?)", re.IGNORECASE)


def features(line: Line) -> frozenset[str]:
    """Return which of `date`, `school`, `degree` and `score` a line brings."""
    if line.bullet:
        return frozenset()
    found = set()
    if dates.find(line.text):
        found.add("date")
    if words.SCHOOL.search(line.text):
        found.add("school")
    if words.DEGREE.search(line.text):
        found.add("degree")
    if SCORE.search(line.text):
        found.add("score")
    return frozenset(found)


def _degree(line: Line, text: str) -> dict[str, Tree]:
    """Part `B.Sc. in Computer Science` into the degree and its field."""
    found = words.DEGREE.search(text)
    if found is None:
        return {}
    tree: dict[str, Tree] = {"studyType": part(line, found[0], SURE)}
    after = FIELD.sub("", text[found.end() :], count=1).strip(" ,.;()")
    if after:
        tree["area"] = part(line, after, LIKELY)
    elif before := text[: found.start()].strip(" ,.;()"):
        tree["area"] = part(line, before, LIKELY)
    return tree


def _split(text: str) -> list[str]:
    """Part a piece at commas, where one side is the school and the other is not."""
    if not words.SCHOOL.search(text) or not words.DEGREE.search(text):
        return [text]
    parts = text.split(", ")
    school = next((index for index, each in enumerate(parts) if words.SCHOOL.search(each)), 0)
    chosen = [", ".join(parts[:school]), parts[school], ", ".join(parts[school + 1 :])]
    return [each for each in chosen if each]


def _institution(line: Line, text: str) -> dict[str, Tree]:
    cut = text.find(", ")
    while cut > 0:
        if words.is_place(text[cut + 2 :]):
            return {
                "institution": part(line, text[:cut], SURE),
                "location": part(line, text[cut + 2 :], LIKELY),
            }
        cut = text.find(", ", cut + 1)
    return {"institution": part(line, text, SURE)}


def _piece(line: Line, text: str, tree: dict[str, Tree], rest: list[Span]) -> None:
    if words.SCHOOL.search(text) and "institution" not in tree:
        tree |= _institution(line, text)
    elif words.DEGREE.search(text) and "studyType" not in tree:
        tree |= {key: value for key, value in _degree(line, text).items() if key not in tree}
    elif (score := SCORE.search(text)) and "score" not in tree:
        tree["score"] = part(line, score[1], SURE)
    elif words.is_place(text) and "location" not in tree:
        tree["location"] = part(line, text, LIKELY)
    else:
        rest.append(part(line, text, LIKELY))


def _entry(entry: entries.Entry) -> dict[str, Tree]:
    tree: dict[str, Tree] = {}
    rest: list[Span] = []
    lines = entry.head or [item[0] for item in entry.body]
    told = entry.body if entry.head else []
    for line in lines:
        text = line.text
        if not {"startDate", "endDate"} & tree.keys() and (found := dates.find(text)):
            tree |= experience.when(line, found)
            text = dates.without(text, found)
        for piece in words.pieces(text):
            for each in _split(piece):
                _piece(line, each, tree, rest)
    for key in ("institution", "area"):
        if key not in tree and rest and ("studyType" in tree or key == "institution"):
            tree[key] = rest.pop(0)
    if extras := [*rest, *(joined(item, LIKELY) for item in told)]:
        tree["courses"] = list(extras)
    return tree


def read(lines: list[Line]) -> list[Tree]:
    """Return the courses of study of a section, in the order they stand in."""
    plain = [line for line in lines if not line.bullet]
    if not plain:
        return [_entry(entries.Entry(head=[line])) for line in lines]
    return [_entry(entry) for entry in entries.group(lines, features)]
