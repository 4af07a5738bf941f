"""The plan of an interview: code decides what is asked, from the résumé, the job and the bank, and says why."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from common.contracts.resume import ResumeContent
from interview.questions import bank, from_resume, made, trades
from interview.questions.bank import BankQuestion
from interview.questions.from_resume import PlannedQuestion
from interview.questions.made import Sort
from interview.questions.question import GAP, Kind, Level, Question
from interview.questions.topics import Naming
from interview.text import vocabulary, words

RESUME_SHARE = 0.4
GAP_FROM = 4
GAP_TEXT = (
    "The job mentions {topic}, and your résumé does not. Tell me about the nearest thing to it that you have done, "
    "and how you would close the gap."
)
DESIGNING = frozenset({trades.SOFTWARE, trades.DATA})  # trades in which systems are designed
KIND_NAMES = {
    Kind.BEHAVIOURAL: "behavioural",
    Kind.TECHNICAL: "technical",
    Kind.SYSTEM_DESIGN: "system design",
    Kind.MIXED: "job",
}


@dataclass(frozen=True)
class Wanted:
    """What the candidate wants to practise."""

    kind: Kind
    level: Level
    count: int
    job_title: str
    job_description: str = ""

    @property
    def job(self) -> str:
        """Everything said about the job."""
        return f"{self.job_title}\n{self.job_description}"


@dataclass
class _Choice:
    """What has been chosen so far, so that the next one differs from it."""

    chosen: list[PlannedQuestion] = field(default_factory=list)
    competencies: Counter[str] = field(default_factory=Counter)
    kinds: Counter[Kind] = field(default_factory=Counter)

    def take(self, planned: PlannedQuestion) -> bool:
        text = planned.question.text.casefold()
        if any(
            planned.source == earlier.source or text == earlier.question.text.casefold()
            for earlier in self.chosen
        ):
            return False
        self.chosen.append(planned)
        self.competencies[planned.question.competency] += 1
        self.kinds[planned.question.kind] += 1
        return True


@dataclass(frozen=True)
class _Named:
    """The topics of the trade, in the bank's order, that the job names and that the résumé names.

    Each stands as it is written there; of those in `common` nobody in the trade lacks one.
    """

    by_job: dict[str, str]
    by_resume: dict[str, str]
    common: frozenset[str]


def plan(
    wanted: Wanted,
    content: ResumeContent | None,
    asked_before: frozenset[str],
    seed: str,
    banked: Sequence[BankQuestion],
) -> list[PlannedQuestion]:
    """Return the questions of an interview in the order they are asked, no two of them the same.

    Pure computing, some 20 ms of it for the longest job and résumé: not for an event loop, nor for a transaction.
    `banked` is the bank as it stands. `asked_before` are the sources of questions this person was asked earlier: they
    come only when the bank has no other. Two interviews with the same wishes differ by `seed`; the same input always
    gives the same plan.
    """
    choice = _Choice()
    job_trades = _trades(wanted, content)
    if wanted.kind is Kind.SYSTEM_DESIGN and job_trades.isdisjoint(DESIGNING):
        wanted = replace(wanted, kind=Kind.TECHNICAL)
    pool = {question.id: question for question in bank.fitting(banked, wanted.kind, wanted.level, job_trades)}
    named = _named(wanted, content, job_trades, bank.topics(banked, job_trades))
    if content is not None:
        _from_resume(choice, wanted, content, named, asked_before)
    from_resume = len(choice.chosen)
    matched = {question.id: _matches(question, named) for question in pool.values()}
    while len(choice.chosen) < wanted.count and pool:
        best = min(
            pool.values(),
            key=lambda question: _cost(question, matched[question.id], wanted, choice, asked_before, seed),
        )
        choice.take(_from_bank(pool.pop(best.id), wanted, matched[best.id]))
    return _interleaved(choice.chosen[:from_resume], choice.chosen[from_resume:])


def _trades(wanted: Wanted, content: ResumeContent | None) -> frozenset[str]:
    """Return the trades of the job; where the job tells none, an interview about a craft is about the résumé's."""
    job_trades = trades.of_job(wanted.job_title, wanted.job_description)
    if job_trades or wanted.kind not in (Kind.TECHNICAL, Kind.SYSTEM_DESIGN):
        return job_trades
    resume_trades = trades.of_resume(content) if content is not None else trades.UNKNOWN
    if not resume_trades and wanted.kind is Kind.SYSTEM_DESIGN:
        return DESIGNING  # who asks for the design of systems says enough
    return resume_trades


