"""A report as Markdown: criteria and quotes first, the number last, and who evaluated."""

import re

from interview.coaching.evaluation import Basis, CriterionResult, EvaluatedBy
from interview.coaching.verdicts import Outcome
from interview.schemas import AnsweredQuestion, EvaluationOut, Report

SPECIAL = re.compile(r"([\\`*_~<>\[\]])")
SIGNS = {Outcome.MET: "✓", Outcome.UNMET: "✗", Outcome.CANNOT_ASSESS: "?"}
SAYS = {Outcome.MET: "met", Outcome.UNMET: "not met", Outcome.CANNOT_ASSESS: "can't be assessed"}


def render(report: Report) -> str:
    """Return the report as a Markdown document."""
    lines = [
        f"# Interview report: {_plain(report.job_title)}",
        "",
        f"{report.level.capitalize()} level, {report.kind.replace('_', ' ')}. "
        f"{report.answered} of {report.questions} questions answered, {report.skipped} skipped.",
        "",
        f"Evaluated by: {_engine(report.evaluated_by)}",
        "",
    ]
    for answer in report.answers:
        lines += [*_answer(answer), ""]
    lines += [*_listed("What went well", report.strengths), *_listed("What to work on", report.improvements)]
    lines += ["## Scores", "", "| competency | answers | score |", "| --- | --- | --- |"]
    lines += [
        f"| {competency.name} | {competency.answers} | {_number(competency.score)} |"
        for competency in report.competencies
    ]
    lines += ["", f"**Overall: {_number(report.overall)}** (from {report.scored} scored answers)", ""]
    return "\n".join(lines)


def _answer(answered: AnsweredQuestion) -> list[str]:
    head = [
        f"## {answered.question.number}. {_plain(answered.question.text)}",
        "",
        f"*{_plain(answered.question.why_this_question)}*",
        "",
    ]
    if answered.skipped:
        return [*head, "Skipped."]
    if answered.evaluation is None:
        return [*head, "Not answered."]
    return [*head, *_evaluation(answered.evaluation)]


def _evaluation(evaluation: EvaluationOut) -> list[str]:
    lines = [_plain(evaluation.summary), ""] if evaluation.summary else []
    if evaluation.improvements:
        lines += ["To improve:", *(f"- {_plain(text)}" for text in evaluation.improvements), ""]
    for criterion in evaluation.criteria:
        lines += _criterion(criterion)
    if evaluation.set_aside:
        lines += ["", "Not judged:"]
        lines += [
            f"- “{_plain(sentence.quote)}” {_plain(sentence.reason)}" for sentence in evaluation.set_aside
        ]
    if evaluation.rewrite:
        lines += ["", f"In your own facts, it could sound like this: {_plain(evaluation.rewrite)}"]
    if evaluation.note:
        lines += ["", _plain(evaluation.note)]
    return [*lines, "", _score(evaluation)]


def _score(evaluation: EvaluationOut) -> str:
    name = "Coverage" if evaluation.basis is Basis.COVERAGE else "Score"
    between = f" (between {evaluation.range[0]:g} and {evaluation.range[1]:g})" if evaluation.range else ""
    by = f" · evaluated by {_engine(evaluation.evaluated_by)}" if evaluation.evaluated_by else ""
    return f"{name}: {_number(evaluation.score)}{between}{by}"


def _criterion(criterion: CriterionResult) -> list[str]:
    earned = (
        ""
        if criterion.gate or criterion.points is None
        else f", {criterion.points:g} of {criterion.max_points:g}"
    )
    reason = f". {_plain(criterion.reason)}" if criterion.reason else ""
    lines = [
        f"- {SIGNS[criterion.verdict]} **{_plain(criterion.name)}**: {SAYS[criterion.verdict]}{earned}{reason}"
    ]
    return lines + [f"  > {_plain(quote.text)}" for quote in criterion.quotes]


def _listed(title: str, texts: list[str]) -> list[str]:
    return [f"## {title}", "", *(f"- {_plain(text)}" for text in texts), ""] if texts else []


def _engine(by: EvaluatedBy) -> str:
    return f"{by.engine} ({_plain(by.model)})" if by.model else by.engine


def _number(score: float | None) -> str:
    return "no score" if score is None else f"{score:g} of 100"


def _plain(text: str) -> str:
    """Return other people's words on one line, with what would be markup made plain."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
