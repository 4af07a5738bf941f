"""Which language models may be asked, from the environment."""

from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name
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


HOSTED = (30.0, 60.0)
OWN_SERVER = (300.0, 600.0)
"""Seconds of one attempt and of all; a model on a processor without help writes a reply of 1,000 tokens in minutes."""


class LLMSettings(BaseSettings):
    """A provider is configured by its key or its base URL. Times are in seconds."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    openai_model: str = "gpt-4o-mini"
    gemini_api_key: SecretStr | None = None
    gemini_base_url: str | None = None
    gemini_model: str = "gemini-2.5-flash"
    llm_timeout: float | None = Field(
        default=None, gt=0, description="One attempt; 30 without it, 300 at a server of one's own."
    )
    llm_deadline: float | None = Field(
        default=None, gt=0, description="All attempts together; 60 without it, 600 at a server of one's own."
    )
    llm_retries: int = Field(default=1, ge=0, le=5)
    llm_concurrency: int = Field(default=4, ge=1, le=64)
    llm_prices_file: Path | None = Field(
        default=None, description="What models cost; a table of known models is used without it."
    )
    llm_runs: int = Field(default=1, ge=1, le=5)

    @property
    def limits(self) -> tuple[float, float]:
        """The time limits of one attempt and of all: as set, else what hosted models or one's own server need."""
        timeout, deadline = OWN_SERVER if self.openai_base_url or self.gemini_base_url else HOSTED
        return self.llm_timeout or timeout, self.llm_deadline or deadline


def production_problems(settings: LLMSettings) -> Iterator[Problem]:
    """Find out whether a provider's own key is a sample; a server of one's own may take any."""
    if not settings.openai_base_url:
        yield from key_problems("OPENAI_API_KEY", settings.openai_api_key)
    if not settings.gemini_base_url:
        yield from key_problems("GEMINI_API_KEY", settings.gemini_api_key)


def providers(settings: LLMSettings) -> list[Provider]:
    """Return the configured providers in the order they are asked, OpenAI first."""
    timeout, _ = settings.limits
    configured = [
        _provider(
            "llm.openai:OpenAI",
            settings.openai_model,
            settings.openai_api_key,
            settings.openai_base_url,
            timeout,
        ),
        _provider(
            "llm.gemini:Gemini",
            settings.gemini_model,
            settings.gemini_api_key,
            settings.gemini_base_url,
            timeout,
        ),
    ]
    return [provider for provider in configured if provider]


def policy(settings: LLMSettings) -> Policy:
    """Return how long and how often they are asked."""
    timeout, deadline = settings.limits
    return Policy(
        timeout=timeout,
        deadline=deadline,
        retries=settings.llm_retries,
        concurrency=settings.llm_concurrency,
        runs=settings.llm_runs,
    )


def chain(settings: LLMSettings) -> Chain:
    """Return the configured providers as one chain; without any it is empty and says so."""
    prices = Costs(costs.load(settings.llm_prices_file))
    return Chain(providers(settings), policy(settings), costs=prices)


def _provider(
    provider: str, model: str, api_key: SecretStr | None, base_url: str | None, timeout: float
) -> Provider | None:
    """Return the provider that `module:class` stands for, None where neither a key nor an address is set."""
    if not (api_key or base_url):
        return None
    # a model's SDK is megabytes of modules: who has no provider configured never imports it
    kind: type[OpenAI | Gemini] = resolve_name(provider)
    return kind(
        model=model,
        api_key=api_key.get_secret_value() if api_key else None,
        base_url=base_url,
        timeout=timeout,
    )
