"""The profile of a person: JSON Resume's names, and what of it an interview may see."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from common.contracts import resume as contract


class Part(BaseModel):
    """A piece of a profile; outside it has JSON Resume's names (`startDate`)."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True, extra="ignore", frozen=True
    )


class Location(Part):
    """Where the person lives, as far as they say it."""

    address: str = ""
    city: str = ""
    region: str = ""


class Network(Part):
    """A page of the person's somewhere else."""

    network: str
    username: str = ""
    url: str = ""


class Basics(Part):
    """Who the person is."""

    name: str = ""
    label: str = ""
    email: str = ""
    phone: str = ""
    url: str = ""
    summary: str = ""
    location: Location = Location()
    profiles: list[Network] = Field(default_factory=list)


class Work(Part):
    """One position held; dates are ISO 8601, as precise as the résumé is."""

    name: str = ""
    position: str = ""
    location: str = ""
    start_date: str | None = None
    end_date: str | None = None
    current: bool = False
    summary: str = ""
    highlights: list[str] = Field(default_factory=list)


class Education(Part):
    """One course of study."""

    institution: str = ""
    area: str = ""
    study_type: str = ""
    location: str = ""
    start_date: str | None = None
    end_date: str | None = None
    score: str = ""
    courses: list[str] = Field(default_factory=list)


class Skill(Part):
    """A group of skills."""

    name: str
    keywords: list[str] = Field(default_factory=list)


class Project(Part):
    """One project."""

    name: str
    description: str = ""
    highlights: list[str] = Field(default_factory=list)
    url: str | None = None
    start_date: str | None = None
    end_date: str | None = None


class Certificate(Part):
    """One certificate."""

    name: str
    date: str | None = None


class Language(Part):
    """One language spoken."""

    language: str
    fluency: str = ""


class Leftover(Part):
    """What fits nowhere else, under the heading it stood below."""

    name: str
    lines: list[str]


class Profile(Part):
    """Everything read from a résumé; each value stands in its text."""

    basics: Basics = Basics()
    work: list[Work] = Field(default_factory=list)
    education: list[Education] = Field(default_factory=list)
    skills: list[Skill] = Field(default_factory=list)
    projects: list[Project] = Field(default_factory=list)
    certificates: list[Certificate] = Field(default_factory=list)
    languages: list[Language] = Field(default_factory=list)
    other: list[Leftover] = Field(default_factory=list)

    def resume_content(self) -> contract.ResumeContent:
        """Return what an interview may ask from: no name, address, number or link of the person."""
        return contract.ResumeContent(
            label=self.basics.label,
            summary=self.basics.summary,
            work=tuple(
                contract.Work.model_validate(position.model_dump(by_alias=False)) for position in self.work
            ),
            education=tuple(
                contract.Education.model_validate(studies.model_dump(by_alias=False))
                for studies in self.education
            ),
            skills=tuple(
                contract.Skill(name=skill.name, keywords=tuple(skill.keywords)) for skill in self.skills
            ),
            projects=tuple(
                contract.Project(
                    name=project.name, description=project.description, highlights=tuple(project.highlights)
                )
                for project in self.projects
            ),
            certificates=tuple(certificate.name for certificate in self.certificates),
            languages=tuple(language.language for language in self.languages),
        )


class Source(BaseModel):
    """Where a value was found: line numbers from 1, their text, by which method, and how sure (0 to 1)."""

    lines: list[int]
    text: str
    method: Literal["rules", "model", "user"]
    confidence: float


class Quality(BaseModel):
    """How well the file could be read."""

    reader: str
    pages: int
    lines: int
    characters: int
    hidden_spans: int
    unassigned_lines: int
    warnings: list[str]
