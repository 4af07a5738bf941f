"""Words of a text: tokens, stems, and whether a phrase is said in a sentence."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

from interview.text import vocabulary

TOKEN = re.compile(r"[^\W_]+(?:[.+#/'\-][^\W_]+)*[+#]*")
SUFFIXES = (
    "isations", "izations", "isation", "ization", "ations", "ation", "ements", "ement", "ments", "ment",
    "ings", "ing", "iness", "ness", "ised", "ized", "ises", "izes", "ise", "ize", "ions", "ion",
    "ied", "ies", "ers", "er", "ed", "es", "ly", "al", "s", "e", "y",
)  # fmt: skip
MIN_STEM = 3
VOWELS = "aeiou"
DOUBLED = re.compile(r"([bdfgkmnprt])\1$")
LONGEST_WORD = 40
LIGATURES = str.maketrans(
    "ﷺﷻ", "  "
)  # honorifics that unfold to 18 and 8 letters and say nothing that is judged
MAX_MARKS = 30  # on one letter, as in Unicode's stream-safe format: putting more in order takes their square


def plain(text: str) -> str:
    """Return the text in lower case with typographic forms made plain and invisible characters removed."""
    if text.isascii() and text.isprintable():
        return text.lower()
    folded = unicodedata.normalize("NFKC", _with_few_marks(text.translate(LIGATURES)))
    folded = folded.replace("’", "'").replace("‘", "'").lower()
    return "".join(
        char for char in folded if unicodedata.category(char) not in {"Cf", "Cc"} or char in "\n\t"
    )


def _with_few_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= MAX_MARKS:
            kept.append(char)
    return "".join(kept)


def tokens(text: str) -> list[str]:
    """Return the words of a text in order, in lower case; `c++`, `node.js` and `b-tree` are one word each."""
    return TOKEN.findall(plain(text))


def stem(word: str) -> str:
    """Return what stays of a word when its usual English endings are cut off; what is no word stays as it is."""
    return _stem(word) if len(word) <= LONGEST_WORD else word


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    for suffix in SUFFIXES:
        if (
            word.endswith(suffix)
            and len(word) - len(suffix) >= MIN_STEM
            and not (suffix == "y" and word[-2] in VOWELS)
        ):
            word = word[: -len(suffix)]
            break
    return DOUBLED.sub(r"\1", word)


def stems(text: str) -> list[str]:
    """Return the stems of all words of a text, in order; parts of joined words count too."""
    word_stems: list[str] = []
    for token in tokens(text):
        word_stems.append(stem(token))
        if "-" in token or "/" in token:
            word_stems.extend(stem(part) for part in re.split(r"[-/]", token))
    return word_stems


@cache
def _unmeaning() -> frozenset[str]:
    words = vocabulary.words("function_words") | vocabulary.words("generic")
    return frozenset(stem(word) for word in words)


@cache
def known() -> frozenset[str]:
    """Return the stems of every word in the vocabulary's lists: enough to tell a list of terms from noise."""
    lists = ("function_words", "generic", "work", "numbers.words", "actions.state_verbs", "actions.irregular")
    own = frozenset().union(*(vocabulary.words(name) for name in lists))
    subjects = " ".join(competency["words"] for competency in vocabulary.competencies().values())
    return frozenset(stem(word) for word in own) | frozenset(stems(subjects))


def content(text: str) -> frozenset[str]:
    """Return the distinct stems that carry meaning: no function words, nothing every answer says."""
    return frozenset(
        word_stem for word_stem in stems(text) if word_stem not in _unmeaning() and len(word_stem) > 1
    )


def function_share(words: list[str]) -> float:
    """Return which share of these words are the small words every English sentence is held together by."""
    known = vocabulary.words("function_words")
    return sum(word in known for word in words) / len(words) if words else 0.0


@lru_cache(maxsize=20_000)
def _phrase_stems(phrase: str) -> frozenset[str]:
    function = vocabulary.words("function_words")
    all_stems = stems(phrase)
    meaning = [
        word_stem
        for word_stem, word in zip(stems(phrase), tokens(phrase), strict=False)
        if word not in function
    ]
    return frozenset(meaning or all_stems)


def says(sentence_stems: frozenset[str], phrases: Iterable[str]) -> bool:
    """Return whether all words of at least one of the phrases are in the sentence, in any order."""
    return any(_phrase_stems(phrase) <= sentence_stems for phrase in phrases)
