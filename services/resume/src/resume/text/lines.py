"""The text of a résumé as numbered lines: what every reader makes and every rule works on."""

import re
from dataclasses import dataclass

from resume.text.lexicon import ICONS

MAX_LINE_LENGTH = 2_000
BULLETS = "•◦▪▫■□●○◆◇►▸▶‣⁃∙·➤➢➔→✓✔❖❯»–—-*"
BULLET = re.compile(rf"^\s*(?:[{re.escape(BULLETS)}]|\uf0b7|\uf0a7|o(?=\s{{2,}}))\s+(?=\S)")
NUMBER = re.compile(rf"^\s*(?:\d{{1,2}}[.)]|[{ICONS}]\ufe0f?)\s+(?=[^\W\d])")
COLUMNS = re.compile(r"\t| {3,}")
INVISIBLE = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u00ad\U000e0000-\U000e007f\x00-\x08\x0b-\x1f\x7f]"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text. `number` counts from 1 through the document, `page` from 1.

    `left` is where it begins, in points or characters, where the format knows; `bullet` is set for an item of a
    list (its mark is not part of the text), `heading` where the document itself calls it a heading.
    """

    number: int
    page: int
    text: str
    left: float | None = None
    bullet: bool = False
    heading: bool = False


def tidy(text: str) -> str:
    """Return the text without invisible characters, its blanks made plain; a tab stays, for it parts columns.

    Of more than 2,000 visible characters the rest is left out, and no more than four times as many are looked at.
    """
    start = text[: 4 * MAX_LINE_LENGTH].replace("\xa0", " ").replace("\u2009", " ").replace("\u202f", " ")
    visible = INVISIBLE.sub("", start)
    columns = COLUMNS.split(visible[:MAX_LINE_LENGTH].strip())
    return "\t".join(" ".join(column.split()) for column in columns if column.strip())


def without_bullet(text: str) -> tuple[str, bool]:
    """Return the text without a leading list mark, and whether there was one."""
    mark = BULLET.match(text)
    return (text[mark.end() :], True) if mark else (text, False)


def without_number(text: str) -> tuple[str, bool]:
    """Return the text without the number or icon in front of a list's item or a heading, and whether there was one."""
    mark = NUMBER.match(text)
    return (text[mark.end() :], True) if mark else (text, False)
