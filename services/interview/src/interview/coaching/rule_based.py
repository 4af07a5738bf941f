"""The rule-based judge: works offline, judges by counting and comparing, and leaves open what that can't tell."""

from interview.coaching import evaluation, rule_checks, verdicts
from interview.coaching.evaluation import EvaluatedBy, Evaluation
from interview.coaching.reading import Reading
from interview.coaching.rubrics import CheckedBy

ENGINE = "built-in"
BEYOND = "The built-in coach can't assess this; a language model can."


def evaluate(reading: Reading) -> Evaluation:
    """Return the evaluation of an answer; the same input always gives the same."""
    beyond = [
        verdicts.cannot_assess(criterion, BEYOND)
        for criterion in reading.rubric.criteria
        if criterion.checked_by is CheckedBy.MODEL
    ]
    judged = [*rule_checks.judge(reading), *beyond]
    return evaluation.compose(reading, judged, EvaluatedBy(engine=ENGINE))
