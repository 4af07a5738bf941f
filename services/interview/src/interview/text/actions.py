"""Who did what in a sentence: the verbs that follow “I” and “we”."""

import re

from interview.text import vocabulary, words

BETWEEN = (
    "also|then|first|personally|quickly|immediately|finally|had|have|therefore|later|next|always|so|just|even|"
    "carefully|myself|and"
)
SUBJECT = re.compile(r"\b(i|we|he|she|they|who|which)\b(?:'d|'ve)?")
FIRST_VERB = re.compile(rf"^(?: (?:{BETWEEN})|,)* ([a-z]{{2,}})")
FURTHER_VERB = re.compile(rf"(?:,| and| then)(?: (?:{BETWEEN}))* ([a-z]{{2,}})")


def own(text: str) -> tuple[str, ...]:
    """Return the verbs of what the speaker did, each once, in order."""
    return tuple(dict.fromkeys(verb for who, verb in actions(text) if who == "i"))


def actions(text: str) -> list[tuple[str, str]]:
    """Return who (`i` or `we`) did what in a sentence: the verb after each, and those joined to it.

    “I built” with nothing after it tells no action.
    """
    pieces = SUBJECT.split(words.plain(text))
    done: list[tuple[str, str]] = []
    for who, clause in zip(pieces[1::2], pieces[2::2], strict=True):
        if who in ("i", "we") and len(clause.split()) > 1:
            verbs = dict.fromkeys(FIRST_VERB.findall(clause) + FURTHER_VERB.findall(clause))
            done += [(who, verb) for verb in verbs if _is_action(verb)]
    return done


def _is_action(verb: str) -> bool:
    if verb in vocabulary.words("actions.state_verbs"):
        return False
    return verb in vocabulary.words("actions.irregular") or (
        verb.endswith("ed") and len(verb) > 4 and verb != "indeed"
    )
