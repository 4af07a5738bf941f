"""The parts of a story: situation, task, action, result, each with the sentences that tell it."""

import re
from dataclasses import dataclass

from interview.coaching.transcript import Line, Transcript
from interview.text import vocabulary, words

PARTS = ("situation", "task", "action", "result")
MONTHS = "january|february|march|april|june|july|august|september|october|november|december"
DATED = re.compile(rf"\b(?:in|since|until) (?:19|20)\d\d\b|\b(?:{MONTHS})\b")
PLACED = re.compile(r"^(?:At|In|For|With) (?:the |a )?[A-Z]\w+")
PAST = re.compile(r"\b(?:was|were|had|ran|built|came|kept)\b|\b\w{3,}ed\b")
BETWEEN = (
    "also|then|first|personally|quickly|immediately|finally|had|have|therefore|later|next|always|so|just|even|"
    "carefully|myself|and"
)
SUBJECT = re.compile(r"\b(i|we|he|she|they|who|which)\b(?:'d|'ve)?")
FIRST_VERB = re.compile(rf"^(?: (?:{BETWEEN})|,)* ([a-z]{{2,}})")
FURTHER_VERB = re.compile(rf"(?:,| and| then)(?: (?:{BETWEEN}))* ([a-z]{{2,}})")


@dataclass(frozen=True)
class Star:
    """The numbers of the sentences that tell each part, and the actions told, each counted once."""

    sentences: dict[str, tuple[int, ...]]
    own_actions: tuple[tuple[int, str], ...]
    shared_actions: tuple[tuple[int, str], ...]

    def has(self, part: str) -> bool:
        """Return whether the part is told at all."""
        return bool(self.sentences[part])

    @property
    def parts_told(self) -> int:
        """How many of the four parts are told."""
        return sum(self.has(part) for part in PARTS)

    @property
    def in_order(self) -> bool:
        """Whether the story opens with its situation, closes with its result, and says the task before it is done."""
        firsts = [self.sentences[part][0] for part in PARTS if self.has(part)]
        if len(firsts) < 3 or not (self.has("situation") and self.has("result")):
            return False
        opens = self.sentences["situation"][0] == min(firsts)
        closes = self.sentences["result"][-1] >= max(firsts)
        task, action = self.sentences["task"], self.sentences["action"]
        return opens and closes and (not task or not action or task[0] <= action[-1])


def find(transcript: Transcript) -> Star:
    """Return which sentences of the answer tell which part of the story."""
    own: list[tuple[int, str]] = []
    shared: list[tuple[int, str]] = []
    parts: dict[str, list[int]] = {part: [] for part in PARTS}
    for line in transcript.counted:
        actions = _actions(line)
        own += [(line.number, verb) for who, verb in actions if who == "i"]
        shared += [(line.number, verb) for who, verb in actions if who == "we"]
        if any(who == "i" for who, _ in actions):
            parts["action"].append(line.number)
        for part in ("situation", "task", "result"):
            if _tells(part, line):
                parts[part].append(line.number)
    if not parts["action"]:
        parts["action"] = sorted({number for number, _ in shared})
    return Star({part: tuple(numbers) for part, numbers in parts.items()}, _once(own), _once(shared))


def _once(actions: list[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    firsts: dict[str, tuple[int, str]] = {}
    for number, verb in actions:
        firsts.setdefault(words.stem(verb), (number, verb))
    return tuple(firsts.values())


def _actions(line: Line) -> list[tuple[str, str]]:
    """Return who (`i` or `we`) did what in a sentence: the verb after each, and those joined to it.

    “I built” with nothing after it tells no action.
    """
    pieces = SUBJECT.split(words.plain(line.text))
    actions: list[tuple[str, str]] = []
    for who, clause in zip(pieces[1::2], pieces[2::2], strict=True):
        if who in ("i", "we") and len(clause.split()) > 1:
            verbs = dict.fromkeys(FIRST_VERB.findall(clause) + FURTHER_VERB.findall(clause))
            actions += [(who, verb) for verb in verbs if _is_action(verb)]
    return actions


def _is_action(verb: str) -> bool:
    if verb in vocabulary.words("actions.state_verbs"):
        return False
    return verb in vocabulary.words("actions.irregular") or (
        verb.endswith("ed") and len(verb) > 4 and verb != "indeed"
    )


def _tells(part: str, line: Line) -> bool:
    text = words.plain(line.text)
    if len(words.tokens(line.text)) < 4 or not line.content:
        return False
    if re.match(rf"\W*{part}\W*:", text):
        return True
    if part == "situation":
        placed = PLACED.search(line.text.strip()) or DATED.search(text)
        cued = placed is not None or words.has_cue(text, vocabulary.cues("star.situation"))
        return cued and PAST.search(text) is not None
    return words.has_cue(text, vocabulary.cues(f"star.{part}"))
