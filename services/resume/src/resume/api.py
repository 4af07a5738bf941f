"""Routes of résumés: each states what it takes, makes one call and answers."""

from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse

from common import paths
from common.web.idempotency import IdempotencyDep
from common.web.identity import CurrentUser
from common.web.live import NotifierDep
from common.web.pagination import Cursor, Limit, Page
from common.web.transaction import Session, SessionMakerDep
from resume import progress, resumes
from resume.models import Resume, address_of
from resume.schemas import ResumeChange, ResumeDetail, ResumeSummary
from resume.upload import checks
from resume.upload.multipart import BODY, IncomingResume

BYTES = {  # told as bytes: a client that is generated from PDF and text side by side takes it all for text
    "description": "The file's bytes. `Content-Type` is that of its kind, such as `application/pdf`.",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
UNBUFFERED = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

router = APIRouter(prefix=paths.RESUME, tags=["resume"])


@router.post("/upload", status_code=202, openapi_extra=BODY)
async def upload_resume(
    file: IncomingResume, session: Session, idempotency: IdempotencyDep, response: Response
) -> ResumeSummary:
    """Take a résumé (PDF, DOCX, TXT or MD, at most 5 MiB) and have it read; follow the task to see when it is."""
    summary = await resumes.upload(session, idempotency, file)
    response.headers["Location"] = address_of(summary.id)
    return summary


@router.get("/", include_in_schema=False)
@router.get("")
async def list_resumes(
    session: Session, user: CurrentUser, limit: Limit = 20, cursor: Cursor = None
) -> Page[ResumeSummary]:
    """List the caller's résumés, newest first."""
    page, following = await resumes.list(session, user.id, limit, cursor)
    return Page(items=[ResumeSummary.model_validate(resume) for resume in page], next_cursor=following)


@router.get("/{resume_id}")
async def get_resume(resume_id: UUID, session: Session, user: CurrentUser) -> ResumeDetail:
    """Show a résumé: its profile, where in the text each value was found, and how well it could be read."""
    return ResumeDetail.model_validate(await resumes.get(session, user.id, resume_id, contents=True))


@router.patch("/{resume_id}")
async def change_resume(
    resume_id: UUID, change: ResumeChange, session: Session, user: CurrentUser
) -> ResumeDetail:
    """Give a résumé another title."""
    return ResumeDetail.model_validate(await resumes.rename(session, user.id, resume_id, change.title))


@router.delete("/{resume_id}", status_code=204)
async def delete_resume(resume_id: UUID, session: Session, user: CurrentUser) -> None:
    """Remove a résumé, its file and all that was read from it."""
    await resumes.delete(session, user.id, resume_id)


@router.get("/{resume_id}/file", response_class=Response, responses={200: BYTES})
async def download_resume(resume_id: UUID, session: Session, user: CurrentUser) -> Response:
    """Give the file back as it came."""
    stored = await resumes.file(session, user.id, resume_id)
    headers = {
        "Content-Disposition": checks.attachment(stored.name),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
    }
    return Response(stored.data, media_type=stored.media_type, headers=headers)


@router.post("/{resume_id}/reparse", status_code=202)
async def reparse_resume(
    resume_id: UUID, session: Session, user: CurrentUser, response: Response
) -> ResumeSummary:
    """Have a résumé read again; one that is being read already is left to that."""
    resume = await resumes.reparse(session, user.id, resume_id)
    response.headers["Location"] = address_of(resume.id)
    return ResumeSummary.model_validate(resume)


class EventStream(StreamingResponse):
    """Server-sent events; FastAPI's own class describes them in words that OpenAPI 3.1 does not have."""

    media_type = "text/event-stream"


async def owned_resume(resume_id: UUID, session: Session, user: CurrentUser) -> Resume:
    """Refuse what is not the caller's before a stream begins."""
    return await resumes.get(session, user.id, resume_id)


@router.get(
    "/{resume_id}/events",
    response_class=EventStream,
    dependencies=[Depends(owned_resume)],
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def follow_resume(
    resume_id: UUID, sessionmaker: SessionMakerDep, notifier: NotifierDep, user: CurrentUser
) -> StreamingResponse:
    """Follow the reading of a résumé as server-sent events named `status`, until it has ended."""
    return EventStream(progress.stream(sessionmaker, notifier, user.id, resume_id), headers=UNBUFFERED)
