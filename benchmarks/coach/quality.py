"""How the built-in engine orders answers of known quality, beside their length alone: `make quality-coach`."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).parent))

import data
from data import Grade

from interview.coaching import reading, rule_based
from interview.questions import question

ORDERS = (
    ("excellent over decent", Grade.EXCELLENT, Grade.DECENT),
    ("decent over weak", Grade.DECENT, Grade.WEAK),
    ("decent over fluent and wrong", Grade.DECENT, Grade.FLUENT_WRONG),
)
Measure = Callable[[data.Question, Grade], float | None]


def built_in(asked: data.Question, grade: Grade) -> float | None:
    """Return the built-in engine's score of an answer."""
    judged = question.Question(
        text=asked.text,
        kind=question.Kind.BEHAVIOURAL,
        level=question.Level.MID,
        competency=asked.competency,
    )
    return rule_based.evaluate(reading.read(judged, asked.answer(grade))).score


def length(asked: data.Question, grade: Grade) -> float | None:
    """Return how many words an answer has."""
    return float(len(asked.answer(grade).split()))


def share(asked: Iterable[data.Question], measure: Measure, better: Grade, worse: Grade) -> str:
    """Return how often the better answer of a question gets more; a tie or a missing number is no."""
    pairs = [(measure(item, better), measure(item, worse)) for item in asked]
    right = sum(high is not None and low is not None and high > low for high, low in pairs)
    return f"{right} of {len(pairs)}"


def main() -> None:
    """Print the table."""
    questions = data.seen()
    print(f"{len(questions)} questions (seen half); stories only so far\n")
    print("| what | built-in | length alone |\n| --- | --- | --- |")
    for name, better, worse in ORDERS:
        row = [share(questions, measure, better, worse) for measure in (built_in, length)]
        print(f"| {name} | {row[0]} | {row[1]} |")
    for grade in Grade:
        scores = [built_in(asked, grade) for asked in questions]
        numbered = [score for score in scores if score is not None]
        words = fmean(length(asked, grade) or 0 for asked in questions)
        mean = f"{fmean(numbered):.0f}" if numbered else "-"
        print(
            f"| {grade}: mean, with a number | {mean}, {len(numbered)} of {len(scores)} | {words:.0f} words |"
        )


if __name__ == "__main__":
    main()
