"""The shape a model's reply has: a key for each criterion, enums of what may stand there, bounds on lists and texts.

The schema is strict, so that a server can hold the model to it; reading is not, so that one wrong sentence number costs
one verdict and not the reply: what the schema forbids is left out, cut or dropped by whoever uses it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from interview.coaching.rubrics import FULL_STEP, Criterion, Scale
from interview.coaching.verdicts import MAX_EVIDENCE

CANNOT_ASSESS = "CANNOT_ASSESS"
LEVELS: Mapping[Scale, Mapping[str, int | None]] = {
    Scale.BINARY: {"MET": FULL_STEP, "UNMET": 0, CANNOT_ASSESS: None},
    Scale.FOUR_STEP: {"0": 0, "1": 1, "2": 2, "3": FULL_STEP, CANNOT_ASSESS: None},
}
"""What a verdict says by the scale of its criterion: the step reached, None where it can't be assessed."""

STORY = ("situation", "task", "action", "result")
MAX_REASON = 200
MAX_SUMMARY = 200
MAX_ADVICE = 250
MOST_ADVICE = 3
MAX_REWRITE = 1_200
MAX_ENUMS = 800  # values of enums in one schema; OpenAI takes a thousand


class JudgedCriterion(BaseModel):
    """What the model found about one criterion, the reason first, since models think as they write."""

    reason: str = ""
    sentences: tuple[int, ...] = ()
    verdict: str


class Advice(BaseModel):
    """What the model would have the candidate do, and for which criterion."""

    criterion: str
    text: str


class JudgeReply(BaseModel):
    """What the model found about one answer. A criterion it left out is not there."""

    criteria: dict[str, JudgedCriterion]
    story: dict[str, tuple[int, ...]] = {}
    summary: str = ""
    advice: tuple[Advice, ...] = ()
    rewrite: str = ""


def shape(criteria: Sequence[Criterion], sentences: Sequence[int], *, story: bool) -> type[JudgeReply]:
    """Return the shape of a reply about these criteria and the sentences of these numbers."""
    schema = _schema(criteria, sentences, STORY if story else ())

    class AboutAnswer(JudgeReply):
        """A reply about one answer."""

        @classmethod
        def __get_pydantic_json_schema__(cls, _: CoreSchema, __: GetJsonSchemaHandler, /) -> JsonSchemaValue:
            return schema

    return AboutAnswer


def _schema(criteria: Sequence[Criterion], sentences: Sequence[int], parts: Sequence[str]) -> JsonSchemaValue:
    numbers = _array(_numbers(sentences, lists=len(criteria) + len(parts)), MAX_EVIDENCE)
    judged = {criterion.id: _judged(criterion, numbers) for criterion in criteria}
    fields = {"criteria": _object(judged)}
    if parts:
        fields["story"] = _object(dict.fromkeys(parts, numbers))
    fields["summary"] = _text(MAX_SUMMARY)
    advice = _object({"criterion": _enum(list(judged)), "text": _text(MAX_ADVICE)})
    fields["advice"] = _array(advice, MOST_ADVICE)
    fields["rewrite"] = _text(MAX_REWRITE)
    return _object(fields)


def _judged(criterion: Criterion, numbers: JsonSchemaValue) -> JsonSchemaValue:
    verdict = _enum(list(LEVELS[criterion.scale]))
    return _object({"reason": _text(MAX_REASON), "sentences": numbers, "verdict": verdict})


def _numbers(sentences: Sequence[int], *, lists: int) -> JsonSchemaValue:
    if len(sentences) * lists <= MAX_ENUMS:
        return {"type": "integer", "enum": list(sentences)}
    return {"type": "integer", "minimum": min(sentences), "maximum": max(sentences)}


def _object(properties: Mapping[str, Any]) -> JsonSchemaValue:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def _array(items: JsonSchemaValue, most: int) -> JsonSchemaValue:
    return {"type": "array", "items": items, "maxItems": most}


def _enum(values: Sequence[str]) -> JsonSchemaValue:
    return {"type": "string", "enum": list(values)}


def _text(most: int) -> JsonSchemaValue:
    return {"type": "string", "maxLength": most}
