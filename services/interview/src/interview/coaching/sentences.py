"""An answer as numbered sentences, each a slice of the text as it was typed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_SENTENCES = 300
MAX_LETTERS = 1_000
LONG_WORDS = 45
SHORT_WORDS = 10

END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])\s*|(?<!\s)\s*\n\s*")
ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|mr|mrs|ms|dr|approx|no|st|inc|ltd|u\.s)\.|\b[A-Za-z]\.)$", re.IGNORECASE
)
BREATH = re.compile(r"(?<=[,;:])\s+|(?<!\s)\s+(?=(?:and then|and so|but|then|so|because|after that)\s)")


@dataclass(frozen=True)
class Sentence:
    """One sentence: its number from 1, where it stands in the answer, and its text, cut from there."""

    number: int
    start: int
    end: int
    text: str


def split(answer: str) -> list[Sentence]:
    """Return the answer's sentences in order; what comes after the first 300 is not read.

    Long stretches without a full stop, as people dictate them, are cut where a speaker draws breath, and after 1,000
    letters in any case: what is done with one sentence has a bound, and nothing at the end of one goes unread.
    """
    sentences: list[Sentence] = []
    for start, end in _spans(answer):
        for left, right in _pieces(answer, start, end):
            if len(sentences) == MAX_SENTENCES:
                return sentences
            sentences.append(Sentence(len(sentences) + 1, left, right, answer[left:right]))
    return sentences


def _spans(answer: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    start = 0
    for match in END.finditer(answer):
        if "\n" not in match.group() and ABBREVIATION.search(
            answer, max(start, match.start() - 12), match.start()
        ):
            continue
        spans.append((start, match.end()))
        start = match.end()
    spans.append((start, len(answer)))
    return [trimmed for left, right in spans if (trimmed := _trim(answer, left, right))]


def _trim(answer: str, start: int, end: int) -> tuple[int, int] | None:
    piece = answer[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = left + len(piece.strip())
    return (left, right) if right > left else None


def _pieces(answer: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for left, right in _breaths(answer, start, end):
        while right - left > MAX_LETTERS:
            cut = answer.rfind(" ", left + 1, left + MAX_LETTERS)
            cut = cut if cut > left else left + MAX_LETTERS
            if trimmed := _trim(answer, left, cut):
                yield trimmed
            left = cut
        if trimmed := _trim(answer, left, right):
            yield trimmed


def _breaths(answer: str, start: int, end: int) -> list[tuple[int, int]]:
    if answer.count(" ", start, end) < LONG_WORDS:
        return [(start, end)]
    spans: list[tuple[int, int]] = []
    left = counted_to = start
    spaces = 0
    for match in BREATH.finditer(answer, start, end):
        spaces += answer.count(" ", counted_to, match.start())
        counted_to = match.start()
        if spaces >= SHORT_WORDS:
            spans.append((left, match.start()))
            left = counted_to = match.end()
            spaces = 0
    return [*spans, (left, end)]
