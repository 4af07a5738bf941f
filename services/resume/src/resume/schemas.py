"""What the résumé routes take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from resume.models import ResumeStatus
from resume.profile import Profile, Quality, Source

Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]*$")
]


class ResumeLinks(BaseModel):
    """Where to go from here."""

    self: str
    task: str | None
    file: str


class ResumeSummary(BaseModel):
    """A résumé without its contents. `interviews` counts the interviews started from it; `size` is in bytes."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    filename: str
    title: str
    media_type: str
    size: int
    status: ResumeStatus
    error: str | None
    task_id: UUID | None
    interviews: int
    created_at: datetime
    updated_at: datetime
    links: ResumeLinks


class ResumeDetail(ResumeSummary):
    """A résumé with its profile, and by JSON pointer where in the text each value was found.

    `hidden` is text that nobody can see in the document; it is shown here and read by nothing.
    """

    profile: Profile | None
    provenance: dict[str, Source] | None
    quality: Quality | None
    hidden: list[str] | None


class ResumeChange(BaseModel):
    """What an owner may change."""

    model_config = ConfigDict(extra="forbid")

    title: Title = Field(description="A name to tell this résumé from others.")
