"""From lines to a profile: each section goes to the rules for it, and what no rule took is kept."""

import re
from collections import defaultdict
from dataclasses import dataclass

from resume.parsing import bounds, contact, credentials, education, experience, projects, skills
from resume.parsing.provenance import (
    GUESS,
    Provenance,
    SourcedTree,
    Span,
    joined,
    part,
    split_values_and_sources,
)
from resume.parsing.sections import Section, split
from resume.profile import Profile
from resume.text.headings import SectionKind
from resume.text.lines import Line

WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Parsed:
    """A profile, and by JSON pointer where each of its values comes from.

    `unassigned` counts the lines that no rule took; `warnings` say what the profile had no room for.
    """

    profile: Profile
    provenance: Provenance
    unassigned: int = 0
    warnings: tuple[str, ...] = ()


def _lines_of(sections: list[Section], *kinds: SectionKind) -> list[Line]:
    return [line for section in sections if section.kind in kinds for line in section.lines]


def _basics(sections: list[Section], lines: list[Line]) -> dict[str, SourcedTree]:
    basics, unread = contact.read(_lines_of(sections, SectionKind.HEADER, SectionKind.CONTACT))
    if "email" not in basics:
        basics |= contact.anywhere(lines)
    summary_lines = _lines_of(sections, SectionKind.SUMMARY)
    summary = contact.summary(summary_lines or unread, under_heading=bool(summary_lines))
    if summary is not None:
        basics["summary"] = summary
    return basics


def _tree(lines: list[Line]) -> tuple[dict[str, SourcedTree], list[Section]]:
    sections = split(lines)
    tree: dict[str, SourcedTree] = {
        "basics": _basics(sections, lines),
        "work": [
            job
            for section in sections
            if section.kind is SectionKind.WORK
            for job in experience.read(section.lines)
        ],
        "education": [
            course
            for section in sections
            if section.kind is SectionKind.EDUCATION
            for course in education.read(section.lines)
        ],
        "skills": [
            group
            for section in sections
            if section.kind is SectionKind.SKILLS
            for group in skills.read(section)
        ],
        "projects": [
            project
            for section in sections
            if section.kind is SectionKind.PROJECTS
            for project in projects.read(section.lines)
        ],
        "certificates": credentials.certificates(_lines_of(sections, SectionKind.CERTIFICATES)),
        "languages": credentials.languages(_lines_of(sections, SectionKind.LANGUAGES)),
    }
    return tree, sections


def _taken(sections: list[Section], provenance: Provenance) -> set[int]:
    """Return the numbers of the lines of which the values found hold at least half of the words.

    The words of a value are gathered once, however many lines it has and however many entries share it.
    """
    words_by_line: defaultdict[int, list[set[str]]] = defaultdict(list)
    for span in set(provenance.values()):
        words = set(WORD.findall(span.text))
        for number in span.lines:
            words_by_line[number].append(words)
    taken = set()
    for line in (line for section in sections for line in section.lines):
        if line.number in words_by_line:
            words_of_line = WORD.findall(line.text)
            different = set(words_of_line)
            known = set[str]().union(*(words & different for words in words_by_line[line.number]))
            if 2 * sum(word in known for word in words_of_line) >= len(words_of_line):
                taken.add(line.number)
    return taken


def _leftovers(sections: list[Section], taken: set[int]) -> list[SourcedTree]:
    """Return the lines no rule took, under their headings, so that nothing is lost."""
    trees: list[SourcedTree] = []
    for section in sections:
        left = [line for line in section.lines if line.number not in taken]
        if left:
            heading = section.heading
            name = part(heading, heading.text, GUESS) if heading else Span("", "", (), GUESS)
            trees.append({"name": name, "lines": [joined([line], GUESS) for line in left]})
    return trees


def parse(lines: list[Line]) -> Parsed:
    """Return the profile that the rules find in a résumé's lines. The same lines always give the same profile.

    What the profile has no room for is told by its warnings, and counts as a line that no rule took.
    """
    tree, sections = _tree(lines)
    allowance = bounds.Allowance()
    tree = allowance.keep(tree)
    _, sources = split_values_and_sources(tree)
    taken = _taken(sections, sources)
    unassigned = sum(line.number not in taken for section in sections for line in section.lines)
    tree |= allowance.keep({"other": _leftovers(sections, taken)})
    plain, provenance = split_values_and_sources(tree)
    kept = {at: span for at, span in provenance.items() if span.lines}
    return Parsed(Profile.model_validate(plain), kept, unassigned, tuple(allowance.warnings))
