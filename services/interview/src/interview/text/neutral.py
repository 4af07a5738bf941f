"""A sentence as its meaning is compared: who is named and whether it is he or she makes no difference."""

import re

from interview.text import words

PRONOUNS = {
    "he": "they", "she": "they", "him": "them", "her": "their", "his": "their", "hers": "theirs",
    "himself": "themselves", "herself": "themselves", "he's": "they're", "she's": "they're",
    "he'd": "they'd", "she'd": "they'd", "he'll": "they'll", "she'll": "they'll",
}  # fmt: skip
TITLES = re.compile(r"\b(?:mr|mrs|ms|miss|dr)\.? ", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
NAME = re.compile(r"(?<=[\w,;:] )(?!I\b)[A-Z][a-zà-ÿ]+(?:[ -][A-Z][a-zà-ÿ]+)*")
SOMEBODY = "Robin"
MARKUP = re.compile(r"[`*_#|<>{}\[\]\\~^=]+|^[\W\d]+(?=\s)")
FILLERS = re.compile(r"(?:^|,)? ?\b(?:um+|uh+|erm+|er)\b,?", re.IGNORECASE)


def neutral(text: str) -> str:
    """Return a sentence without what must not count: names in it, gender, fillers, typography."""
    spoken = " ".join(FILLERS.sub(" ", TITLES.sub("", MARKUP.sub(" ", text))).split())
    named = NAME.sub(lambda match: match.group() if _is_term(match.group()) else SOMEBODY, spoken)
    return words.plain(WORD.sub(lambda match: PRONOUNS.get(match.group().lower(), match.group()), named))


def _is_term(name: str) -> bool:
    """Return whether a capitalised word is one of the subjects people talk about, and so no name of somebody."""
    return words.stem(name.lower()) in words.known()


NEGATION = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|without|neither|nor|hardly|cannot|refuse[ds]?|skip(?:ped)?|ignored?|"
    r"unnecessary|useless|pointless|needless|waste|overrated|avoid(?:ed)?|instead of|rather than|stopped|"
    r"forget about)\b|n't\b"
)


def is_negated(text: str) -> bool:
    """Return whether a sentence denies or refuses something."""
    return NEGATION.search(words.plain(text)) is not None
