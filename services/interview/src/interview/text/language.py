"""Whether a text is in another language than English."""

from py3langid import langid

LEAST_LETTERS = 12
NOT_OTHER = frozenset(
    {"en", "zxx", "la", "eo"}
)  # zxx: no language at all; Latin and Esperanto: what noise looks like


def is_other(text: str) -> bool:
    """Return whether a text is in a language that is not English; noise and a few letters are in none."""
    if sum(char.isalpha() for char in text) < LEAST_LETTERS:
        return False
    language, _ = langid.classify(text)
    return language not in NOT_OTHER
