"""Write five whole reports into docs/examples: the same interview answered at four levels, and mixed."""

import datetime
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent))

import data
import measures
from data import Grade

from interview import report_markdown, reports, scores
from interview.coaching import reading, rule_based
from interview.models import Answer, Evaluation, Interview, Question, State, Status
from interview.questions.question import Kind, Level

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
ASKED = ("conflict-between-others", "db-index", "failure-own", "design-booking", "exp-incident")
EXAMPLES: dict[str, Sequence[Grade]] = {
    "excellent": [Grade.EXCELLENT] * 5,
    "decent": [Grade.DECENT] * 5,
    "weak": [Grade.WEAK] * 5,
    "fluent-and-wrong": [Grade.FLUENT_WRONG] * 5,
    "mixed": [Grade.EXCELLENT, Grade.WEAK, Grade.DECENT, Grade.FLUENT_WRONG, Grade.EXCELLENT],
}
WHEN = datetime.datetime(2026, 11, 25, 10, tzinfo=datetime.UTC)


def answered(number: int, item: data.Question, grade: Grade) -> Question:
    """Return a question of an interview with its answer and the evaluation of it."""
    judged = measures.judged(item)
    text = item.answer(grade)
    content = rule_based.evaluate(reading.read(judged, text))
    evaluation = Evaluation(status=Status.DONE, score=content.score, content=content, evaluated_at=WHEN)
    answer = Answer(id=UUID(int=number), text=text, skipped=False, created_at=WHEN, evaluation=evaluation)
    return Question(
        id=UUID(int=number),
        number=number,
        source=f"bank:{item.id}",
        text=judged.text,
        kind=judged.kind,
        competency=judged.competency,
        why="An example.",
        answer=answer,
    )


def report(grades: Sequence[Grade]) -> str:
    """Return the report of an interview answered at these levels, as Markdown."""
    items = {item.id: item for item in data.seen()}
    questions = [
        answered(number, items[name], grade)
        for number, (name, grade) in enumerate(zip(ASKED, grades, strict=True), start=1)
    ]
    interview = Interview(
        id=UUID(int=0),
        job_title="Backend engineer",
        kind=Kind.MIXED,
        level=Level.MID,
        state=State.COMPLETED,
        created_at=WHEN,
        completed_at=WHEN,
        questions=questions,
    )
    interview.overall = scores.overall(
        question.answer.evaluation.score for question in questions if question.answer
    )
    return report_markdown.render(reports.build(interview))


def main() -> None:
    """Write the examples."""
    FOLDER.mkdir(exist_ok=True)
    for name, grades in EXAMPLES.items():
        (FOLDER / f"report-{name}.md").write_text(report(grades), encoding="utf-8")
        print(FOLDER / f"report-{name}.md")


if __name__ == "__main__":
    main()
