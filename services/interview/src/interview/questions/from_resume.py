"""Questions made from a résumé: each quotes what the candidate wrote there."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from common.contracts.resume import Project, ResumeContent, Work
from interview.questions.question import Kind, Level, Question
from interview.text import figures, words

MAX_QUOTE = 180
MAX_NAME = 60
LEADING = frozenset(
    words.stem(word)
    for word in [
        "led",
        "lead",
        "managed",
        "mentored",
        "coordinated",
        "headed",
        "supervised",
        "directed",
        "hired",
    ]
)

CLAIM = "{place} you wrote: “{claim}” {ask}"
CLAIM_ASKS = {
    Kind.BEHAVIOURAL: {
        "figure": "What did you do to get there, and how was that figure measured?",
        "leading": "Tell me what you did to bring the others along, and what came of it.",
        "plain": "What exactly was your part in it, and what came of it?",
    },
    Kind.MIXED: {
        "figure": "Walk me through how you achieved that: what you tried, what you chose and why.",
        "leading": "Which technical decisions were yours, and how did they turn out?",
        "plain": "Walk me through the hardest part of it and how you solved it.",
    },
    Kind.SYSTEM_DESIGN: {
        "figure": "Design that system anew: its parts, its data, and what gives way first at ten times the load.",
        "plain": "Design that system anew: what it must do, its parts and its data.",
    },
}
CLAIM_WHY = {
    "figure": "Your résumé makes a claim with a figure; interviewers ask how it came about.",
    "leading": "Your résumé says that you led others; interviewers ask how.",
    "plain": "It is on your résumé; interviewers ask what your own part was.",
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


def questions(
    content: ResumeContent, kind: Kind, level: Level, wanted: frozenset[str]
) -> list[PlannedQuestion]:
    """Return the questions this résumé gives rise to, claims with figures first, then skills the job wants.

    `wanted` are the stems of the job's title and description.
    """
    claims = list(_claims(content, kind, level))
    claims.sort(key=lambda planned: not planned.source.startswith("resume:figure"))
    skills = sorted(_skills(content, kind, level, wanted), key=lambda planned: "job" not in planned.why)
    mixed = [planned for pair in zip(claims, skills, strict=False) for planned in pair]
    rest = claims[len(skills) :] + skills[len(claims) :]
    return [*mixed, *rest, *_positions(content, level)]


def _claims(content: ResumeContent, kind: Kind, level: Level) -> Iterator[PlannedQuestion]:
    asked_as = Kind.MIXED if kind is Kind.TECHNICAL else kind
    for place, text in _written(content):
        if kind is not Kind.SYSTEM_DESIGN or not _leads(text):  # a team is no system to design anew
            yield _claim(place, text, asked_as, level)


def _written(content: ResumeContent) -> Iterator[tuple[str, str]]:
    for work in content.work:
        for highlight in work.highlights:
            yield _at(work), highlight
    for project in content.projects:
        for text in project.highlights or ((project.description,) if project.description else ()):
            yield _about(project), text


def _leads(text: str) -> bool:
    return not LEADING.isdisjoint(words.stems(text))


def _claim(place: str, text: str, kind: Kind, level: Level) -> PlannedQuestion:
    figure = figures.has_figure(words.plain(text))
    sort = "leading" if _leads(text) else "figure" if figure else "plain"
    claim = _cut(text, MAX_QUOTE).rstrip(".") + "."
    competency = {"figure": "experience", "leading": "leadership", "plain": "experience"}[sort]
    return PlannedQuestion(
        source=f"resume:{sort}:{claim[:80]}",
        question=Question(
            text=CLAIM.format(place=place, claim=claim, ask=CLAIM_ASKS[kind][sort]),
            kind=kind,
            level=level,
            competency="scalability" if kind is Kind.SYSTEM_DESIGN else competency,
            topics=(claim,),
        ),
        why=CLAIM_WHY[sort],
    )


def _skills(
    content: ResumeContent, kind: Kind, level: Level, wanted: frozenset[str]
) -> Iterator[PlannedQuestion]:
    for skill in skill_names(content):
        asked_for = words.says(wanted, [skill])
        template = {Kind.BEHAVIOURAL: SKILL_LEARNT, Kind.SYSTEM_DESIGN: SKILL_DESIGN}.get(kind, SKILL)
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
                competency={Kind.BEHAVIOURAL: "learning", Kind.SYSTEM_DESIGN: "scalability"}.get(
                    kind, "experience"
                ),
                topics=(skill,),
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
