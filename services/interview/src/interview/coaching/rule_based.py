"""The rule-based judge: works offline, judges by counting and comparing, and leaves open what that can't tell."""

from interview.coaching import evaluation, rubrics, rule_checks, verdicts
from interview.coaching.evaluation import EvaluatedBy, Evaluation
from interview.coaching.rubrics import CheckedBy
from interview.questions.question import Question

ENGINE = "built-in"
BEYOND = "The built-in coach can't assess this; a language model can."


def evaluate(question: Question, answer: str) -> Evaluation:
    """Return the evaluation of an answer; the same input always gives the same."""
    rubric = rubrics.for_question(question)
    reading = rule_checks.read(question, answer)
    beyond = [
        verdicts.cannot_assess(criterion, BEYOND)
        for criterion in rubric.criteria
        if criterion.checked_by is CheckedBy.MODEL
    ]
    by_rules = rule_checks.judge(rubric, reading)
    return evaluation.compose(rubric, reading, [*by_rules, *beyond], EvaluatedBy(engine=ENGINE))
