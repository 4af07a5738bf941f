"""What a model writes to a person, checked: English, short, without markup, and with no facts but the person's own.

A figure that is not in the answer becomes [your number]; a sentence with a name that is not in it is left out. What
stays may still be badly said, but it invents nothing that could be checked.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from interview.coaching import injection_filter, judge_reply, sentences
from interview.coaching.reading import Reading
from interview.text import vocabulary, words

YOUR_NUMBER = "[your number]"
MIN_FUNCTION_SHARE = 0.15
MIN_ASCII_SHARE = 0.9
MIN_WORDS = 3
LEAST_OF_REWRITE = 2  # sentences that have to be left of a rewrite for it to be one
MARKUP = re.compile(r"https?:|www\.|<[a-z/!]|```|\]\(|^\s*[#>|]|\*\*", re.IGNORECASE | re.MULTILINE)
TOKEN = re.compile(r"[^\W_]+(?:[.,'’&+#/\-][^\W_]+)*[+#]*")
NUMBER = re.compile(r"(?<![^\W_])\d+(?:[.,]\d+)*")
FIRST_PERSON = re.compile(r"I(?:['’](?:m|d|ve|ll|s))?")
UP_TO_NINETEEN = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
DIGITS = {
    word: str(number)
    for number, word in [*enumerate(UP_TO_NINETEEN), *zip(range(20, 100, 10), TENS, strict=True)]
}


@dataclass(frozen=True)
class Facts:
    """What may be said: the figures and words of the answer, and for names those of its question and rubric as well.

    `free` allows any name in advice: what an explanation lacks may have one.
    """

    figures: frozenset[str]
    names: frozenset[str]
    asked_figures: frozenset[str]
    asked_names: frozenset[str]
    free: bool

    @classmethod
    def of(cls, reading: Reading) -> "Facts":
        """Return the facts of an answer: those of its sentences that count."""
        answer = " ".join(line.text for line in reading.transcript.counted)
        criteria = " ".join(
            " ".join((criterion.name, criterion.advice, *criterion.samples, *criterion.anchors))
            for criterion in reading.rubric.criteria
        )
        question = reading.question.text
        asked = f"{question} {criteria} {reading.rubric.anchor}"
        own = _tokens(answer) | _tokens(question)
        return cls(
            figures=_figures(answer),
            names=own,
            asked_figures=_figures(answer) | _figures(asked),
            asked_names=own | _tokens(asked),
            free=not reading.is_story,
        )


def readable(text: str) -> str:
    """Return a model's words on one line; the null characters some models write are nothing a database takes."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def summary(text: str, facts: Facts) -> str:
    """Return the summary's first sentence, or nothing where it may not be shown."""
    first = next(iter(_sentences(text)), "")
    if (
        not _fits(first)
        or len(first) > judge_reply.MAX_SUMMARY
        or _has_other_figures(first, facts.asked_figures)
    ):
        return ""
    return first if facts.free or not _has_other_names(first, facts.asked_names) else ""


def advice(texts: Iterable[str], facts: Facts) -> tuple[str, ...]:
    """Return the pieces of advice that may be shown, each cut to the sentences that fit."""
    checked = (_advice(text, facts) for text in texts)
    return tuple(dict.fromkeys(text for text in checked if text))


def _advice(text: str, facts: Facts) -> str:
    own = [_with_own_figures(sentence, facts.asked_figures) for sentence in _sentences(text)]
    named = [sentence for sentence in own if facts.free or not _has_other_names(sentence, facts.asked_names)]
    cut = _cut(named, judge_reply.MAX_ADVICE)
    return cut if _fits(cut) else ""


def rewrite(text: str, facts: Facts) -> str | None:
    """Return the rewrite without what is not the person's own, or None where too little of it is left."""
    own = [_with_own_figures(sentence, facts.figures) for sentence in _sentences(text)]
    named = [sentence for sentence in own if _fits(sentence) and not _has_other_names(sentence, facts.names)]
    if len(named) < LEAST_OF_REWRITE:
        return None
    return _cut(named, judge_reply.MAX_REWRITE)


