"""Events that resume publishes, and the profile they carry (names follow JSON Resume 1.0)."""

from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.event import Event


class Part(BaseModel):
    """A piece of a profile."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Work(Part):
    """One position held. Dates are as ISO 8601 as the résumé allows (`2021`, `2021-03`); an open end is None."""

    name: str = ""
    position: str = ""
    start_date: str | None = None
    end_date: str | None = None
    current: bool = False
    summary: str = ""
    highlights: tuple[str, ...] = ()


class Education(Part):
    """One course of study."""

    institution: str = ""
    area: str = ""
    study_type: str = ""
    start_date: str | None = None
    end_date: str | None = None


class Skill(Part):
    """One skill, or a named group of skills with its members as keywords."""

    name: str
    keywords: tuple[str, ...] = ()


class Project(Part):
    """One project."""

    name: str
    description: str = ""
    highlights: tuple[str, ...] = ()
    url: str | None = None


class ResumeContent(Part):
    """What an interview may ask from: a profile without any contact details."""

    label: str = ""
    summary: str = ""
    work: tuple[Work, ...] = ()
    education: tuple[Education, ...] = ()
    skills: tuple[Skill, ...] = ()
    projects: tuple[Project, ...] = ()
    certificates: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


class ResumeEvent(Event):
    """Anything that happened to a résumé."""

    topic: ClassVar[str] = "interviewace.resume"
    subject_field: ClassVar[str] = "resume_id"

    resume_id: UUID
    user_id: UUID


class ResumeUploaded(ResumeEvent):
    """A file was accepted and waits to be read."""

    ce_type: ClassVar[str] = "resume.uploaded"

    media_type: str
    size: int


class ResumeParsed(ResumeEvent):
    """A résumé was read; what an interview may use of it is here."""

    ce_type: ClassVar[str] = "resume.parsed"
    holds_words: ClassVar[bool] = True

    title: str = ""
    background: ResumeContent


class ResumeParseFailed(ResumeEvent):
    """A résumé could not be read, and why."""

    ce_type: ClassVar[str] = "resume.parse_failed"

    status: str
    error: str


class ResumeDeleted(ResumeEvent):
    """The owner removed a résumé."""

    ce_type: ClassVar[str] = "resume.deleted"
    erases: ClassVar[bool] = True
