"""The built-in judge: works offline, compares meanings, and leaves open what that can't tell."""

from interview.coaching import evaluation, heads, rule_checks, verdicts
from interview.coaching.evaluation import EvaluatedBy, Evaluation, Judgement
from interview.coaching.reading import Reading
from interview.coaching.rubrics import CheckedBy

BEYOND = "The built-in coach can't assess this; a language model can."


def evaluate(reading: Reading) -> Evaluation:
    """Return the evaluation of an answer; the same input always gives the same."""
    beyond = [
        verdicts.cannot_assess(criterion, BEYOND)
        for criterion in reading.rubric.criteria
        if criterion.checked_by is CheckedBy.MODEL
    ]
    judgement = Judgement([*rule_checks.judge(reading), *beyond], reading.parts_of_story)
    guidance = reading.question.guidance
    return evaluation.compose(
        reading.rubric,
        reading.transcript,
        guidance.answers if guidance else None,
        judgement,
        EvaluatedBy(engine=evaluation.BUILT_IN, model=f"minilm-{heads.SHA256[:12]}"),
    )
