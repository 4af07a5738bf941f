"""What a reader hands over: lines of visible text, what was hidden, how many pages, what to know about it."""

from dataclasses import dataclass, field

from resume.lines import Line, tidy, without_bullet

MAX_PAGES = 15
MAX_CHARACTERS = 200_000
MAX_HIDDEN = 200


class Encrypted(Exception):
    """The file needs a password."""


class Broken(Exception):
    """The file can't be read by any reader we have."""


@dataclass
class DocumentText:
    """The text of one document, filled line by line; past 200,000 characters the rest is left out and noted."""

    reader: str
    pages: int = 1
    lines: list[Line] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    characters: int = 0

    @property
    def full(self) -> bool:
        """True once no more text is taken."""
        return self.characters >= MAX_CHARACTERS

    def warn(self, warning: str) -> None:
        """Note something the owner should know, once."""
        if warning not in self.warnings:
            self.warnings.append(warning)

    def add(
        self, text: str, page: int, *, left: float | None = None, bullet: bool = False, heading: bool = False
    ) -> None:
        """Add a line; an empty one is left out, a list mark becomes the line's `bullet`."""
        if self.full:
            self.warn(f"Only the first {MAX_CHARACTERS:,} characters were read.")
            return
        unmarked, marked = without_bullet(tidy(text))
        if not unmarked:
            return
        number = len(self.lines) + 1
        self.lines.append(Line(number, page, unmarked, left, bullet or marked, heading))
        self.characters += len(unmarked)

    def hide(self, text: str) -> None:
        """Keep a piece of text apart that nobody can see in the document."""
        clean = tidy(text)
        if clean and len(self.hidden) < MAX_HIDDEN:
            self.hidden.append(clean[:500])

    def limit_pages(self, pages: int) -> int:
        """Set how many pages there are and return how many of them are read."""
        self.pages = pages
        if pages > MAX_PAGES:
            self.warn(f"Only the first {MAX_PAGES} of {pages} pages were read.")
        return min(pages, MAX_PAGES)
