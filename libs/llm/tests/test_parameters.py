"""A parameter that a server refuses is left out at the second try, and remembered; in the words of real servers."""

import pytest
from pydantic import BaseModel, Field

from llm import errors, parameters
from llm.gemini import Gemini
from llm.openai import OpenAI
from llm.parameters import Form, Parameters
from llm.protocol import Prompt
from testkit.llm_server import FakeLLMServer


class Word(BaseModel):
    word: str = Field(max_length=20)
    letters: list[str] = Field(max_length=20)


PROMPT = Prompt(name="say.v1", system="Say a word.", user="Please.")
REPLY = {"word": "yes", "letters": ["y", "e", "s"]}


@pytest.fixture(scope="module")
def server():
    with FakeLLMServer() as played:
        yield played


@pytest.fixture(autouse=True)
def _forgetting(server):
    server.calls.clear()


@pytest.fixture
async def openai(server):
    made = OpenAI(model="gpt-5-mini", api_key="sk-secret", base_url=server.openai_base_url, timeout=5)
    yield made
    server.openai.restore()
    await made.close()


@pytest.fixture
async def gemini(server):
    made = Gemini(model="gemini-2.5-flash", api_key="g", base_url=server.gemini_base_url, timeout=5)
    yield made
    server.gemini.restore()
    await made.close()


def invalid(message, param=None, code=None):
    """Return an error's body as OpenAI writes it."""
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return {"error": error}


def bodies(server):
    return [call.body for call in server.calls]


def schema_of(body):
    return body["response_format"]["json_schema"]["schema"]


async def test_a_server_that_refuses_temperature_is_served_at_the_second_try_and_then_at_the_first(
    server, openai
):
    message = (
        "Unsupported value: 'temperature' does not support 0 with this model. "
        "Only the default (1) value is supported."
    )
    refused = invalid(message, "temperature", "unsupported_value")
    server.openai.refuse(lambda body: refused if "temperature" in body else None, REPLY)
    assert (await openai.ask(PROMPT, Word)).value.word == "yes"
    assert ["temperature" in body for body in bodies(server)] == [True, False]
    await openai.ask(PROMPT, Word)
    assert ["temperature" in body for body in bodies(server)] == [True, False, False]
    assert bodies(server)[-1]["max_completion_tokens"] == PROMPT.max_output_tokens


@pytest.mark.parametrize(
    "refused",
    [
        invalid("Unrecognized request argument supplied: max_completion_tokens"),
        {
            "detail": [
                {
                    "type": "extra_forbidden",
                    "loc": ["body", "max_completion_tokens"],
                    "msg": "Extra inputs",
                    "input": 7,
                }
            ]
        },
    ],
)
async def test_a_server_that_knows_only_the_old_name_of_the_length_limit_gets_that(server, openai, refused):
    server.openai.refuse(lambda body: refused if "max_completion_tokens" in body else None, REPLY, 422)
    await openai.ask(PROMPT, Word)
    assert bodies(server)[-1]["max_tokens"] == PROMPT.max_output_tokens
    assert len(server.calls) == 2


async def test_a_server_that_finds_any_limit_too_large_gets_none(server, openai):
    message = "'max_tokens' or 'max_completion_tokens' is too large: 8000. This model's maximum context length is 4096."
    server.openai.refuse(
        lambda body: invalid(message) if {"max_tokens", "max_completion_tokens"} & set(body) else None, REPLY
    )
    await openai.ask(PROMPT, Word)
    assert len(server.calls) == 3


async def test_a_server_that_takes_no_length_of_texts_keeps_the_other_bounds(server, openai):
    message = (
        "Invalid schema for response_format 'Word': In context=('properties', 'word'), "
        "'maxLength' is not permitted."
    )
    refused = invalid(message, "response_format")
    server.openai.refuse(lambda body: refused if "maxLength" in str(body) else None, REPLY)
    await openai.ask(PROMPT, Word)
    assert len(server.calls) == 2
    assert schema_of(bodies(server)[-1])["properties"]["letters"]["maxItems"] == 20


