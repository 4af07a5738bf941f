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
Scores = dict[Grade, float | None]


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


def measured(questions: Iterable[data.Question], measure: Measure) -> list[Scores]:
    """Return what an engine gives each answer, by question and grade."""
    return [{grade: measure(item, grade) for grade in Grade} for item in questions]


def share(scores: list[Scores], better: Grade, worse: Grade) -> str:
    """Return how often the better answer of a question gets more; a tie or a missing number is no."""
    pairs = [(by_grade[better], by_grade[worse]) for by_grade in scores]
    right = sum(high is not None and low is not None and high > low for high, low in pairs)
    return f"{right} of {len(pairs)}"


def main() -> None:
    """Print the table."""
    questions = [item for item in data.seen() if item.kind is data.Kind.STORY]
    scores, words = measured(questions, built_in), measured(questions, length)
    print(f"{len(questions)} questions (seen half); stories only so far\n")
    print("| what | built-in | length alone |\n| --- | --- | --- |")
    for name, better, worse in ORDERS:
        print(f"| {name} | {share(scores, better, worse)} | {share(words, better, worse)} |")
    for grade in Grade:
        numbered = [score for by_grade in scores if (score := by_grade[grade]) is not None]
        mean = f"{fmean(numbered):.0f}" if numbered else "-"
        count = fmean(by_grade[grade] or 0 for by_grade in words)
        print(
            f"| {grade}: mean, with a number | {mean}, {len(numbered)} of {len(scores)} | {count:.0f} words |"
        )


if __name__ == "__main__":
    main()