def _sentences(text: str) -> list[str]:
    return [sentence.text for sentence in sentences.split(readable(text))]


def _cut(parts: Iterable[str], most: int) -> str:
    whole = ""
    for part in parts:
        longer = f"{whole} {part}".strip()
        if len(longer) > most:
            break
        whole = longer
    return whole


def _fits(text: str) -> bool:
    """Return whether a text is English, without markup, and speaks to the person alone."""
    tokens = words.tokens(text.replace(YOUR_NUMBER, ""))
    if len(tokens) < MIN_WORDS or MARKUP.search(text) or injection_filter.speaks_to_judge(text):
        return False
    ascii_share = sum(char.isascii() for char in text) / len(text)
    return ascii_share >= MIN_ASCII_SHARE and words.function_share(tokens) >= MIN_FUNCTION_SHARE


def _tokens(text: str) -> frozenset[str]:
    tokens = {_lowered(token) for token in TOKEN.findall(text)}
    return frozenset(tokens) | {part for token in tokens for part in re.split(r"[-/]", token)}


def _lowered(token: str) -> str:
    return re.sub(r"['’]s$", "", token).lower()


def _figures(text: str) -> frozenset[str]:
    """Return the figures of a text, as digits where a word says one; 2,000 is 2000."""
    spelled = {DIGITS.get(token, token) for token in words.tokens(text)} & _spellings()
    return frozenset(number.replace(",", "") for number in NUMBER.findall(text)) | spelled


@cache
def _spellings() -> frozenset[str]:
    return vocabulary.words("numbers.words") | frozenset(DIGITS.values())


def _is_figure(token: str) -> bool:
    # "one" and "half" say more often which than how many
    return token in (DIGITS.keys() | vocabulary.words("numbers.words")) - {"zero", "one", "half", "third"}


def _with_own_figures(sentence: str, own: frozenset[str]) -> str:
    """Return a sentence in which every figure that is nobody's own is left for the person to fill in."""

    def digits(match: re.Match[str]) -> str:
        return match.group() if match.group().replace(",", "") in own else YOUR_NUMBER

    def word(match: re.Match[str]) -> str:
        token = match.group().lower()
        return YOUR_NUMBER if _is_figure(token) and DIGITS.get(token, token) not in own else match.group()

    replaced = re.sub(r"[A-Za-z]+", word, NUMBER.sub(digits, sentence.replace(YOUR_NUMBER, "\0")))
    return re.sub(
        rf"(?:{re.escape(YOUR_NUMBER)}[\s-]*)+{re.escape(YOUR_NUMBER)}", YOUR_NUMBER, replaced
    ).replace("\0", YOUR_NUMBER)


def _has_other_figures(sentence: str, own: frozenset[str]) -> bool:
    return _with_own_figures(sentence, own) != sentence


def _has_other_names(sentence: str, own: frozenset[str]) -> bool:
    """Return whether a sentence names something that nobody named; a first word may be any word of the language's."""
    tokens = TOKEN.findall(sentence.replace(YOUR_NUMBER, ""))
    return any(
        _is_name(part) and _lowered(part) not in own and not (place == 0 and _is_common(part))
        for place, token in enumerate(tokens)
        for part in ([token] if _lowered(token) in own else re.split(r"[-/]", token))
    )


def _is_name(token: str) -> bool:
    if FIRST_PERSON.fullmatch(token):
        return False
    return any(char.isupper() for char in token) or bool(re.search(r"[^\W\d_]\d", token))


def _is_common(token: str) -> bool:
    plain = token[0].lower() + token[1:]
    return plain.islower() and (
        words.stem(plain) in words.known() or plain in vocabulary.words("function_words")
    )
