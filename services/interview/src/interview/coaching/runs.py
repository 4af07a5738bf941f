"""Several judgements of one answer by one model: what most of them say counts, and how far they are apart is kept."""

from collections.abc import Sequence

from interview.coaching.rubrics import CheckedBy, Rubric
from interview.coaching.verdicts import Outcome, Verdict


def merged(rubric: Rubric, judged: Sequence[Sequence[Verdict]]) -> list[Verdict]:
    """Return one verdict for each criterion: the middle one, which is that of the majority where there is one.

    Where half of the runs or more could not assess a criterion it is left open. Of two middle ones the lower counts.
    Each run has one verdict for each criterion, in the rubric's order.
    """
    if len(judged) == 1:
        return list(judged[0])
    return [_middle([run[place] for run in judged]) for place in range(len(rubric.criteria))]


def _middle(alternatives: Sequence[Verdict]) -> Verdict:
    if alternatives[0].by is not CheckedBy.MODEL:
        return alternatives[0]
    assessed = sorted(
        (verdict for verdict in alternatives if verdict.outcome is not Outcome.CANNOT_ASSESS),
        key=lambda verdict: verdict.level,
    )
    levels = tuple(
        None if verdict.outcome is Outcome.CANNOT_ASSESS else verdict.level for verdict in alternatives
    )
    if 2 * len(assessed) <= len(alternatives):
        chosen = next(verdict for verdict in alternatives if verdict.outcome is Outcome.CANNOT_ASSESS)
    else:
        chosen = assessed[(len(assessed) - 1) // 2]
    return chosen.model_copy(update={"levels": levels})
