"""Tables: the résumé, what was read from it, and apart from both the file's bytes."""

from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column, relationship

from common import clock, paths
from common.db import engine
from common.db.types import PydanticJSON, words_of
from common.errors import DuplicateEntityError
from common.ids import uuid7
from resume.profile import Profile, Quality, Source
from resume.text.lines import Line
from resume.upload.file_kind import FileKind

T = TypeVar("T")


class Base(DeclarativeBase):
    """The résumé service's schema."""

    metadata = engine.metadata("resume")


class ResumeStatus(StrEnum):
    """Where reading stands."""

    QUEUED = "queued"
    PARSING = "parsing"
    PARSED = "parsed"
    NEEDS_OCR = "needs_ocr"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """True once nothing more happens by itself."""
        return self not in (ResumeStatus.QUEUED, ResumeStatus.PARSING)


MOVES: dict[ResumeStatus, frozenset[ResumeStatus]] = {
    ResumeStatus.QUEUED: frozenset({ResumeStatus.PARSING, ResumeStatus.FAILED}),
    ResumeStatus.PARSING: frozenset(
        {ResumeStatus.PARSING, ResumeStatus.PARSED, ResumeStatus.NEEDS_OCR, ResumeStatus.FAILED}
    ),
    ResumeStatus.PARSED: frozenset({ResumeStatus.QUEUED}),
    ResumeStatus.NEEDS_OCR: frozenset({ResumeStatus.QUEUED}),
    ResumeStatus.FAILED: frozenset({ResumeStatus.QUEUED}),
}


class ResumeStateConflict(DuplicateEntityError):
    """The résumé's state does not allow this now."""

    code = "resume_state_conflict"
    title = "The résumé's state does not allow this"


def address_of(resume_id: UUID) -> str:
    """Return the path at which a résumé is found."""
    return f"{paths.RESUME}/{resume_id}"


def read_from_file(kind: type[T]) -> MappedColumn[T]:
    """Return a column of what was read from a file: long, so loaded only by the query that names it."""
    return mapped_column(PydanticJSON(kind), nullable=True, deferred=True, deferred_raiseload=True)


class Resume(Base):
    """One uploaded résumé. `reading` counts how often it was to be read: a late result of an older time is void."""

    __tablename__ = "resume"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    owner_id: Mapped[UUID] = mapped_column(index=True)
    filename: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(8))
    size: Mapped[int]
    status: Mapped[ResumeStatus] = mapped_column(words_of(ResumeStatus, 16), default=ResumeStatus.QUEUED)
    reading: Mapped[int] = mapped_column(default=1)
    task_id: Mapped[UUID | None]
    lines: Mapped[list[Line] | None] = read_from_file(list[Line])
    hidden: Mapped[list[str] | None] = read_from_file(list[str])
    profile: Mapped[Profile | None] = read_from_file(Profile)
    provenance: Mapped[dict[str, Source] | None] = read_from_file(dict[str, Source])
    quality: Mapped[Quality | None] = read_from_file(Quality)
    error: Mapped[str | None]
    interviews: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=clock.utcnow)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=clock.utcnow)
    file: Mapped["ResumeFile"] = relationship(
        back_populates="resume", lazy="raise", passive_deletes=True, cascade="all, delete-orphan"
    )

    @property
    def media_type(self) -> str:
        """What kind of file it came as."""
        return FileKind(self.kind).media_type

    @property
    def links(self) -> dict[str, str | None]:
        """Where it, the task that reads it, and its file are found."""
        here = address_of(self.id)
        task = f"{paths.TASKS}/{self.task_id}" if self.task_id else None
        return {"self": here, "task": task, "file": f"{here}/file"}

    def move(self, status: ResumeStatus, error: str | None = None) -> None:
        """Go to another status, with the reason where it is a bad one.

        Raises:
            ResumeStateConflict: that move is not allowed.
        """
        if status not in MOVES[self.status]:
            raise ResumeStateConflict(f"A résumé that is {self.status} can't become {status}.")
        self.status = status
        self.error = error
        self.updated_at = clock.utcnow()

    def rename(self, title: str) -> None:
        """Take another title."""
        self.title = title
        self.updated_at = clock.utcnow()


class ResumeFile(Base):
    """The bytes as they came; read only to be parsed or downloaded."""

    __tablename__ = "resume_file"

    resume_id: Mapped[UUID] = mapped_column(ForeignKey("resume.id", ondelete="CASCADE"), primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    resume: Mapped[Resume] = relationship(back_populates="file", lazy="raise")
