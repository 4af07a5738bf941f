"""One pydantic model, written in each provider's dialect of JSON Schema. The model itself checks what comes back."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pydantic
from pydantic import BaseModel

from llm.errors import BadOutput
from llm.parameters import Form
from llm.protocol import Prompt, T

Schema = dict[str, Any]

LENGTHS = frozenset({"minLength", "maxLength"})
BOUNDS = LENGTHS | {"minimum", "maximum", "minItems", "maxItems"}
LEFT_OUT: Mapping[Form, frozenset[str]] = {
    Form.BOUNDED: frozenset(),
    Form.WITHOUT_LENGTHS: LENGTHS,
    Form.UNBOUNDED: BOUNDS,
}
OPENAI_UNKNOWN = frozenset(
    {
        "title", "default", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern", "format", "uniqueItems",
        "minProperties", "maxProperties",
    }
)  # fmt: skip
GEMINI_UNKNOWN = frozenset(
    {"title", "default", "additionalProperties", "pattern", "exclusiveMinimum", "exclusiveMaximum", "const"}
)
BY_PROMPT = "Reply with one JSON document and nothing else. It has to fit this JSON Schema:"
THOUGHTS = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
DOCUMENT = re.compile(r"\{.*\}", re.DOTALL)


def openai(shape: type[BaseModel], form: Form = Form.BOUNDED) -> Schema:
    """Return the strict dialect: every key is required, nothing may be added; bounds as far as the form has them."""
    made: Schema = _openai(shape.model_json_schema(), OPENAI_UNKNOWN | LEFT_OUT.get(form, frozenset()))
    return made


def _openai(node: Any, unknown: frozenset[str]) -> Any:
    if isinstance(node, list):
        return [_openai(item, unknown) for item in node]
    if not isinstance(node, dict):
        return node
    made = {
        key: {name: _openai(property_schema, unknown) for name, property_schema in value.items()}
        if key in ("properties", "$defs")
        else _openai(value, unknown)
        for key, value in node.items()
        if key not in unknown
    }
    if "const" in made:
        made["enum"] = [made.pop("const")]
    if "properties" in made:
        made["required"] = list(made["properties"])
        made["additionalProperties"] = False
    return made


def gemini(shape: type[BaseModel], form: Form = Form.BOUNDED) -> Schema:
    """Return Gemini's dialect: no references, no `additionalProperties`, enums of numbers with all bounds only."""
    schema = shape.model_json_schema()
    made: Schema = _gemini(schema, schema.get("$defs", {}), form)
    return made


def _gemini(node: Any, definitions: Schema, form: Form) -> Any:
    if isinstance(node, list):
        return [_gemini(item, definitions, form) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _gemini(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions, form)
    unknown = GEMINI_UNKNOWN | LEFT_OUT.get(form, frozenset())
    made: Schema = {}
    for key, value in node.items():
        if key == "const":
            made["enum"] = [value]
        elif key == "properties":
            made[key] = {
                name: _gemini(property_schema, definitions, form) for name, property_schema in value.items()
            }
        elif key != "$defs" and key not in unknown:
            made[key] = _gemini(value, definitions, form)
    if "properties" in made:
        made["required"] = list(made["properties"])
    if form is not Form.BOUNDED and any(not isinstance(value, str) for value in made.get("enum", ())):
        del made["enum"]
    return made


def instructions(prompt: Prompt, shape: type[BaseModel], form: Form) -> str:
    """Return the prompt's instructions; where the server takes no schema, the model is told it here."""
    if form.by_schema:
        return prompt.system
    schema = json.dumps(openai(shape), ensure_ascii=False, separators=(",", ":"))
    return f"{prompt.system}\n{BY_PROMPT}\n{schema}"


def read(content: str | None, shape: type[T]) -> T:
    """Return what a model wrote, in the wanted shape; a fence, words and thoughts around it are taken off.

    Raises:
        BadOutput: it is empty, not JSON, or of another shape.
    """
    if not content or not content.strip():
        raise BadOutput("The model's answer is empty.")
    document = DOCUMENT.search(THOUGHTS.sub("", content))
    try:
        return shape.model_validate_json(document[0] if document else content)
    except pydantic.ValidationError as error:
        kinds = sorted({detail["type"] for detail in error.errors()})
        raise BadOutput(
            f"The model's answer does not have the shape that was asked for ({', '.join(kinds)})."
        ) from None
