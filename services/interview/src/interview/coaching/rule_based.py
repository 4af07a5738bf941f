"""The built-in judge: works offline, compares meanings, and leaves open what that can't tell."""

from interview.coaching import evaluation, heads, rule_checks, verdicts
from interview.coaching.evaluation import EvaluatedBy, Evaluation, Judgement
from interview.coaching.reading import Reading
from interview.coaching.rubrics import CheckedBy

BEYOND = "The built-in coach can't assess this; a language model can."
OTHER_LANGUAGE = "This answer is not in English, the one language that is judged here: it has no score."


def evaluate(reading: Reading) -> Evaluation:
    """Return the evaluation of an answer; the same input always gives the same."""
    judgement = _unread(reading) if reading.in_other_language else _judge(reading)
    return evaluation.compose(
        reading.rubric,
        reading.transcript,
        reading.sample,
        judgement,
        EvaluatedBy(engine=evaluation.BUILT_IN, model=f"minilm-{heads.SHA256[:12]}"),
    )


def _judge(reading: Reading) -> Judgement:
    beyond = [
        verdicts.cannot_assess(criterion, BEYOND)
        for criterion in reading.rubric.criteria
        if criterion.checked_by is CheckedBy.MODEL
    ]
    return Judgement([*rule_checks.judge(reading), *beyond], reading.parts_of_story)


def _unread(reading: Reading) -> Judgement:
    return Judgement(
        [verdicts.cannot_assess(criterion, OTHER_LANGUAGE) for criterion in reading.rubric.criteria],
        {},
        summary=OTHER_LANGUAGE,
    )
