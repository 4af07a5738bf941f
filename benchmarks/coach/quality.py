"""How well an engine judges answers of known quality, on both halves of the data: `make quality-coach`.

Without a key it is the built-in coach; with `OPENAI_API_KEY`, `OPENAI_BASE_URL` or `GEMINI_API_KEY` that model.
`--seen` leaves the unseen half alone, as whoever tunes has to; `--keep` writes what
`GET /api/v1/interview/evaluators` shows.
"""

import asyncio
import datetime
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import data
import measures
from data import Grade
from measures import Engine, Half

from common.errors import LLMProviderError
from interview import measurements
from interview.coaching import evaluator, reading, rule_based
from interview.coaching.evaluation import EvaluatedBy, Evaluation, Kind
from interview.measurements import EngineMeasurements, MeasuredOn, Measurement
from interview.questions.question import Question
from llm import settings as llm
from llm.chain import Chain
from llm.settings import LLMSettings

BEFORE = {
    "excellent over decent": "5 of 16",
    "decent over weak": "7 of 16",
    "decent over fluent and wrong": "2 of 16",
    "answers with a number": "47 of 64",
}


@cache
def built_in(question: Question, answer: str) -> Evaluation:
    """Return the built-in coach's evaluation."""
    return rule_based.evaluate(reading.read(question, answer))


def by_models(chain: Chain) -> Engine:
    """Return the engine that asks the language models of a chain; where none answers there is no number."""
    runner = asyncio.Runner()

    @cache
    def judge(question: Question, answer: str) -> Evaluation:
        try:
            return runner.run(evaluator.evaluate(chain, question, answer))
        except LLMProviderError as error:
            return Evaluation(
                kind=Kind.FAILED, note=str(error), evaluated_by=EvaluatedBy(engine=chain.engines[0])
            )

    return judge


def rows(engine: Engine, half: Half) -> dict[str, tuple[str, str]]:
    """Return what is measured: by name the engine's figure and that of length alone."""
    scores, lengths = measures.scores(engine, half), measures.lengths(half)
    table = {
        name: (str(measures.order(scores, better, worse)), str(measures.order(lengths, better, worse)))
        for name, better, worse in measures.ORDERS
    }
    table["excellent over decent over weak"] = (
        str(measures.in_order(scores)),
        str(measures.in_order(lengths)),
    )
    table["answers with a number"] = (str(measures.numbered(scores)), "")
    words = measures.means(lengths)
    for grade, mean in measures.means(scores).items():
        table[f"mean score, {grade.value.replace('_', ' and ')}"] = (
            f"{mean:.0f}",
            f"{words[grade]:.0f} words",
        )
    for form, change in measures.said_otherwise(engine, half).items():
        table[f"change when said otherwise: {form.replace('_', ' ')}"] = (str(change), "")
    table["points of explanations"] = (str(measures.points(engine, half)), "")
    table["points, said otherwise"] = (str(measures.points(engine, half, paraphrased=True)), "")
    for name, share in measures.floor(engine, half).items():
        table[f"at the floor: {name}"] = (str(share), "")
    for name, share in measures.injections(engine, half).items():
        table[f"injections earn nothing: {name}"] = (str(share), "")
    return table


def main(arguments: Sequence[str]) -> None:
    """Print the tables."""
    chain = llm.chain(LLMSettings())
    engine, name = (by_models(chain), chain.engines[0]) if chain.available else (built_in, "built-in")
    halves = [Half("seen", data.seen(), data.injections())]
    if "--seen" not in arguments:
        halves.append(Half("unseen", data.unseen(), data.injections(data.UNSEEN)))
    for half in halves:
        print(f"\n{len(half.questions)} questions, {len(half.injections)} injections ({half.name} half)\n")
        print(f"| what | {name} | length alone | engine before |\n| --- | --- | --- | --- |")
        table = rows(engine, half)
        for measure, (value, length) in table.items():
            print(f"| {measure} | {value} | {length} | {BEFORE.get(measure, '')} |")
        if "--keep" in arguments:
            example = engine(measures.judged(half.questions[0]), half.questions[0].answer(Grade.DECENT))
            keep(half, table, example.evaluated_by)


def keep(half: Half, table: dict[str, tuple[str, str]], by: EvaluatedBy) -> None:
    """Keep a table in the package, where the service shows it."""
    measured = EngineMeasurements(
        engine=by.engine,
        model=by.model,
        date=datetime.datetime.now(datetime.UTC).date(),
        data=MeasuredOn(questions=len(half.questions), half=half.name),
        rows=tuple(Measurement(name=name, text=text) for name, (text, _) in table.items()),
    )
    measurements.keep(measured, Path(measurements.__file__).parent)


if __name__ == "__main__":
    main(sys.argv[1:])
