"""What a profile may hold: so many entries, characters and bytes; what is left out is said."""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from resume.parsing.provenance import LONGEST_TEXT, SourcedTree, Span

MAX_PROFILE_BYTES = 256 * 1024
ENTRY_BYTES = 256  # the keys of an entry, also of those that it leaves empty
VALUE_BYTES = 24

MAX_NAME_CHARACTERS = 300
LONG_TEXTS = frozenset(("summary", "description", "highlights", "courses", "lines"))
MAX_ENTRIES = {
    "work": 100,
    "education": 50,
    "skills": 60,
    "keywords": 150,
    "projects": 100,
    "certificates": 100,
    "languages": 40,
    "profiles": 20,
    "highlights": 60,
    "courses": 60,
    "other": 60,
    "lines": 1_000,
}
WORDS = {
    "work": "jobs",
    "education": "courses of study",
    "skills": "groups of skills",
    "keywords": "skills of one group",
    "projects": "projects",
    "certificates": "certificates",
    "languages": "languages",
    "profiles": "links to profiles",
    "highlights": "achievements of one entry",
    "courses": "lines about one course of study",
    "other": "sections that fit nowhere else",
    "lines": "lines of one section that fits nowhere else",
}
REQUIRED = frozenset(("name", "network", "language"))

Kept: TypeAlias = "SourcedTree | None"


@dataclass
class Allowance:
    """How many bytes of JSON a profile may still take, and what had to be left out of it."""

    left: int = MAX_PROFILE_BYTES
    most: Counter[str] = field(default_factory=Counter)
    shortened: int = 0
    omitted: int = 0

    def keep(self, tree: dict[str, SourcedTree]) -> dict[str, SourcedTree]:
        """Return of the sections what there is room for, in their order."""
        kept = self._branch(tree, "")
        return kept if isinstance(kept, dict) else {}

    @property
    def warnings(self) -> list[str]:
        """What was left out, for the owner to know."""
        warnings = [
            f"Of {number:,} {WORDS[name]} only the first {MAX_ENTRIES[name]:,} are in the profile."
            for name, number in self.most.items()
        ]
        if self.shortened:
            warnings.append(f"{self.shortened:,} long texts are cut in the profile.")
        if self.omitted:
            warnings.append(
                f"The profile holds {MAX_PROFILE_BYTES // 1024} KiB at most; {self.omitted:,} values are left out."
            )
        return warnings

    def _branch(self, tree: SourcedTree, name: str) -> Kept:
        if isinstance(tree, Span):
            return self._span(tree, name)
        if isinstance(tree, bool):
            return tree
        if isinstance(tree, list):
            return self._list(tree, name)
        return self._entry(tree)

    def _span(self, span: Span, name: str) -> Span | None:
        longest = LONGEST_TEXT if name in LONG_TEXTS else MAX_NAME_CHARACTERS
        if span.cut or len(span.text) > longest:
            self.shortened += 1
            text = span.text[:longest].rstrip()
            span = replace(span, text=text, value=text if span.value == span.text else span.value)
        return span if self._spend(VALUE_BYTES + _size(span.value)) else None

    def _list(self, branches: list[SourcedTree], name: str) -> list[SourcedTree]:
        most = MAX_ENTRIES[name]
        if len(branches) > most:
            self.most[name] = max(self.most[name], len(branches))
        kept = (self._branch(branch, name) for branch in branches[:most])
        return [branch for branch in kept if branch is not None]

    def _entry(self, tree: dict[str, SourcedTree]) -> dict[str, SourcedTree] | None:
        if not self._spend(ENTRY_BYTES):
            return None
        kept: dict[str, SourcedTree] = {}
        for key, branch in tree.items():
            value = self._branch(branch, key)
            if value is None and key in REQUIRED:
                return None
            if value is not None:
                kept[key] = value
        return kept

    def _spend(self, size: int) -> bool:
        if size > self.left:
            self.omitted += 1
            return False
        self.left -= size
        return True


def _size(text: str) -> int:
    """Return how many bytes a text takes in JSON."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace"))
