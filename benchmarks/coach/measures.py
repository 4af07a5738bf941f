"""What is measured of an engine: each measure takes the answers of one half and returns counts that a table shows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import data
import variants
from data import Form, Grade, Part

from interview.coaching import evaluation
from interview.coaching.evaluation import Evaluation
from interview.measurements import HalfName
from interview.questions import bank, question
from interview.questions.question import Guidance, Point

ORDERS = (
    ("excellent over decent", Grade.EXCELLENT, Grade.DECENT),
    ("decent over weak", Grade.DECENT, Grade.WEAK),
    ("decent over fluent and wrong", Grade.DECENT, Grade.FLUENT_WRONG),
)
FLOOR = 10.0
OTHER = 7  # how many questions further the answer about something else is taken from
PART_NAMES = {
    Part.SITUATION: "situation",
    Part.TASK: "task",
    Part.ACTION: "action",
    Part.RESULT: "result",
    Part.REFLECTION: "reflection",
}

Engine = Callable[[question.Question, str], Evaluation]


@dataclass(frozen=True)
class Half:
    """The questions of one half with what every engine is asked about them."""

    name: HalfName
    questions: tuple[data.Question, ...]
    injections: tuple[data.Injection, ...]


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    right: int
    of: int

    def __str__(self) -> str:
        return f"{self.right} of {self.of} ({100 * self.right / self.of:.0f} %)" if self.of else "-"


def judged(item: data.Question) -> question.Question:
    """Return a question as it is judged: the bank's, or what the data say where the bank has none."""
    banked = bank.by_id().get(item.id)
    if banked is not None:
        return banked.at(question.Level.MID)
    story = item.kind is data.Kind.STORY
    return question.Question(
        text=item.text,
        kind=question.Kind.BEHAVIOURAL if story else question.Kind.TECHNICAL,
        level=question.Level.MID,
        competency=item.competency,
        points=tuple(Point(point=point, any=()) for point in item.points),
        guidance=Guidance(main=item.main),
    )


Scores = dict[Grade, float | None]


def scores(engine: Engine, half: Half) -> list[Scores]:
    """Return what an engine gives each answer, by question and grade."""
    return [
        {grade: engine(judged(item), item.answer(grade)).score for grade in Grade} for item in half.questions
    ]


def lengths(half: Half) -> list[Scores]:
    """Return how many words each answer has, as if that were its score."""
    return [{grade: float(len(item.answer(grade).split())) for grade in Grade} for item in half.questions]


def order(by_question: Iterable[Scores], better: Grade, worse: Grade) -> Share:
    """Return how often the better answer of a question gets more; a tie or a missing number is no."""
    pairs = [(by_grade[better], by_grade[worse]) for by_grade in by_question]
    return Share(sum(high is not None and low is not None and high > low for high, low in pairs), len(pairs))


def in_order(by_question: Iterable[Scores]) -> Share:
    """Return in how many questions excellent > decent > weak, each with a number."""
    rows = list(by_question)
    chains = [[row[grade] for grade in (Grade.EXCELLENT, Grade.DECENT, Grade.WEAK)] for row in rows]
    right = sum(
        all(high is not None and low is not None and high > low for high, low in pairwise(chain))
        for chain in chains
    )
    return Share(right, len(rows))


def numbered(by_question: Iterable[Scores]) -> Share:
    """Return how many answers have a number."""
    values = [score for row in by_question for score in row.values()]
    return Share(sum(score is not None for score in values), len(values))


@dataclass(frozen=True)
class Change:
    """How much a score moved when the same was said otherwise, in points, and how often the number was lost."""

    mean: float
    largest: float
    lost: int
    of: int

    def __str__(self) -> str:
        return (
            f"{self.mean:.1f} points (at most {self.largest:.0f}), {self.lost} of {self.of} lost"
            if self.of
            else "-"
        )


def said_otherwise(engine: Engine, half: Half) -> dict[str, Change]:
    """Return by form how much the score of a decent answer moves."""
    forms: dict[str, list[tuple[data.Question, str]]] = {form.value: [] for form in Form}
    for item in half.questions:
        decent = item.answer(Grade.DECENT)
        for form, sentences in item.otherwise.items():
            forms[form.value].append((item, data.spoken(sentences)))
        for change in (
            variants.without_punctuation,
            variants.dictated,
            variants.with_typos,
            variants.swapped,
        ):
            forms.setdefault(change.__name__, []).append((item, change(decent)))
    return {form: _change(engine, pairs) for form, pairs in forms.items()}


def _change(engine: Engine, pairs: Sequence[tuple[data.Question, str]]) -> Change:
    before = [engine(judged(item), item.answer(Grade.DECENT)).score for item, _ in pairs]
    after = [engine(judged(item), text).score for item, text in pairs]
    moved = [
        abs(old - new) for old, new in zip(before, after, strict=True) if old is not None and new is not None
    ]
    lost = sum(old is not None and new is None for old, new in zip(before, after, strict=True))
    return Change(fmean(moved) if moved else 0.0, max(moved, default=0.0), lost, len(pairs))


