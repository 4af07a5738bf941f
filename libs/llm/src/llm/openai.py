"""OpenAI, and every server that speaks its chat API."""

from collections.abc import Mapping
from typing import Any

import openai
from openai.types.chat import ChatCompletion
from openai.types.chat.completion_create_params import ResponseFormat
from pydantic import BaseModel

from llm import schema_adapters
from llm.errors import BadOutput, ProviderTimeout, ProviderUnavailable, RateLimited, Refused, Rejected
from llm.parameters import REFUSING, Form, Learned, Parameters
from llm.protocol import Prompt, Reply, T

LENGTHS = ("max_completion_tokens", "max_tokens")
NO_KEY = "not-needed"  # a compatible server of one's own may ask for none, the SDK insists


def _seconds(value: str | None) -> float | None:
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        return None


def _refusal(error: Exception) -> object | None:
    if isinstance(error, openai.APIStatusError) and error.status_code in REFUSING:
        return error.response.text
    return None


class OpenAI:
    """One attempt at a time, with the SDK's own retries off. What the server refuses of a request is left out later."""

    name = "openai"

    def __init__(self, *, model: str, api_key: str | None, base_url: str | None, timeout: float) -> None:
        self.model = model
        self._learned = Learned(self.name, model, LENGTHS)
        self._client = openai.AsyncOpenAI(
            api_key=api_key or NO_KEY, base_url=base_url, timeout=timeout, max_retries=0
        )

    async def ask(self, prompt: Prompt, shape: type[T]) -> Reply[T]:
        """Return the answer in that shape, or raise one of the named failures."""
        try:
            response = await self._taken(prompt, shape)
        except openai.APITimeoutError as error:
            raise ProviderTimeout("OpenAI did not answer in time.") from error
        except openai.RateLimitError as error:
            wait = _seconds(error.response.headers.get("retry-after"))
            raise RateLimited("OpenAI takes no more questions for now.", retry_after=wait) from error
        except openai.APIStatusError as error:
            if error.status_code >= 500 or error.status_code in (408, 409):
                raise ProviderUnavailable(f"OpenAI answered {error.status_code}.") from error
            raise Rejected(f"OpenAI does not take the request (status {error.status_code}).") from error
        except openai.OpenAIError as error:
            raise ProviderUnavailable(f"OpenAI could not be reached ({type(error).__name__}).") from error
        except ValueError as error:  # a body that is no JSON at all
            raise BadOutput("OpenAI's answer can't be read.") from error
        return self._read(response, shape)

    async def _taken(self, prompt: Prompt, shape: type[BaseModel]) -> ChatCompletion:
        async def send(taken: Parameters) -> ChatCompletion:
            response: ChatCompletion = await self._client.chat.completions.create(
                model=self.model, **_request(prompt, shape, taken)
            )
            return response

        return await self._learned.ask(send, _refusal)

    def _read(self, response: ChatCompletion, shape: type[T]) -> Reply[T]:
        if not isinstance(response, ChatCompletion) or not response.choices:
            raise BadOutput("OpenAI's answer has no choices.")
        choice = response.choices[0]
        if choice.message.refusal or choice.finish_reason == "content_filter":
            raise Refused("OpenAI refused to answer.")
        if choice.finish_reason == "length":
            raise BadOutput("OpenAI's answer was cut off at the length limit.")
        value = schema_adapters.read(choice.message.content, shape)
        usage = response.usage
        return Reply(
            value=value,
            engine=self.name,
            model=response.model or self.model,
            input_tokens=usage.prompt_tokens if usage else 0,
            output_tokens=usage.completion_tokens if usage else 0,
        )

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()


def _request(prompt: Prompt, shape: type[BaseModel], taken: Parameters) -> Mapping[str, Any]:
    request: dict[str, Any] = {
        "messages": [
            {"role": "system", "content": schema_adapters.instructions(prompt, shape, taken.form)},
            {"role": "user", "content": prompt.user},
        ],
    }
    if taken.temperature:
        request["temperature"] = prompt.temperature
    if taken.length:
        request[taken.length] = prompt.max_output_tokens
    if response_format := _response_format(shape, taken.form):
        request["response_format"] = response_format
    return request


def _response_format(shape: type[BaseModel], form: Form) -> ResponseFormat | None:
    if form is Form.PROMPT:
        return None
    if form is Form.JSON:
        return {"type": "json_object"}
    schema = schema_adapters.openai(shape, form)
    return {"type": "json_schema", "json_schema": {"name": shape.__name__, "strict": True, "schema": schema}}