async def test_a_server_whose_grammar_takes_no_bounds_gets_the_plain_schema(server, openai):
    refused = {"error": {"code": 400, "message": "failed to parse grammar", "type": "invalid_request_error"}}
    server.openai.refuse(lambda body: refused if "maxItems" in str(body) else None, REPLY)
    await openai.ask(PROMPT, Word)
    assert len(server.calls) == 3
    assert "maxItems" not in str(schema_of(bodies(server)[-1]))


@pytest.mark.parametrize(
    "message",
    [
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
        'response_format type must be one of "text" or "json_object", but got: json_schema',
    ],
)
async def test_a_server_that_knows_no_schemas_is_asked_for_json_and_the_model_is_told_the_schema(
    server, openai, message
):
    refused = invalid(message, "response_format")
    server.openai.refuse(
        lambda body: refused if body.get("response_format", {}).get("type") == "json_schema" else None, REPLY
    )
    await openai.ask(PROMPT, Word)
    assert len(server.calls) == 2
    assert bodies(server)[-1]["response_format"] == {"type": "json_object"}
    assert '"maxItems":20' in bodies(server)[-1]["messages"][0]["content"]


async def test_a_server_that_knows_no_response_format_at_all_is_asked_in_words(server, openai):
    refused = {"error": "Unknown field: response_format"}
    server.openai.refuse(lambda body: refused if "response_format" in body else None, REPLY)
    assert (await openai.ask(PROMPT, Word)).value.word == "yes"
    assert '"maxItems":20' in bodies(server)[-1]["messages"][0]["content"]
    await openai.ask(PROMPT, Word)
    assert "response_format" not in bodies(server)[-1]


async def test_refusing_everything_ends(server, openai):
    refused = invalid("temperature, max_tokens, response_format: all of it is refused.")
    server.openai.refuse(lambda _: refused, REPLY)
    with pytest.raises(errors.Rejected):
        await openai.ask(PROMPT, Word)
    assert len(server.calls) <= 8


async def test_what_helped_nothing_is_not_remembered(server, openai):
    server.openai.refuse(lambda _: invalid("temperature: this account is closed."), REPLY)
    with pytest.raises(errors.Rejected):
        await openai.ask(PROMPT, Word)
    server.openai.answer(REPLY)
    await openai.ask(PROMPT, Word)
    assert bodies(server)[-1]["temperature"] == 0


async def test_gemini_is_asked_without_the_bounds_it_has_too_many_states_for(server, gemini):
    message = (
        "The specified schema produces a constraint that has too many states for serving. Typical causes of this "
        "error are schemas with lots of text, schemas with long array length limits, or complex value matchers."
    )
    refused = {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}
    server.gemini.refuse(lambda body: refused if "maxItems" in str(body) else None, REPLY)
    assert (await gemini.ask(PROMPT, Word)).value.word == "yes"
    assert len(server.calls) == 3
    await gemini.ask(PROMPT, Word)
    assert len(server.calls) == 4


async def test_gemini_that_knows_no_schemas_is_told_in_words(server, gemini):
    message = (
        "Invalid JSON payload received. Unknown name \"responseJsonSchema\" at 'generation_config': "
        "Cannot find field."
    )
    refused = {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}
    server.gemini.refuse(
        lambda body: refused if "responseJsonSchema" in body["generationConfig"] else None, REPLY
    )
    await gemini.ask(PROMPT, Word)
    assert '"maxItems":20' in str(bodies(server)[-1]["systemInstruction"])


async def test_gemini_that_refuses_temperature_is_asked_without(server, gemini):
    refused = {
        "error": {
            "code": 400,
            "message": "temperature is not supported for this model",
            "status": "INVALID_ARGUMENT",
        }
    }
    server.gemini.refuse(lambda body: refused if "temperature" in body["generationConfig"] else None, REPLY)
    await gemini.ask(PROMPT, Word)
    assert len(server.calls) == 2


def test_a_request_that_an_error_repeats_is_not_taken_for_its_words():
    body = {
        "detail": [
            {
                "type": "missing",
                "loc": ["body", "tools"],
                "msg": "Field required",
                "input": {"temperature": 0},
            }
        ]
    }
    assert Parameters(("max_tokens",)).without(parameters.refusal(body)) is None
    assert parameters.refusal("<html>temperature</html>") == "<html>temperature</html>"


def test_from_asking_in_words_there_is_nothing_weaker():
    assert Parameters((), temperature=False, form=Form.PROMPT).without("schema") is None