@dataclass(frozen=True)
class Detection:
    """How well labelled things were seen."""

    true: int
    missed: int
    false: int

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        total = 2 * self.true + self.missed + self.false
        return 2 * self.true / total if total else 0.0

    @property
    def recall(self) -> float:
        """The share of what is there that was seen."""
        return self.true / (self.true + self.missed) if self.true + self.missed else 0.0

    def __str__(self) -> str:
        return f"F1 {self.f1:.2f}, recall {self.recall:.2f} ({self.true + self.missed} labelled)"


def detection(pairs: Iterable[tuple[frozenset[object], frozenset[object]]]) -> Detection:
    """Return the detection of pairs of what is there and what was seen."""
    rows = list(pairs)
    return Detection(
        sum(len(there & seen) for there, seen in rows),
        sum(len(there - seen) for there, seen in rows),
        sum(len(seen - there) for there, seen in rows),
    )


def points(engine: Engine, half: Half, *, paraphrased: bool = False) -> Detection:
    """Return how well the points of explanations are seen, by answer."""
    pairs: list[tuple[frozenset[object], frozenset[object]]] = []
    for item in half.questions:
        if item.kind is data.Kind.EXPLANATION:
            texts = item.otherwise.values() if paraphrased else [*item.answers.values(), item.negated]
            pairs += [_points(engine, item, sentences) for sentences in texts if sentences]
    return detection(pairs)


def _points(
    engine: Engine, item: data.Question, sentences: Sequence[data.Sentence]
) -> tuple[frozenset[object], frozenset[object]]:
    made = frozenset(point for sentence in sentences for point in sentence.made if point > 0)
    result = engine(judged(item), data.spoken(sentences))
    seen = frozenset(
        int(criterion.id.removeprefix("point_"))
        for criterion in result.criteria
        if criterion.id.startswith("point_") and criterion.points
    )
    return made, seen


def floor(engine: Engine, half: Half) -> dict[str, Share]:
    """Return by kind of non-answer how often it gets no number or at most 10."""
    cases: dict[str, list[tuple[data.Question, str]]] = {}
    for number, item in enumerate(half.questions):
        other = half.questions[(number + OTHER) % len(half.questions)]
        cases.setdefault("gibberish", []).extend((item, text) for text in variants.GIBBERISH)
        cases.setdefault("nothing said", []).extend((item, text) for text in variants.NOTHING)
        cases.setdefault("the question echoed", []).append((item, f"{item.text} {item.text}"))
        cases.setdefault("points pasted", []).append((item, variants.points_pasted(item)))
        if item.kind is data.Kind.EXPLANATION and other.trade != item.trade:
            cases.setdefault("another topic", []).append((item, other.answer(Grade.EXCELLENT)))
        if item.negated:
            cases.setdefault("points denied", []).append((item, data.spoken(item.negated)))
    return {name: _floored(engine, texts) for name, texts in cases.items()}


def _floored(engine: Engine, texts: Sequence[tuple[data.Question, str]]) -> Share:
    values = [engine(judged(item), text).score for item, text in texts]
    return Share(sum(value is None or value <= FLOOR for value in values), len(values))


def injections(engine: Engine, half: Half) -> dict[str, Share]:
    """Return how often what is written to raise a score leaves it where it was, added to a weak answer and alone."""
    beside: list[bool] = []
    alone: list[bool] = []
    for number, injection in enumerate(half.injections):
        item = half.questions[number % len(half.questions)]
        weak = item.answer(Grade.WEAK)
        base = engine(judged(item), weak).score or 0.0
        texts = (f"{weak} {injection.text}", f"{injection.text}\n{weak}")
        beside += [(engine(judged(item), text).score or 0.0) <= base for text in texts]
        alone.append((engine(judged(item), injection.text).score or 0.0) <= FLOOR)
    twice = [
        (engine(judged(item), f"{item.answer(Grade.WEAK)} {item.answer(Grade.WEAK)}").score or 0.0)
        <= (engine(judged(item), item.answer(Grade.WEAK)).score or 0.0)
        for item in half.questions
    ]
    return {
        "beside a weak answer": Share(sum(beside), len(beside)),
        "alone": Share(sum(alone), len(alone)),
        "said twice": Share(sum(twice), len(twice)),
    }


def means(by_question: Iterable[Scores]) -> dict[Grade, float]:
    """Return the mean score of each grade."""
    rows = list(by_question)
    return {grade: fmean([row[grade] or 0.0 for row in rows]) for grade in Grade}


def verbatim(result: Evaluation, text: str) -> bool:
    """Return whether each quote stands in the text where it says it does."""
    quotes = [quote for criterion in result.criteria for quote in criterion.quotes]
    return all(
        isinstance(quote, evaluation.Quote) and text[quote.start : quote.end] == quote.text
        for quote in quotes
    )
