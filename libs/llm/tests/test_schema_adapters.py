"""One pydantic model in both dialects, in each form; what comes back is read by the model itself."""

from typing import Literal

import pytest
from pydantic import BaseModel, Field

from llm import schema_adapters
from llm.errors import BadOutput
from llm.parameters import Form
from llm.protocol import Prompt

BOUNDS = ("maxLength", "minLength", "minimum", "maximum", "minItems", "maxItems")


class Finding(BaseModel):
    name: str = Field(min_length=1, max_length=40)
    verdict: Literal["MET", "UNMET"]
    sentences: list[Literal[1, 2, 4]] = Field(min_length=1, max_length=3)
    note: str | None = None


class Findings(BaseModel):
    findings: list[Finding] = Field(max_length=10)
    score: int = Field(ge=0, le=100)
    kind: Literal["only"] = "only"


def bounds(schema: object) -> set[str]:
    """Return which bounds stand in a schema."""
    text = str(schema)
    return {bound for bound in BOUNDS if f"'{bound}'" in text}


@pytest.mark.parametrize("compiled", [schema_adapters.openai, schema_adapters.gemini])
def test_each_dialect_has_bounds_as_far_as_the_form_does(compiled):
    assert bounds(compiled(Findings)) == set(BOUNDS)
    assert bounds(compiled(Findings, Form.WITHOUT_LENGTHS)) == set(BOUNDS) - {"maxLength", "minLength"}
    assert bounds(compiled(Findings, Form.UNBOUNDED)) == set()


@pytest.mark.parametrize("compiled", [schema_adapters.openai, schema_adapters.gemini])
@pytest.mark.parametrize("form", [Form.BOUNDED, Form.WITHOUT_LENGTHS, Form.UNBOUNDED])
def test_each_dialect_requires_every_key_and_knows_no_defaults(compiled, form):
    schema = compiled(Findings, form)
    assert schema["required"] == ["findings", "score", "kind"]
    assert schema["properties"]["kind"]["enum"] == ["only"]
    assert not any(f"'{word}'" in str(schema) for word in ("default", "title", "const"))


def test_openais_dialect_is_strict_and_keeps_references():
    schema = schema_adapters.openai(Findings)
    assert schema["additionalProperties"] is False
    finding = schema["$defs"]["Finding"]
    assert finding["required"] == ["name", "verdict", "sentences", "note"]
    assert finding["properties"]["note"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert finding["properties"]["sentences"]["items"]["enum"] == [1, 2, 4]


def test_geminis_dialect_has_no_references_and_no_additional_properties():
    schema = schema_adapters.gemini(Findings)
    assert "$ref" not in str(schema)
    assert "additionalProperties" not in str(schema)
    finding = schema["properties"]["findings"]["items"]["properties"]
    assert finding["verdict"]["enum"] == ["MET", "UNMET"]
    assert finding["sentences"]["items"]["enum"] == [1, 2, 4]


def test_geminis_enums_of_numbers_go_with_the_bounds():
    schema = schema_adapters.gemini(Findings, Form.UNBOUNDED)
    assert "enum" not in schema["properties"]["findings"]["items"]["properties"]["sentences"]["items"]


def test_where_a_server_takes_no_schema_the_model_is_told_it():
    prompt = Prompt(name="judge.v1", system="Judge.", user="1: I did it.")
    assert schema_adapters.instructions(prompt, Findings, Form.UNBOUNDED) == "Judge."
    for form in (Form.JSON, Form.PROMPT):
        instructions = schema_adapters.instructions(prompt, Findings, form)
        assert instructions.startswith("Judge.\n")
        assert '"maxItems":10' in instructions


@pytest.mark.parametrize(
    "content", ["", None, "no", "{}", '{"findings": [], "score": 101}', '{"findings": [']
)
def test_what_does_not_fit_is_bad_output(content):
    with pytest.raises(BadOutput):
        schema_adapters.read(content, Findings)
