"""Gemini, by google-genai."""

import asyncio
import re

import httpx
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from llm import schema_adapters
from llm.errors import BadOutput, ProviderTimeout, ProviderUnavailable, RateLimited, Refused, Rejected
from llm.parameters import REFUSING, Form, Learned, Parameters
from llm.protocol import Prompt, Reply, T

LENGTHS = ("max_output_tokens",)
RETRY_DELAY = re.compile(r"'retryDelay': '(\d+(?:\.\d+)?)s'")
NO_KEY = "not-needed"
REFUSALS = frozenset({"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE"})


def _refusal(error: Exception) -> object | None:
    if isinstance(error, errors.APIError) and error.code in REFUSING:
        body: object = error.details
        return body
    return None


class Gemini:
    """One attempt at a time, with the SDK's own retries off. What the server refuses of a request is left out later."""

    name = "gemini"

    def __init__(self, *, model: str, api_key: str | None, base_url: str | None, timeout: float) -> None:
        self.model = model
        self._timeout = timeout
        self._learned = Learned(self.name, model, LENGTHS)
        self._client = genai.Client(
            api_key=api_key or NO_KEY,
            vertexai=False,
            http_options=types.HttpOptions(
                base_url=base_url,
                timeout=int(timeout * 1000),
                retry_options=types.HttpRetryOptions(attempts=1),
            ),
        )

    async def ask(self, prompt: Prompt, shape: type[T]) -> Reply[T]:
        """Return the answer in that shape, or raise one of the named failures."""
        try:
            async with asyncio.timeout(self._timeout + 1):
                response = await self._taken(prompt, shape)
        except errors.APIError as error:
            raise self._named(error) from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise ProviderTimeout("Gemini did not answer in time.") from error
        except ValueError as error:
            raise BadOutput("Gemini's answer can't be read.") from error
        except Exception as error:  # the SDK passes on whatever its HTTP client raises, and has two of them
            if "Timeout" in type(error).__name__:
                raise ProviderTimeout("Gemini did not answer in time.") from error
            raise ProviderUnavailable(f"Gemini could not be reached ({type(error).__name__}).") from error
        return self._read(response, shape)

    async def _taken(self, prompt: Prompt, shape: type[BaseModel]) -> types.GenerateContentResponse:
        async def send(taken: Parameters) -> types.GenerateContentResponse:
            return await self._client.aio.models.generate_content(
                model=self.model, contents=prompt.user, config=_config(prompt, shape, taken)
            )

        return await self._learned.ask(send, _refusal)

    @staticmethod
    def _named(error: errors.APIError) -> RateLimited | ProviderUnavailable | Rejected:
        if error.code == 429:
            return RateLimited("Gemini takes no more questions for now.", retry_after=_wait(error))
        if error.code >= 500 or error.code == 408:
            return ProviderUnavailable(f"Gemini answered {error.code}.")
        return Rejected(f"Gemini does not take the request (status {error.code}).")

    def _read(self, response: types.GenerateContentResponse, shape: type[T]) -> Reply[T]:
        if not response.candidates:
            blocked = (
                response.prompt_feedback is not None and response.prompt_feedback.block_reason is not None
            )
            if blocked:
                raise Refused("Gemini refused to answer.")
            raise BadOutput("Gemini's answer is empty.")
        reason = response.candidates[0].finish_reason
        if reason is not None and reason.name in REFUSALS:
            raise Refused("Gemini refused to answer.")
        if reason is types.FinishReason.MAX_TOKENS:
            raise BadOutput("Gemini's answer was cut off at the length limit.")
        usage = response.usage_metadata
        return Reply(
            value=schema_adapters.read(response.text, shape),
            engine=self.name,
            model=response.model_version or self.model,
            input_tokens=(usage.prompt_token_count or 0) if usage else 0,
            output_tokens=_written(usage) if usage else 0,
        )

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aio.aclose()


def _config(prompt: Prompt, shape: type[BaseModel], taken: Parameters) -> types.GenerateContentConfig:
    schema = schema_adapters.gemini(shape, taken.form) if taken.form.by_schema else None
    return types.GenerateContentConfig(
        system_instruction=schema_adapters.instructions(prompt, shape, taken.form),
        temperature=prompt.temperature if taken.temperature else None,
        max_output_tokens=prompt.max_output_tokens if taken.length else None,
        response_mime_type=None if taken.form is Form.PROMPT else "application/json",
        response_json_schema=schema,
    )


def _wait(error: errors.APIError) -> float | None:
    """Return the seconds to wait: from the header, or as the body says them, such as `"retryDelay": "34.5s"`."""
    header = getattr(error.response, "headers", {}).get("retry-after", "")
    if header.isdigit():
        return float(header)
    delay = RETRY_DELAY.search(str(error.details))
    return float(delay[1]) if delay else None


def _written(usage: types.GenerateContentResponseUsageMetadata) -> int:
    """Return the tokens that were written and are paid for, those of thinking too."""
    return (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
