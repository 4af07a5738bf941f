"""What can be counted in an answer: figures, first person, reasons, and whether it is about the question."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from interview.coaching.transcript import Line, Transcript
from interview.text import figures, vocabulary, words

FIRST_PERSON = re.compile(r"\bi(?:'m|'ve|'d|'ll)?\b|\bmy\b|\bmyself\b")
PLURAL = re.compile(r"\bwe(?:'re|'ve|'d|'ll)?\b|\bour\b|\bus\b")
SHORT_ANSWER = 10
LONG_ANSWER = 40
WORDS_OF_WORK = 2
SUBJECT_SHARE = 0.25


class Relevance(StrEnum):
    """How sure the words alone can be that an answer is about its question."""

    ABOUT_IT = "about it"
    UNSURE = "unsure"
    ABOUT_SOMETHING_ELSE = "about something else"


@dataclass(frozen=True)
class Subject:
    """What a question is about: the stems its answers are expected to use, and whether it has expected points."""

    stems: frozenset[str]
    is_story: bool
    has_points: bool


def with_figures(lines: Iterable[Line]) -> list[int]:
    """Return the numbers of the sentences that name a figure; years, quarters and versions are none."""
    return [line.number for line in lines if figures.has_figure(words.plain(line.text))]


def first_person(lines: Iterable[Line]) -> list[int]:
    """Return the numbers of the sentences that speak of I."""
    return [line.number for line in lines if FIRST_PERSON.search(words.plain(line.text))]


def plural(lines: Iterable[Line]) -> list[int]:
    """Return the numbers of the sentences that speak of we and not of I."""
    return [
        line.number
        for line in lines
        if PLURAL.search(words.plain(line.text)) and not FIRST_PERSON.search(words.plain(line.text))
    ]


def with_cues(lines: Iterable[Line], name: str) -> list[int]:
    """Return the numbers of the sentences that use one of a list of cues, such as `reasons.cues`."""
    cues = vocabulary.cues(name)
    return [line.number for line in lines if line.content and words.has_cue(line.text, cues)]


def saying(lines: Iterable[Line], phrases: Iterable[str]) -> list[int]:
    """Return the numbers of the sentences that say one of the phrases as part of a sentence, not of a bare list."""
    wanted = tuple(phrases)
    return [line.number for line in lines if words.says(line.stems, wanted) and _is_sentence(line)]


def _is_sentence(line: Line) -> bool:
    tokens = words.tokens(line.text)
    return len(tokens) >= 4 and words.function_share(tokens) >= 0.15


def relevance(transcript: Transcript, subject: Subject) -> tuple[Relevance, list[int]]:
    """Return whether the answer is about its subject, and the sentences that show it.

    Words alone can be sure only where several words of the subject are said: in a story they come with words of work,
    and where the question has points they make up a good part of an explanation. A story about work that shares
    hardly any of them may still belong to the question, so it is left open, with the sentences that speak for it;
    without any work in it there are none.
    """
    specific = transcript.content & subject.stems
    evidence = [line.number for line in transcript.counted if line.content & specific]
    size = len(transcript.content)
    needed = 1 if size < SHORT_ANSWER else 2 if size < LONG_ANSWER else 3
    work = transcript.content & work_stems()
    trade = work | (transcript.content & trade_stems())
    if subject.is_story:
        fits = size < SHORT_ANSWER or len(trade) >= WORDS_OF_WORK
    else:
        fits = not subject.has_points or len(specific) >= SUBJECT_SHARE * size
    if len(specific) >= needed and fits:
        return Relevance.ABOUT_IT, evidence
    personal = first_person(transcript.counted)
    if subject.is_story and specific and len(work) >= WORDS_OF_WORK and personal:
        return Relevance.ABOUT_IT, evidence
    if specific or (subject.is_story and len(trade) >= 3 and len(personal) >= 2):
        at_work = subject.is_story and len(trade) >= WORDS_OF_WORK
        return Relevance.UNSURE, (evidence or personal) if at_work else []
    return Relevance.ABOUT_SOMETHING_ELSE, []


@cache
def trade_stems() -> frozenset[str]:
    """Return the stems of the words that show a story to be about some trade, though not what it is about."""
    return frozenset(words.stem(word) for word in vocabulary.words("trade"))


@cache
def work_stems() -> frozenset[str]:
    """Return the stems of the words that any story about work uses."""
    return frozenset(words.stem(word) for word in vocabulary.words("work"))
