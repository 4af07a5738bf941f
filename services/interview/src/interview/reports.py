"""The report of an interview: what was found, with quotes, and the numbers last."""

import asyncio
from collections.abc import Iterable, Sequence
from uuid import UUID

from common.db.engine import SessionMaker
from common.errors import DuplicateEntityError
from interview import interviews, report_markdown, scores
from interview.coaching.evaluation import BUILT_IN, EvaluatedBy
from interview.models import GIVEN_UP, Interview, Question, State
from interview.report_schema import ReportFormat
from interview.schemas import AnsweredQuestion, CompetencyScore, Report
from interview.text import vocabulary

MOST = 5


class ReportNotReady(DuplicateEntityError):
    """The interview goes on, or its answers are still being evaluated; says how many are."""

    code = "report_not_ready"
    title = "The report is not ready"


async def written(
    sessionmaker: SessionMaker, owner_id: UUID, interview_id: UUID, report_format: ReportFormat
) -> str:
    """Return the report of an interview in the format asked for, put together in a thread and outside of transactions.

    Raises:
        InterviewNotFound: there is no such interview of theirs.
        ReportNotReady: it has not ended, or not every answer is evaluated.
    """
    async with sessionmaker() as session:
        interview = await interviews.get(session, owner_id, interview_id)
        if interview.state is not State.COMPLETED:
            evaluated, total = await interviews.progress(session, interview_id)
            raise _not_ready(interview.state, evaluated, total)
    return await asyncio.to_thread(_write, interview, report_format)


def _not_ready(state: State, evaluated: int, total: int) -> ReportNotReady:
    details = {
        State.COMPLETING: f"{evaluated} of {total} answers are evaluated; ask again shortly.",
        State.ABANDONED: GIVEN_UP,
    }
    unfinished = "The interview has not ended: answer its questions or end it first."
    progress = {"evaluated": evaluated, "total": total}
    return ReportNotReady(details.get(state, unfinished), retry_after=2, extensions={"progress": progress})


def _write(interview: Interview, report_format: ReportFormat) -> str:
    report = build(interview)
    return (
        report_markdown.render(report) if report_format is ReportFormat.MARKDOWN else report.model_dump_json()
    )


def build(interview: Interview) -> Report:
    """Return the report of a completed interview with everything loaded."""
    answered = [question for question in interview.questions if question.answer is not None]
    shown = [AnsweredQuestion.of(question) for question in interview.questions]
    engines = _engines(answered)
    return Report(
        interview_id=interview.id,
        job_title=interview.job_title,
        kind=interview.kind,
        level=interview.level,
        created_at=interview.created_at,
        completed_at=interview.completed_at,
        questions=len(interview.questions),
        answered=sum(not answered.skipped and answered.answer_id is not None for answered in shown),
        skipped=sum(answered.skipped for answered in shown),
        scored=sum(
            answered.evaluation is not None and answered.evaluation.score is not None for answered in shown
        ),
        overall=interview.overall,
        evaluated_by=_together(engines),
        engines=engines,
        competencies=_competencies(shown),
        strengths=_gathered(answered.evaluation.strengths for answered in shown if answered.evaluation),
        improvements=_gathered(answered.evaluation.improvements for answered in shown if answered.evaluation),
        answers=shown,
    )


def _engines(questions: Iterable[Question]) -> list[EvaluatedBy]:
    """Return who judged: one entry for each engine, model and prompt. What no engine was needed for counts for none."""
    engines: dict[tuple[str, str | None, str | None], EvaluatedBy] = {}
    for question in questions:
        content = question.answer.evaluation.content if question.answer else None
        if content is None or not content.by_engine:
            continue
        by = content.evaluated_by
        key = (by.engine, by.model, by.prompt_hash)
        so_far = engines.get(key)
        engines[key] = EvaluatedBy(
            engine=by.engine,
            model=by.model,
            prompt_hash=by.prompt_hash,
            runs=by.runs + (so_far.runs if so_far else 0),
            input_tokens=by.input_tokens + (so_far.input_tokens if so_far else 0),
            output_tokens=by.output_tokens + (so_far.output_tokens if so_far else 0),
        )
    return list(engines.values())


def _together(engines: Sequence[EvaluatedBy]) -> EvaluatedBy:
    if not engines:
        return EvaluatedBy(engine=BUILT_IN, runs=0)
    if len(engines) == 1:
        return engines[0]
    return EvaluatedBy(
        engine="mixed",
        runs=sum(engine.runs for engine in engines),
        input_tokens=sum(engine.input_tokens for engine in engines),
        output_tokens=sum(engine.output_tokens for engine in engines),
    )


def _competencies(shown: Sequence[AnsweredQuestion]) -> list[CompetencyScore]:
    by_name: dict[str, list[AnsweredQuestion]] = {}
    for answered in shown:
        if answered.answer_id is not None and not answered.skipped:
            by_name.setdefault(answered.question.competency, []).append(answered)
    return [
        CompetencyScore(
            competency=competency,
            name=vocabulary.competency_name(competency),
            score=scores.mean(answered.evaluation.score for answered in group if answered.evaluation),
            answers=len(group),
        )
        for competency, group in by_name.items()
    ]


def _gathered(texts: Iterable[Sequence[str]]) -> list[str]:
    """Return the first of each answer, then the second of each, and so on, each text once."""
    groups = [list(group) for group in texts]
    turns = [
        group[turn]
        for turn in range(max(map(len, groups), default=0))
        for group in groups
        if turn < len(group)
    ]
    return list(dict.fromkeys(turns))[:MOST]
