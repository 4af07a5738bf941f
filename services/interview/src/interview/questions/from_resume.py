"""Questions made from a résumé: each quotes what the candidate wrote there."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from common.contracts.resume import Project, ResumeContent, Work
from interview.questions import made
from interview.questions.made import Sort
from interview.questions.question import Kind, Level, Question
from interview.text import figures, words

MAX_QUOTE = 180
MAX_NAME = 60
LEADING = re.compile(
    r"\b(?:led|leads?|leading|manag(?:e|es|ed|ing)|mentor(?:s|ed|ing)?|coordinat(?:e|es|ed|ing)|head(?:s|ed|ing)|"
    r"supervis(?:e|es|ed|ing)|direct(?:s|ed|ing)|hir(?:e|es|ed|ing))\b",
    re.IGNORECASE,
)

CLAIM = "{place} you wrote: “{claim}” {ask}"
CLAIM_ASKS = {
    Kind.BEHAVIOURAL: {
        Sort.FIGURE: "What did you do to get there, and how was that figure measured?",
        Sort.LEADING: "Tell me what you did to bring the others along, and what came of it.",
        Sort.PLAIN: "What exactly was your part in it, and what came of it?",
    },
    Kind.MIXED: {
        Sort.FIGURE: "Walk me through how you achieved that: what you tried, what you chose and why.",
        Sort.LEADING: "Which decisions were yours, and how did they turn out?",
        Sort.PLAIN: "Walk me through the hardest part of it and how you solved it.",
    },
    Kind.SYSTEM_DESIGN: {
        Sort.FIGURE: "Design that system anew: its parts, its data, and what gives way first at ten times the load.",
        Sort.PLAIN: "Design that system anew: what it must do, its parts and its data.",
    },
}
CLAIM_COMPETENCIES = {Sort.FIGURE: "experience", Sort.LEADING: "leadership", Sort.PLAIN: "experience"}
CLAIM_WHY = {
    Sort.FIGURE: "Your résumé makes a claim with a figure; interviewers ask how it came about.",
    Sort.LEADING: "Your résumé says that you led others; interviewers ask how.",
    Sort.PLAIN: "It is on your résumé; interviewers ask what your own part was.",
}
SKILL = (
    "Your résumé lists {skill}. Tell me about a problem you solved with it: what was the problem, what did you do, "
    "and what came of it?"
)
SKILL_LEARNT = (
    "Your résumé lists {skill}. Tell me about a time you had to get better at it quickly, "
    "and how you went about it."
)
SKILL_DESIGN = (
    "Your résumé lists {skill}. Design a system you would build with it: what it must do and for how many, its parts "
    "and its data, and where {skill} would be the wrong choice."
)
SKILL_ASKS = {
    Kind.BEHAVIOURAL: (SKILL_LEARNT, Sort.SKILL_LEARNT, "learning"),
    Kind.SYSTEM_DESIGN: (SKILL_DESIGN, Sort.SKILL_DESIGN, "scalability"),
}
POSITION = (
    "You worked as {position} {place}. Which piece of work there are you proudest of, "
    "and what was your part in it?"
)


class PlannedQuestion(BaseModel):
    """A question that may be asked, where it comes from, and why it would be asked."""

    model_config = ConfigDict(frozen=True)

    source: str
    question: Question
    why: str


@dataclass(frozen=True)
class _Claim:
    """Something a résumé says was done, and where; its sort is `FIGURE`, `LEADING` or `PLAIN`."""

    place: str
    text: str
    sort: Sort


def questions(
    content: ResumeContent, kind: Kind, level: Level, wanted: frozenset[str]
) -> Iterator[PlannedQuestion]:
    """Yield the questions this résumé gives rise to: a claim and a skill in turn, then positions.

    Claims with figures and skills that the job wants come first. A résumé may make a thousand claims, of which a few
    are asked about: a question is made when it is taken.
    `wanted` are the stems of the job's title and description.
    """
    claims = sorted(_claims(content, kind), key=lambda claim: claim.sort is not Sort.FIGURE)
    skills = sorted(_skills(content, kind, level, wanted), key=lambda planned: "job" not in planned.why)
    asked_as = Kind.MIXED if kind is Kind.TECHNICAL else kind
    for claim, skill in itertools.zip_longest(claims, skills):
        if claim is not None:
            yield _about_claim(claim, asked_as, level)
        if skill is not None:
            yield skill
    yield from _positions(content, level)


def _claims(content: ResumeContent, kind: Kind) -> Iterator[_Claim]:
    places: dict[str, str] = {}
    for place, text in _written(content):
        places.setdefault(text, place)  # what is written twice is looked at once
    for text, place in places.items():
        leading = LEADING.search(text) is not None
        if kind is Kind.SYSTEM_DESIGN and leading:
            continue  # a team is no system to design anew
        figure = figures.has_figure(words.plain(text))
        yield _Claim(place, text, Sort.LEADING if leading else Sort.FIGURE if figure else Sort.PLAIN)


def _written(content: ResumeContent) -> Iterator[tuple[str, str]]:
    for work in content.work:
        for highlight in work.highlights:
            yield _at(work), highlight
    for project in content.projects:
        for text in project.highlights or ((project.description,) if project.description else ()):
            yield _about(project), text


def _about_claim(claim: _Claim, kind: Kind, level: Level) -> PlannedQuestion:
    quote = _cut(claim.text, MAX_QUOTE).rstrip(".") + "."
    return PlannedQuestion(
        source=f"resume:{claim.sort}:{quote[:80]}",
        question=Question(
            text=CLAIM.format(place=claim.place, claim=quote, ask=CLAIM_ASKS[kind][claim.sort]),
            kind=kind,
            level=level,
            competency="scalability" if kind is Kind.SYSTEM_DESIGN else CLAIM_COMPETENCIES[claim.sort],
            topics=(quote,),
            guidance=made.guidance(
                Sort.DESIGN_CLAIM if kind is Kind.SYSTEM_DESIGN else claim.sort, level, {"claim": quote}
            ),
        ),
        why=CLAIM_WHY[claim.sort],
    )


def _skills(
    content: ResumeContent, kind: Kind, level: Level, wanted: frozenset[str]
) -> Iterator[PlannedQuestion]:
    for skill in skill_names(content):
        asked_for = words.says(wanted, [skill])
        template, sort, competency = SKILL_ASKS.get(kind, (SKILL, Sort.SKILL, "experience"))
        why = (
            f"The job asks for {skill}, and your résumé lists it."
            if asked_for
            else f"Your résumé lists {skill}."
        )
        yield PlannedQuestion(
            source=f"resume:skill:{skill}",
            question=Question(
                text=template.format(skill=skill),
                kind=Kind.MIXED if kind is Kind.TECHNICAL else kind,
                level=level,
                competency=competency,
                topics=(skill,),
                guidance=made.guidance(sort, level, {"skill": skill}),
            ),
            why=why,
        )


def skill_names(content: ResumeContent) -> list[str]:
    """Return the single skills a résumé lists, in its order, each once."""
    named = [name for skill in content.skills for name in (skill.keywords or (skill.name,))]
    return list(dict.fromkeys(_cut(name, MAX_NAME) for name in named if name.strip()))


def _positions(content: ResumeContent, level: Level) -> Iterator[PlannedQuestion]:
    for work in content.work:
        if work.position.strip():
            position = _cut(work.position, MAX_NAME)
            place = _at(work)[0].lower() + _at(work)[1:] if work.name.strip() else "there"
            yield PlannedQuestion(
                source=f"resume:position:{position}:{_cut(work.name, MAX_NAME)}",
                question=Question(
                    text=POSITION.format(position=position, place=place),
                    kind=Kind.BEHAVIOURAL,
                    level=level,
                    competency="ownership",
                    topics=(position,),
                    guidance=made.guidance(Sort.POSITION, level, {"position": position}),
                ),
                why="It is on your résumé; interviewers ask what your own part was.",
            )


def _at(work: Work) -> str:
    return f"At {_cut(work.name, MAX_NAME)}" if work.name.strip() else "About your work"


def _about(project: Project) -> str:
    return f"About your project {_cut(project.name, MAX_NAME)}"


def _cut(text: str, most: int) -> str:
    plain = " ".join(text.split()).strip('“”"')
    if len(plain) <= most:
        return plain
    return plain[: most - 1].rsplit(" ", 1)[0] + "…"
