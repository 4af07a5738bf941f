"""What of an answer counts: each sentence with its words, and why some sentences are excluded."""

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from interview.coaching import injection_filter, sentences
from interview.coaching.sentences import Sentence
from interview.text import words

MOST_COUNTED = 80  # ten minutes of speaking; each costs about 11 ms
ECHO_RUNS = 0.5
ECHO_SHARE = 0.9
ECHO_WORDS = 3
PASTED_RUNS = 3
PASTED_SHARE = 0.6
REPEAT_SHARE = 0.8
MIN_FUNCTION_SHARE = 0.1
MIN_KNOWN_SHARE = 0.3
WORDLIKE = re.compile(r"^(?=.*[aeiouy0-9])(?!.*([a-z])\1\1)(?!.*[bcdfghjklmnpqrstvwxz]{6}).{1,24}$")


class Exclusion(StrEnum):
    """Why a sentence is no part of what is judged."""

    ADDRESSED_TO_JUDGE = "speaks to whoever judges it"
    ECHO = "repeats the question"
    PASTED = "is a text of the question bank, not in your own words"
    REPEAT = "repeats an earlier sentence"
    UNREADABLE = "is not readable English"
    BEYOND = "comes after the first 80 sentences, which are read"


@dataclass(frozen=True)
class Line:
    """A sentence, its stems, and the reason it does not count, if there is one."""

    sentence: Sentence
    stems: frozenset[str]
    content: frozenset[str]
    exclusion: Exclusion | None

    @property
    def number(self) -> int:
        """The sentence's number, from 1."""
        return self.sentence.number

    @property
    def text(self) -> str:
        """The sentence as it was typed."""
        return self.sentence.text


class Transcript:
    """One answer, read against the question it was given to and against texts that are not the speaker's own."""

    def __init__(self, question: str, answer: str, bank: Sequence[str] = ()) -> None:
        self.question = question
        self.answer = answer
        self.lines = _read(question, answer, bank)

    @cached_property
    def counted(self) -> list[Line]:
        """The sentences that are judged."""
        return [line for line in self.lines if line.exclusion is None]

    def without(self, numbers: frozenset[int], exclusion: Exclusion) -> "Transcript":
        """Return the same answer with these sentences excluded as well."""
        transcript = copy(self)
        transcript.__dict__.pop("counted", None)
        transcript.lines = [
            replace(line, exclusion=exclusion) if line.number in numbers else line for line in self.lines
        ]
        return transcript

    def quote(self, number: int) -> str | None:
        """Return the sentence of that number exactly as it was typed, or None when there is none."""
        return self.lines[number - 1].text if 1 <= number <= len(self.lines) else None


@dataclass(frozen=True)
class AskedWords:
    """The question's words with meaning, its runs of three words, and those of the bank's texts about it."""

    content: frozenset[str]
    runs: frozenset[tuple[str, ...]]
    pasted: frozenset[tuple[str, ...]]

    def is_echoed(self, text: str, content: frozenset[str]) -> bool:
        """Return whether a sentence only says the question again."""
        runs = _runs(text)
        if runs and len(runs & self.runs) >= ECHO_RUNS * len(runs):
            return True
        return len(content) >= ECHO_WORDS and len(content & self.content) >= ECHO_SHARE * len(content)

    def is_pasted(self, text: str) -> bool:
        """Return whether a sentence is mostly words of the bank in their order."""
        runs = _runs(text)
        return len(runs) >= PASTED_RUNS and len(runs & self.pasted) >= PASTED_SHARE * len(runs)


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    tokens = words.tokens(text)
    return frozenset(zip(tokens, tokens[1:], tokens[2:], strict=False))


def _read(question: str, answer: str, bank: Sequence[str]) -> list[Line]:
    pasted = frozenset[tuple[str, ...]]().union(*(_runs(text) for text in bank))
    asked = AskedWords(words.content(question), _runs(question), pasted)
    earlier: list[frozenset[str]] = []
    lines: list[Line] = []
    counted = 0
    for sentence in sentences.split(answer):
        content = words.content(sentence.text)
        stems = frozenset(words.stems(sentence.text))
        exclusion = _exclusion(sentence.text, stems, content, asked, earlier)
        counted += exclusion is None
        if exclusion is None and counted > MOST_COUNTED:
            exclusion = Exclusion.BEYOND
        if exclusion is None and content:
            earlier.append(content)
        lines.append(Line(sentence, stems, content, exclusion))
    return lines


def _exclusion(
    text: str,
    stems: frozenset[str],
    content: frozenset[str],
    asked: AskedWords,
    earlier: list[frozenset[str]],
) -> Exclusion | None:
    if injection_filter.speaks_to_judge(text):
        return Exclusion.ADDRESSED_TO_JUDGE
    if _unreadable(text, stems):
        return Exclusion.UNREADABLE
    if asked.is_echoed(text, content):
        return Exclusion.ECHO
    if asked.is_pasted(text):
        return Exclusion.PASTED
    if any(_alike(content, stems_before) for stems_before in earlier):
        return Exclusion.REPEAT
    return None


def _alike(content: frozenset[str], earlier: frozenset[str]) -> bool:
    return bool(content) and len(content & earlier) >= REPEAT_SHARE * len(content | earlier)


def _unreadable(text: str, stems: frozenset[str]) -> bool:
    tokens = words.tokens(text)
    if not tokens:
        return True
    if sum(WORDLIKE.match(word) is not None for word in tokens) < 0.7 * len(tokens):
        return True
    if len(tokens) < 3 or words.function_share(tokens) >= MIN_FUNCTION_SHARE:
        return False
    return len(stems & words.known()) < MIN_KNOWN_SHARE * len(stems)
