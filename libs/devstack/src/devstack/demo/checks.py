"""What must be true of the demo's outcome, and how it is shown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from devstack.demo.client import DemoFailed, Json


def profile_summary(resume: Json) -> str:
    """Say what was read. Raises DemoFailed where the name, the jobs or the skills are missing."""
    profile = _mapping(resume, "profile")
    name = _mapping(profile, "basics").get("name")
    counts = {part: len(_sequence(profile, part)) for part in ("work", "education", "skills")}
    if not name:
        raise DemoFailed(f"no name was read from {resume['filename']}")
    for part in ("work", "skills"):
        if not counts[part]:
            raise DemoFailed(f"no {part} were read from {resume['filename']}")
    return f"{name}; jobs: {counts['work']}, schools: {counts['education']}, groups of skills: {counts['skills']}"


def check_report(report: Json, given: Sequence[str]) -> None:
    """Raise DemoFailed unless the report covers the answers given, and quotes the first and ranks it highest."""
    if not report.get("evaluated_by"):
        raise DemoFailed("the report does not say who evaluated")
    answers = evaluations(report)
    if len(answers) != len(given):
        raise DemoFailed(f"the report covers {len(answers)} answers, not {len(given)}")
    good, weak = answers[0], answers[1]
    quoted = list(quotes(good))
    if not quoted:
        raise DemoFailed("the evaluation of the good answer quotes nothing")
    for quote in quoted:
        if quote not in given[0]:
            raise DemoFailed(f"a quote is not in the answer: {quote!r}")
    if score(good) is None:
        raise DemoFailed("the good answer has no score")
    if (score(good) or 0) <= (score(weak) or 0):
        raise DemoFailed(f"the good answer scores {score(good)}, not above the weak one with {score(weak)}")


def evaluations(report: Json) -> list[Json]:
    """The evaluation of each answer, in the order of the questions."""
    return [_mapping(answer, "evaluation") for answer in _sequence(report, "answers")]


def quotes(evaluation: Json) -> Iterator[str]:
    """Each quote of each criterion."""
    for criterion in _sequence(evaluation, "criteria"):
        yield from (str(quote["text"]) for quote in cast("Sequence[Json]", criterion.get("quotes") or []))


def score(evaluation: Json) -> float | None:
    """0 to 100; None where too little could be assessed."""
    value = evaluation.get("score")
    return float(value) if isinstance(value, (int, float)) else None


def shown(evaluation: Json) -> Iterator[str]:
    """Lines that tell a person how an answer was judged: criteria and quotes first, then the score."""
    for criterion in _sequence(evaluation, "criteria"):
        yield f"    {criterion['verdict']!s:<14} {criterion['name']}"
        for quote in cast("Sequence[Json]", criterion.get("quotes") or [])[:1]:
            yield f'                   "{quote["text"]}"'
    if evaluation.get("summary"):
        yield f"    in sum         {evaluation['summary']}"
    value = score(evaluation)
    name = "coverage" if evaluation.get("basis") == "coverage" else "score"
    yield f"    {name:<14} {'none: too little to assess' if value is None else f'{value:g} of 100'}"


def evaluator(value: object) -> str:
    """Who evaluated, in a few words."""
    if isinstance(value, Mapping):
        return " ".join(str(value[key]) for key in ("engine", "model") if value.get(key))
    return ", ".join(map(evaluator, value)) if isinstance(value, list) else str(value)


def _mapping(parent: Mapping[str, object], name: str) -> Json:
    value = parent.get(name)
    if not isinstance(value, dict):
        raise DemoFailed(f"{name!r} is missing")
    return value


def _sequence(parent: Mapping[str, object], name: str) -> list[Json]:
    value = parent.get(name) or []
    if not isinstance(value, list):
        raise DemoFailed(f"{name!r} is not a list")
    return value
