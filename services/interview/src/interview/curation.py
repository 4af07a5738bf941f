"""The bank as moderators curate it: versions laid over the questions that come with the package."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from common.clock import utcnow
from common.db import tombstones
from common.errors import DuplicateEntityError, EntityNotFoundError, ValidationError
from common.web.idempotency import IdempotencyContext, fingerprint, run_once
from interview.bank_schema import BankQuestionChange, NewBankQuestion
from interview.models import BankQuestionVersion
from interview.questions import bank
from interview.questions.bank import BankContent, BankQuestion
from interview.questions.question import Kind

EXPLANATIONS = (Kind.TECHNICAL, Kind.SYSTEM_DESIGN)


class BankQuestionNotFound(EntityNotFoundError):
    """The bank has no such question, or it was retired."""

    code = "question_not_found"
    title = "The bank has no such question"


class BankQuestionExists(DuplicateEntityError):
    """The id is taken, by a question of today or by one that was retired."""

    code = "question_exists"
    title = "This id is taken"


class BankQuestionChanged(DuplicateEntityError):
    """Somebody else made a newer version."""

    code = "question_changed"
    title = "There is a newer version of the question"


async def questions(session: AsyncSession) -> tuple[BankQuestion, ...]:
    """Return the bank as it stands: the packaged questions in their order, then those that were added."""
    query = select(BankQuestionVersion).ext(distinct_on(BankQuestionVersion.id))
    query = query.order_by(BankQuestionVersion.id, BankQuestionVersion.version.desc())
    latest = {version.id: version for version in await session.scalars(query)}
    standing = bank.by_id() | {name: _question(version) for name, version in latest.items()}
    return tuple(
        question for name, question in standing.items() if name not in latest or not latest[name].retired
    )


async def find(session: AsyncSession, question_id: str) -> BankQuestion:
    """Return a question as its latest version says it.

    Raises:
        BankQuestionNotFound: there is none of that id, or it was retired.
    """
    latest = await _latest(session, question_id)
    if latest is not None and not latest.retired:
        return _question(latest)
    packaged = bank.by_id().get(question_id)
    if latest is not None or packaged is None:
        raise BankQuestionNotFound("The bank has no question of this id; look at its list.")
    return packaged


async def add(
    session: AsyncSession, idempotency: IdempotencyContext, wanted: NewBankQuestion
) -> BankQuestion:
    """Add a question to the bank.

    Raises:
        BankQuestionExists: the id is taken.
        ValidationError: an answer to it could not be judged.
        IdempotencyKeyReused: the request's key came before with another question.
    """

    async def make() -> BankQuestion:
        question = BankQuestion.model_validate(wanted.model_dump())
        taken = BankQuestionExists(
            f"The id {wanted.id} is taken, maybe by a retired question; choose another."
        )
        if wanted.id in bank.by_id():
            raise taken
        if not await _write(session, question, idempotency.owner_id):
            raise taken
        return question

    request_fingerprint = fingerprint(wanted.model_dump_json().encode())
    return await run_once(
        session, idempotency, "interview.questions", request_fingerprint, BankQuestion, make
    )


async def change(
    session: AsyncSession, author: UUID, question_id: str, wanted: BankQuestionChange
) -> BankQuestion:
    """Write the next version of a question, and return it; those asked already stay as they were asked.

    Raises:
        BankQuestionNotFound: there is none of that id, or it was retired.
        BankQuestionChanged: there is a newer version than the one it is based on.
        ValidationError: an answer to it could not be judged.
    """
    seen = await _seen(session, question_id, wanted.version)
    changes = wanted.model_dump(exclude={"version"}, exclude_none=True)
    question = BankQuestion.model_validate(seen.model_dump() | changes | {"version": seen.version + 1})
    if not await _write(session, question, author):
        raise _changed(question.version)
    return question


async def retire(session: AsyncSession, author: UUID, question_id: str, version: int) -> None:
    """Take a question out of the bank; where it was asked already it stays.

    Raises:
        BankQuestionNotFound: there is none of that id, or it was retired.
        BankQuestionChanged: there is a newer version than this one.
    """
    seen = await _seen(session, question_id, version)
    last = seen.model_copy(update={"version": seen.version + 1})
    if not await _write(session, last, author, retired=True):
        raise _changed(last.version)


async def forget_author(session: AsyncSession, author: UUID) -> None:
    """Take the name of somebody who is gone off the versions they made."""
    made_by_them = update(BankQuestionVersion).where(BankQuestionVersion.author == author)
    await session.execute(made_by_them.values(author=None))


async def _seen(session: AsyncSession, question_id: str, version: int) -> BankQuestion:
    question = await find(session, question_id)
    if question.version != version:
        raise _changed(question.version)
    return question


async def _latest(session: AsyncSession, question_id: str) -> BankQuestionVersion | None:
    query = select(BankQuestionVersion).where(BankQuestionVersion.id == question_id)
    latest: BankQuestionVersion | None = await session.scalar(
        query.order_by(BankQuestionVersion.version.desc()).limit(1)
    )
    return latest


async def _write(
    session: AsyncSession, question: BankQuestion, author: UUID, *, retired: bool = False
) -> bool:
    """Write a version that is not there yet, and return whether nobody else has written it."""
    if question.kind in EXPLANATIONS and not question.points:
        raise ValidationError("points: an explanation is judged by its points; give at least one.")
    await tombstones.refuse_erased(session, author)
    row = {
        "id": question.id,
        "version": question.version,
        "content": BankContent.model_validate(question.model_dump(exclude={"id", "version"})),
        "retired": retired,
        "author": author,
        "created_at": utcnow(),
    }
    written = insert(BankQuestionVersion).values(row).on_conflict_do_nothing()
    return await session.scalar(written.returning(BankQuestionVersion.version)) is not None


def _question(version: BankQuestionVersion) -> BankQuestion:
    return BankQuestion(id=version.id, version=version.version, **dict(version.content))


def _changed(version: int) -> BankQuestionChanged:
    return BankQuestionChanged(
        f"Version {version} of this question is there already; read it, and change that one."
    )