def _from_resume(
    choice: _Choice,
    wanted: Wanted,
    content: ResumeContent,
    named: _Named,
    asked_before: frozenset[str],
) -> None:
    most = math.ceil(wanted.count * RESUME_SHARE)
    offered = from_resume.questions(content, wanted.kind, wanted.level, frozenset(words.stems(wanted.job)))
    for planned in offered:
        if len(choice.chosen) == most:
            break
        if planned.source not in asked_before:
            choice.take(planned)
    gap = _gap(wanted, named, asked_before)
    if gap is not None and wanted.count >= GAP_FROM and choice.chosen:
        choice.take(gap)


def _gap(wanted: Wanted, named: _Named, asked_before: frozenset[str]) -> PlannedQuestion | None:
    if wanted.kind is Kind.SYSTEM_DESIGN:
        return None
    for topic, mention in named.by_job.items():
        if topic in named.by_resume or topic in named.common:
            continue
        if f"gap:{topic}" in asked_before:
            continue
        question = Question(
            text=GAP_TEXT.format(topic=mention),
            kind=Kind.BEHAVIOURAL if wanted.kind is Kind.BEHAVIOURAL else Kind.MIXED,
            level=wanted.level,
            competency=GAP,
            topics=(topic,),
            points=made.points(Sort.GAP, {"topic": mention}),
            guidance=made.guidance(Sort.GAP, wanted.level, {"topic": mention}),
        )
        return PlannedQuestion(
            source=f"gap:{topic}", question=question, why=f"The job mentions {mention}; your résumé does not."
        )
    return None


def _named(
    wanted: Wanted,
    content: ResumeContent | None,
    job_trades: frozenset[str],
    topics: Sequence[str],
) -> _Named:
    resume = content.model_dump_json() if content is not None else ""
    return _Named(
        by_job=_mentions(wanted.job, topics),
        by_resume=_mentions(resume, topics),
        common=vocabulary.words("common_topics") | trades.common(job_trades),
    )


def _mentions(text: str, topics: Iterable[str]) -> dict[str, str]:
    naming = Naming(text)
    return {topic: mention for topic in topics if (mention := naming.find(topic))}


@dataclass(frozen=True)
class _Matches:
    """The topics a bank question shares with the job, and with the résumé."""

    job: tuple[str, ...]
    resume: tuple[str, ...]


def _matches(question: BankQuestion, named: _Named) -> _Matches:
    return _Matches(
        job=tuple(named.by_job[topic] for topic in question.topics if topic in named.by_job),
        resume=tuple(named.by_resume[topic] for topic in question.topics if topic in named.by_resume),
    )


def _cost(
    question: BankQuestion,
    matches: _Matches,
    wanted: Wanted,
    choice: _Choice,
    asked_before: frozenset[str],
    seed: str,
) -> float:
    chance = int(hashlib.sha256(f"{seed}:{question.id}".encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    return (
        1000.0 * (f"bank:{question.id}" in asked_before)
        + 100.0 * bank.distance(wanted.kind, question)
        + 10.0 * (wanted.level not in question.levels)
        + 4.0 * choice.competencies[question.competency]
        + 2.0 * (choice.kinds[question.kind] if wanted.kind is Kind.MIXED else 0)
        + 20.0 * (wanted.kind is Kind.TECHNICAL and question.kind is not Kind.TECHNICAL)
        - 3.0 * min(2, len(matches.job))
        - 2.0 * min(2, len(matches.resume))
        + 2.0 * chance
    )


def _from_bank(banked: BankQuestion, wanted: Wanted, matches: _Matches) -> PlannedQuestion:
    return PlannedQuestion(
        source=f"bank:{banked.id}", question=banked.at(wanted.level), why=_why(banked, wanted, matches)
    )


def _why(question: BankQuestion, wanted: Wanted, matches: _Matches) -> str:
    name = vocabulary.competency_name(question.competency)
    if matches.job:
        return f"The job mentions {matches.job[0]}; this asks about it under “{name}”."
    if matches.resume:
        return f"Your résumé mentions {matches.resume[0]}; this asks about it under “{name}”."
    return f"“{name}” is asked about in most {KIND_NAMES[wanted.kind]} interviews at {wanted.level} level."


def _interleaved(first: list[PlannedQuestion], second: list[PlannedQuestion]) -> list[PlannedQuestion]:
    """Return both in turn, beginning with the first, so that the résumé comes up early and again later."""
    if not first:
        return second
    every = max(1, round(len(second) / len(first)))
    mixed: list[PlannedQuestion] = []
    for number, planned in enumerate(first):
        mixed += [planned, *second[number * every : (number + 1) * every]]
    return [*mixed, *second[len(first) * every :]]
