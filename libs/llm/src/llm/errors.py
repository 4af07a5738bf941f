"""How a language model can fail, by name. Messages hold neither keys nor prompts nor answers."""

from typing import ClassVar

from common.errors import LLMProviderError


class NotConfigured(LLMProviderError):
    """No provider has a key or a base URL."""

    code = "llm_not_configured"


class ProviderError(LLMProviderError):
    """One provider failed once. `transient` says whether the same question may work a moment later."""

    transient: ClassVar[bool] = False


class ProviderTimeout(ProviderError):
    """It did not answer in time."""

    transient = True


class ProviderUnavailable(ProviderError):
    """It could not be reached, or failed on its own side."""

    transient = True


class RateLimited(ProviderError):
    """It has had enough questions for now; `retry_after` says for how long, where it told."""

    transient = True


class Rejected(ProviderError):
    """It does not take the question: a wrong key, an unknown model, a request it can't read."""


class Refused(ProviderError):
    """It will not answer this question."""


class BadOutput(ProviderError):
    """It answered, but not usefully: empty, cut off, not JSON, or of another shape."""

    transient = True


class AllProvidersFailed(LLMProviderError):
    """Every provider was asked and none answered usefully."""

    code = "llm_all_failed"
