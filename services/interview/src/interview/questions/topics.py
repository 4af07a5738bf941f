"""Topics of the bank, as a job or a résumé names them."""

import re
from functools import lru_cache

ABBREVIATION = 2
WORD = re.compile(r"\w+")


class Naming:
    """A text in which topics are looked for; where all words of a topic stand in it, a look is one pass over it."""

    def __init__(self, text: str) -> None:
        self._written = text
        # "İ" is the one letter that changes its length in lower case, and the places have to agree
        self._lower = text.replace("İ", "I").lower()
        self._words = frozenset(WORD.findall(self._lower))

    def find(self, topic: str) -> str | None:
        """Return a topic, given in lower case, as the text names it, or None where it is no word there.

        Names of one or two letters count only as properly written (Go, AI).
        """
        if not _words_of(topic) <= self._words:
            return None
        if len(topic) > ABBREVIATION:
            return self._word(self._lower, topic)
        return self._word(self._written, topic.upper()) or self._word(self._written, topic.title())

    def _word(self, text: str, name: str) -> str | None:
        start = text.find(name)
        while start >= 0:
            end = start + len(name)
            if not _in_word(text[start - 1 : start]) and not _in_word(text[end : end + 1]):
                return self._written[start:end]
            start = text.find(name, start + 1)
        return None


@lru_cache(maxsize=2_000)
def _words_of(topic: str) -> frozenset[str]:
    return frozenset(WORD.findall(topic))


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"
