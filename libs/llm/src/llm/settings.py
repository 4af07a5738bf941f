"""Which language models may be asked, from the environment."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.production import Problem, key_problems
from llm import costs
from llm.chain import Chain, Policy
from llm.costs import Costs
from llm.protocol import Provider

if TYPE_CHECKING:
    from llm.gemini import Gemini
    from llm.openai import OpenAI


class LLMSettings(BaseSettings):
    """A provider is configured by its key or its base URL. Times are in seconds."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    openai_model: str = "gpt-4o-mini"
    gemini_api_key: SecretStr | None = None
    gemini_base_url: str | None = None
    gemini_model: str = "gemini-2.5-flash"
    llm_timeout: float = Field(default=30.0, gt=0)
    llm_deadline: float = Field(default=60.0, gt=0)
    llm_retries: int = Field(default=1, ge=0, le=5)
    llm_concurrency: int = Field(default=4, ge=1, le=64)
    llm_prices_file: Path | None = Field(
        default=None, description="What models cost; a table of known models is used without it."
    )


def production_problems(settings: LLMSettings) -> Iterator[Problem]:
    """Find out whether a provider's own key is a sample; a server of one's own may take any."""
    if not settings.openai_base_url:
        yield from key_problems("OPENAI_API_KEY", settings.openai_api_key)
    if not settings.gemini_base_url:
        yield from key_problems("GEMINI_API_KEY", settings.gemini_api_key)


def _reveal(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _openai(settings: LLMSettings) -> Provider:
    # a model's SDK is megabytes of modules: who has no provider configured never imports it
    kind: type[OpenAI] = importlib.import_module("llm.openai").OpenAI
    return kind(
        model=settings.openai_model,
        api_key=_reveal(settings.openai_api_key),
        base_url=settings.openai_base_url,
        timeout=settings.llm_timeout,
    )


def _gemini(settings: LLMSettings) -> Provider:
    kind: type[Gemini] = importlib.import_module("llm.gemini").Gemini
    return kind(
        model=settings.gemini_model,
        api_key=_reveal(settings.gemini_api_key),
        base_url=settings.gemini_base_url,
        timeout=settings.llm_timeout,
    )


def chain(settings: LLMSettings) -> Chain:
    """Return the configured providers as one chain, OpenAI first; without any it is empty and says so."""
    providers: list[Provider] = []
    if settings.openai_api_key or settings.openai_base_url:
        providers.append(_openai(settings))
    if settings.gemini_api_key or settings.gemini_base_url:
        providers.append(_gemini(settings))
    policy = Policy(
        timeout=settings.llm_timeout,
        deadline=settings.llm_deadline,
        retries=settings.llm_retries,
        concurrency=settings.llm_concurrency,
    )
    return Chain(providers, policy, costs=Costs(costs.load(settings.llm_prices_file)))
