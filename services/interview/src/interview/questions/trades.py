"""The trade of a job, as its title, its description or a résumé tells it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from common.contracts.resume import ResumeContent
from interview.text import vocabulary

SOFTWARE = "software"
DATA = "data"
MANAGEMENT = "management"
OTHER = "other"  # a trade of which the bank knows nothing
UNKNOWN = frozenset[str]()
ENOUGH_WORDS = 2  # one word may be about another team, or a hobby
WORD = re.compile(r"[^\W_]+[+#]*")


@dataclass(frozen=True)
class _Trades:
    """Which trades a phrase stands for, the longest phrases first, and what is common in each trade."""

    titles: dict[str, frozenset[str]]
    fields: dict[str, frozenset[str]]
    words: dict[str, frozenset[str]]
    common: dict[str, frozenset[str]]


def of_job(title: str, description: str = "") -> frozenset[str]:
    """Return the trades of a job: those its title names, else the one its description speaks of most.

    Nothing is known where neither tells, and `other` stands for trades of which the bank has no questions.
    """
    return _of_title(title) or _of_text(description)


def of_resume(content: ResumeContent) -> frozenset[str]:
    """Return the trades of a résumé: those of the first position that tells one, else what its skills speak of."""
    for work in content.work:
        if trades := _of_title(work.position):
            return trades
    return _of_text(" ; ".join(name for skill in content.skills for name in (skill.name, *skill.keywords)))


def common(trades: Iterable[str]) -> frozenset[str]:
    """Return the topics everybody in one of these trades has about them."""
    common_topics = _trades().common
    return frozenset().union(*(common_topics.get(trade, frozenset()) for trade in trades))


@cache
def names() -> frozenset[str]:
    """Return every trade the bank may ask about."""
    return frozenset(vocabulary.load("trades.toml")) - {OTHER}


def _of_title(title: str) -> frozenset[str]:
    written = _spaced(title)
    roles, rest = _covered(written, _trades().titles)
    if roles <= {MANAGEMENT}:
        fields, _ = _covered(rest, _trades().fields)
        return roles | fields
    return roles - {OTHER} or roles


def _of_text(text: str) -> frozenset[str]:
    written = _spaced(text)
    counts: dict[str, int] = {}
    for phrase, trades in _trades().words.items():
        if phrase in written:
            for trade in trades:
                counts[trade] = counts.get(trade, 0) + 1
    most = max(counts.values(), default=0)
    likeliest = frozenset(trade for trade, count in counts.items() if count == most)
    return likeliest if most >= ENOUGH_WORDS and len(likeliest) == 1 else UNKNOWN


def _covered(written: str, phrases: dict[str, frozenset[str]]) -> tuple[frozenset[str], str]:
    """Return the trades of the phrases that are written, and what is written beside them."""
    trades = UNKNOWN
    for phrase, its_trades in phrases.items():
        if phrase in written:
            trades |= its_trades
            written = written.replace(phrase, " | ")
    return trades, written


def _spaced(text: str) -> str:
    """Return the words of a text with a space on both sides of each, so that a phrase is found as words."""
    return f" {' '.join(WORD.findall(text.lower()))} "


@cache
def _trades() -> _Trades:
    tables = vocabulary.load("trades.toml")
    return _Trades(
        titles=_by_phrase({trade: table["titles"] for trade, table in tables.items()}),
        fields=_by_phrase({trade: table["fields"] for trade, table in tables.items()}),
        words=_by_phrase({trade: table["words"] for trade, table in tables.items()}),
        common={trade: frozenset(table["common"]) for trade, table in tables.items()},
    )


def _by_phrase(lists: dict[str, list[str]]) -> dict[str, frozenset[str]]:
    trades: dict[str, frozenset[str]] = {}
    for trade, phrases in lists.items():
        for phrase in phrases:
            trades[_spaced(phrase)] = trades.get(_spaced(phrase), UNKNOWN) | {trade}
    return {phrase: trades[phrase] for phrase in sorted(trades, key=len, reverse=True)}
