"""One pydantic model, written in each provider's dialect of JSON Schema. The model itself checks what comes back."""

import re
from typing import Any

import pydantic
from pydantic import BaseModel

from llm.errors import BadOutput
from llm.protocol import T

Schema = dict[str, Any]

OPENAI_UNKNOWN = frozenset(
    {
        "title", "default", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
        "maxLength", "pattern", "format", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
    }
)  # fmt: skip
GEMINI_UNKNOWN = frozenset(
    {"title", "default", "additionalProperties", "pattern", "exclusiveMinimum", "exclusiveMaximum", "const"}
)
FENCE = re.compile(r"\A\s*```(?:json)?\s*(.*?)\s*```\s*\Z", re.DOTALL)


def openai(shape: type[BaseModel]) -> Schema:
    """Return the strict dialect: every key is required, nothing may be added, no bounds."""
    made: Schema = _openai(shape.model_json_schema())
    return made


def _openai(node: Any) -> Any:
    if isinstance(node, list):
        return [_openai(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {
        key: {name: _openai(property_schema) for name, property_schema in value.items()}
        if key in ("properties", "$defs")
        else _openai(value)
        for key, value in node.items()
        if key not in OPENAI_UNKNOWN
    }
    if "const" in made:
        made["enum"] = [made.pop("const")]
    if "properties" in made:
        made["required"] = list(made["properties"])
        made["additionalProperties"] = False
    return made


def gemini(shape: type[BaseModel]) -> Schema:
    """Return Gemini's dialect: references resolved, no `additionalProperties`, no enums of numbers."""
    schema = shape.model_json_schema()
    made: Schema = _gemini(schema, schema.get("$defs", {}))
    return made


def _gemini(node: Any, definitions: Schema) -> Any:
    if isinstance(node, list):
        return [_gemini(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _gemini(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
    made: Schema = {}
    for key, value in node.items():
        if key == "const":
            made["enum"] = [value]
        elif key == "properties":
            made[key] = {
                name: _gemini(property_schema, definitions) for name, property_schema in value.items()
            }
        elif key != "$defs" and key not in GEMINI_UNKNOWN:
            made[key] = _gemini(value, definitions)
    if any(not isinstance(value, str) for value in made.get("enum", ())):
        del made["enum"]
    return made


def read(content: str | None, shape: type[T]) -> T:
    """Return what a model wrote, in the wanted shape; a fence around it is taken off.

    Raises:
        BadOutput: it is empty, not JSON, or of another shape.
    """
    if not content or not content.strip():
        raise BadOutput("The model's answer is empty.")
    fenced = FENCE.match(content)
    try:
        return shape.model_validate_json(fenced[1] if fenced else content)
    except pydantic.ValidationError as error:
        kinds = sorted({detail["type"] for detail in error.errors()})
        raise BadOutput(
            f"The model's answer does not have the shape that was asked for ({', '.join(kinds)})."
        ) from None
