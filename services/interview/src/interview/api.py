"""The routes of interviews."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from common import paths
from common.web.idempotency import IdempotencyDep
from common.web.identity import MODERATORS, CurrentUser, Moderator
from common.web.live import NotifierDep
from common.web.pagination import Cursor, Limit, Page
from common.web.prefer import Wait
from common.web.transaction import Session, SessionMakerDep
from interview import answers, curation, evaluations, interviews, measurements, reports, starting
from interview.bank_schema import BankQuestionChange, NewBankQuestion, SeenVersion
from interview.measurements import EngineMeasurements
from interview.models import Status
from interview.questions import bank
from interview.questions.bank import BankQuestion
from interview.report_schema import ReportFormat, ReportFormatDep
from interview.schemas import (
    AnswerOut,
    BankQuestionOut,
    GiveAnswer,
    InterviewDetail,
    InterviewOut,
    QuestionOut,
    Report,
    StartInterview,
)

router = APIRouter(prefix=paths.INTERVIEW, tags=["interview"])


@router.post("/start", status_code=status.HTTP_201_CREATED)
async def start_interview(
    sessionmaker: SessionMakerDep,
    notifier: NotifierDep,
    idempotency: IdempotencyDep,
    body: StartInterview,
    response: Response,
) -> InterviewDetail:
    """Start an interview fitted to a résumé and a job; it comes with its first question."""
    begun = await starting.start(sessionmaker, notifier, idempotency, body)
    response.headers["Location"] = f"{router.prefix}/{begun.id}"
    return begun


@router.get("")
@router.get("/", include_in_schema=False)
async def list_interviews(
    session: Session, user: CurrentUser, limit: Limit = 20, cursor: Cursor = None
) -> Page[InterviewOut]:
    """List your interviews, the newest first."""
    items, next_cursor = await interviews.list(session, user.id, limit, cursor)
    return Page(items=[InterviewOut.of(item) for item in items], next_cursor=next_cursor)


@router.get("/questions")
async def list_bank_questions(
    session: Session, _: CurrentUser, limit: Limit = 100, cursor: Cursor = None
) -> Page[BankQuestionOut]:
    """List the question bank."""
    items, next_cursor = bank.page(await curation.questions(session), limit, cursor)
    return Page(items=[BankQuestionOut.model_validate(item) for item in items], next_cursor=next_cursor)


@router.post("/questions", status_code=status.HTTP_201_CREATED, dependencies=[MODERATORS])
async def add_bank_question(
    session: Session, idempotency: IdempotencyDep, body: NewBankQuestion, response: Response
) -> BankQuestion:
    """Add a question to the bank; moderators only."""
    question = await curation.add(session, idempotency, body)
    response.headers["Location"] = f"{router.prefix}/questions/{question.id}"
    return question


@router.get("/questions/{question_id}", dependencies=[MODERATORS])
async def get_bank_question(session: Session, question_id: str) -> BankQuestion:
    """Show a question with everything an answer to it is judged by; moderators only."""
    return await curation.find(session, question_id)


@router.patch("/questions/{question_id}")
async def change_bank_question(
    session: Session, moderator: Moderator, question_id: str, body: BankQuestionChange
) -> BankQuestion:
    """Write the next version of a question; moderators only. Questions asked already stay as they were asked."""
    return await curation.change(session, moderator.id, question_id, body)


@router.delete("/questions/{question_id}", status_code=status.HTTP_204_NO_CONTENT)
async def retire_bank_question(
    session: Session, moderator: Moderator, question_id: str, version: SeenVersion
) -> None:
    """Take a question out of the bank; moderators only. Where it was asked already it stays."""
    await curation.retire(session, moderator.id, question_id, version)


@router.get("/evaluators")
async def list_evaluators(_: CurrentUser) -> Page[EngineMeasurements]:
    """Show how well each engine judged answers of known quality when it was last measured."""
    return Page(items=list(measurements.load().engines))


@router.get("/{interview_id}")
async def get_interview(session: Session, user: CurrentUser, interview_id: UUID) -> InterviewDetail:
    """Show an interview with everything said in it so far."""
    return InterviewDetail.of(await interviews.get(session, user.id, interview_id))


@router.delete("/{interview_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_interview(session: Session, user: CurrentUser, interview_id: UUID) -> None:
    """Erase an interview with everything said in it."""
    await interviews.delete(session, user.id, interview_id)


@router.get("/{interview_id}/next")
async def next_question(session: Session, user: CurrentUser, interview_id: UUID) -> QuestionOut:
    """Show the question to answer now."""
    return QuestionOut.of(await interviews.next_question(session, user.id, interview_id))


@router.post("/{interview_id}/answer", responses={202: {"model": AnswerOut}})
async def answer_question(
    sessionmaker: SessionMakerDep,
    notifier: NotifierDep,
    idempotency: IdempotencyDep,
    interview_id: UUID,
    body: GiveAnswer,
    wait: Wait,
    response: Response,
) -> AnswerOut:
    """Answer a question, or skip it. Evaluation follows; `Prefer: wait=N` waits for it."""
    answer = await answers.submit(sessionmaker, idempotency, interview_id, body)
    answer = await evaluations.wait_until_evaluated(sessionmaker, notifier, interview_id, answer, wait)
    done = answer.evaluation.status is Status.DONE
    response.status_code = status.HTTP_200_OK if done else status.HTTP_202_ACCEPTED
    if wait:
        response.headers["Preference-Applied"] = f"wait={wait}"
    return AnswerOut.of(answer, interview_id)


@router.post("/{interview_id}/end", status_code=status.HTTP_202_ACCEPTED)
async def end_interview(session: Session, user: CurrentUser, interview_id: UUID) -> InterviewDetail:
    """End an interview; its report follows when every answer is evaluated."""
    return InterviewDetail.of(await interviews.end(session, user.id, interview_id))


@router.get(
    "/{interview_id}/report",
    response_model=Report,
    responses={200: {"content": {ReportFormat.MARKDOWN.value: {"schema": {"type": "string"}}}}},
)
async def get_report(
    sessionmaker: SessionMakerDep, user: CurrentUser, interview_id: UUID, report_format: ReportFormatDep
) -> Response:
    """Show the report of an interview, as JSON or Markdown; 409 with its progress while it is being written."""
    content = await reports.written(sessionmaker, user.id, interview_id, report_format)
    return Response(content, media_type=report_format.value, headers={"Vary": "Accept"})
