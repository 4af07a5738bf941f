"""Puts the characters of a PDF's page together to rows of text."""

import re
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

Box = tuple[float, float, float, float]

COLUMN_GAP = 1.5
SPACED_FROM = 4
WIDER_GAP = 1.6
HYPHEN = "\x02"
UNMAPPED = re.compile(r"(?:(?<=\s)|^)\x00+|\x00+(?=\s|$)")
# pdfium writes \x02 for the hyphen at which a line was broken, and joins the two lines
BROKEN_AT_HYPHEN = re.compile(r"([^\s\x02]{0,64})\x02(?=(\S?))")
COMPOUND = re.compile(
    r"(?:^|[^\w])(?:co|pre|post|non|self|cross|multi|full|half|part|long|short|high|low|well|real|large|small|open|end|"
    r"back|front|first|second|third|one|two|data|test|event|user|customer|cost|time|award|decision|cloud|state|hands|e)$"
    r"|[-./@:_\d]|(?-i:[A-Z])$",
    re.IGNORECASE,
)


def lies_upon(box: Box, ground: Box) -> bool:
    """Return True where the middle of a box lies in another."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return ground[0] <= x <= ground[2] and ground[1] <= y <= ground[3]


@dataclass(frozen=True, slots=True)
class Character:
    """One character as the page shows it: its box (left, bottom, right, top) in points, and whether it is seen."""

    text: str
    box: Box
    hidden: bool

    @property
    def size(self) -> float:
        """Its height in points."""
        return self.box[3] - self.box[1]


@dataclass(slots=True)
class Row:
    """What stands side by side on a page, in points from its lower left corner."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    bullet: bool = False

    @property
    def height(self) -> float:
        """How large its first character is."""
        return self.top - self.bottom

    @property
    def middle(self) -> float:
        """Half way up."""
        return (self.bottom + self.top) / 2

    def holds(self, box: Box) -> bool:
        """Return True where a box lies upon this row."""
        return lies_upon(box, (self.left, self.bottom, self.right, self.top))

    def is_beside(self, other: "Row") -> bool:
        """Return True where this row stands to the right of the other, at its height."""
        return self.bottom < other.middle < self.top and self.left >= other.right


def whole(parts: list[str]) -> str:
    """Return the parts as one text: halves of characters joined, a word broken at a hyphen put together again."""

    def mended(broken: re.Match[str]) -> str:
        before, after = broken.groups()
        keeps = COMPOUND.search(before) or not after.islower()
        return f"{before}-" if keeps else before

    text = "".join(parts).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return UNMAPPED.sub("\t", BROKEN_AT_HYPHEN.sub(mended, text))


def _is_below(character: Character, last: Character) -> bool:
    """Return True where a character stands on another line than the one before, back to the left of it."""
    middle, last_middle = (character.box[1] + character.box[3]) / 2, (last.box[1] + last.box[3]) / 2
    apart = not (last.box[1] < middle < last.box[3] or character.box[1] < last_middle < character.box[3])
    return apart and character.box[0] < last.box[0] - character.size / 2


def _is_letter_spaced(text: str) -> bool:
    pieces = text.split()
    return len(pieces) >= SPACED_FROM and all(len(piece) == 1 for piece in pieces)


def _closed_up(shown: list[Character]) -> str:
    """Return `E M M A  W A T E R S` as `EMMA WATERS`."""
    gaps = [second.box[0] - first.box[2] for first, second in pairwise(shown)]
    wide = WIDER_GAP * max(median(gaps), 0.1)
    spaced = zip(shown[1:], gaps, strict=True)
    return shown[0].text + "".join(
        f" {character.text}" if gap > wide else character.text for character, gap in spaced
    )


class RowBuilder:
    """Takes the characters of a page; a wide gap between two becomes a tab, since it parts columns."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.hidden: list[str] = []
        self._seen: list[str] = []
        self._shown: list[Character] = []
        self._unseen: list[str] = []
        self._last: Character | None = None

    def take(self, character: Character) -> None:
        """Add one character, or end the row."""
        if character.text in ("\r", "\n"):
            self.end()
        elif character.hidden:
            self._unseen.append(character.text)
            self._last = character
        else:
            self._take_visible(character)

    def _take_visible(self, character: Character) -> None:
        if not character.text.isspace():
            if self._last and self._seen[-1:] != [HYPHEN] and _is_below(character, self._last):
                self.end()
            if self._unseen:
                self._hide()
            if self._last and character.box[0] - self._last.box[2] > COLUMN_GAP * max(character.size, 4.0):
                self._seen.append("\t")
            self._shown.append(character)
            self._last = character
        self._seen.append(character.text)
        if self._unseen and character.text.isspace():
            self._unseen.append(character.text)

    def _hide(self) -> None:
        self.hidden.append(whole(self._unseen))
        self._unseen = []

    def end(self) -> None:
        """Finish the row."""
        if self._shown:
            text = whole(self._seen)
            first, boxes = self._shown[0].box, [character.box for character in self._shown]
            if _is_letter_spaced(text):
                text = _closed_up(self._shown)
            self.rows.append(Row(text, first[0], max(box[2] for box in boxes), first[1], first[3]))
        if self._unseen:
            self._hide()
        self._seen, self._shown, self._last = [], [], None
