"""The sections of a résumé, by the headings people give them."""

import re
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from resume.text import headings
from resume.text.headings import HUMAN_LANGUAGES, SectionKind
from resume.text.lines import Line

MAX_LABEL_LENGTH = 30
ABOVE = (SectionKind.HEADER, SectionKind.CONTACT, SectionKind.SUMMARY, SectionKind.OTHER)
URL_OR_ADDRESS = re.compile(r"@|\w\.\w{2,}/|://|www\.")


@dataclass
class Section:
    """A heading and the lines below it; `heading` is None for what stands above the first."""

    kind: SectionKind
    heading: Line | None = None
    lines: list[Line] = field(default_factory=list)


def _is_group_of_skills(line: Line, following: Line | None, section: Section) -> bool:
    """Tell `Languages` above `Python, Go` in a list of skills from the languages a person speaks."""
    spoken = following is not None and HUMAN_LANGUAGES.search(following.text) is not None
    return section.kind is SectionKind.SKILLS and not line.heading and not spoken


def _inline(line: Line) -> Section | None:
    """Return the section of `Skills: Python, Go`, all on one line."""
    name, colon, content = line.text.partition(": ")
    kind = headings.kind_of(name) if colon and not line.bullet else None
    if kind in (None, SectionKind.CONTACT, SectionKind.HEADER) or URL_OR_ADDRESS.search(content):
        return None
    return Section(kind, replace(line, text=name), [replace(line, text=content)])


def split(lines: list[Line]) -> list[Section]:
    """Return the sections in order; the first holds what stands above every heading."""
    sections = [Section(SectionKind.HEADER)]
    inline_end = 1
    for line, following in zip_longest(lines, lines[1:]):
        kind = None if line.bullet else headings.kind_of(line.text)
        if kind is SectionKind.LANGUAGES and _is_group_of_skills(line, following, sections[-1]):
            kind = None
        if kind is None and line.heading and len(sections) > 1:
            kind = SectionKind.OTHER
        if (
            kind is None
            and (inline := _inline(line))
            and (sections[-1].kind in ABOVE or len(sections) == inline_end)
        ):
            sections.append(inline)
            inline_end = len(sections)
            continue
        if kind is None and len(sections) == inline_end > 1 and ": " in line.text[:MAX_LABEL_LENGTH]:
            sections.append(Section(sections[-2].kind, sections[-2].heading))
        if kind is None:
            sections[-1].lines.append(line)
        else:
            sections.append(Section(kind, line))
    return sections
