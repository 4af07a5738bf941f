"""What a reader hands over: lines of visible text, what was hidden, how many pages, what to know about it."""

import re
from dataclasses import dataclass, field

from resume.text.headings import kind_of
from resume.text.lines import MAX_LINE_LENGTH, Line, tidy, without_bullet, without_number

MAX_PAGES = 15
MAX_CHARACTERS = 200_000
MAX_LINES = 5_000
MAX_HIDDEN = 200
MAX_HIDDEN_LENGTH = 500
PAGE_NUMBER = re.compile(r"^(?:page\s)?\d{1,2}\s?(?:of|/)\s?\d{1,2}$|^page\s\d{1,2}$", re.IGNORECASE)


def address_of(target: str) -> str:
    """Return where a link leads as people write it: no scheme, no question behind an e-mail address."""
    plain = re.sub(r"^(?:mailto|tel):", "", target.strip())
    return plain if plain.startswith("http") else plain.split("?")[0]


class Encrypted(Exception):
    """The file needs a password."""


class Broken(Exception):
    """The file can't be read by any reader we have."""


@dataclass
class DocumentText:
    """The text of one document, filled line by line; past 200,000 characters or 5,000 lines the rest is noted."""

    reader: str
    pages: int = 1
    lines: list[Line] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    characters: int = 0

    @property
    def full(self) -> bool:
        """True once no more text is taken."""
        return self.characters >= MAX_CHARACTERS or len(self.lines) >= MAX_LINES

    def warn(self, warning: str) -> None:
        """Note something the owner should know, once."""
        if warning not in self.warnings:
            self.warnings.append(warning)

    def add(
        self, text: str, page: int, *, left: float | None = None, bullet: bool = False, heading: bool = False
    ) -> None:
        """Add a line; an empty one is left out, a list mark becomes the line's `bullet`."""
        if self.full:
            self.warn_of_the_rest()
            return
        if len(text) > MAX_LINE_LENGTH:
            self.warn(f"Of a line with more than {MAX_LINE_LENGTH:,} characters the rest was left out.")
        clean = tidy(text)
        if PAGE_NUMBER.match(clean):
            return
        unmarked, marked = without_bullet(clean)
        if not marked:
            unmarked, numbered = without_number(unmarked)
            marked = numbered and kind_of(unmarked) is None
        if not unmarked:
            return
        number = len(self.lines) + 1
        self.lines.append(Line(number, page, unmarked, left, bullet or marked, heading))
        self.characters += len(unmarked)

    def warn_of_the_rest(self) -> None:
        """Note that there was more than is read."""
        most = (
            f"{MAX_CHARACTERS:,} characters" if self.characters >= MAX_CHARACTERS else f"{MAX_LINES:,} lines"
        )
        self.warn(f"Only the first {most} were read.")

    def hide(self, text: str) -> None:
        """Keep a piece of text apart that nobody can see in the document."""
        if len(self.hidden) < MAX_HIDDEN and (clean := tidy(text)):
            self.hidden.append(clean[:MAX_HIDDEN_LENGTH])

    def limit_pages(self, pages: int) -> int:
        """Set how many pages there are and return how many of them are read."""
        self.pages = pages
        if pages > MAX_PAGES:
            self.warn(f"Only the first {MAX_PAGES} of {pages} pages were read.")
        return min(pages, MAX_PAGES)
