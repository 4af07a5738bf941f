"""All providers behind one question: in order, with one policy of deadlines, retries, circuits and concurrency."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from common.errors import LLMProviderError
from llm import spans
from llm.errors import (
    AllProvidersFailed,
    NotConfigured,
    ProviderError,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
)
from llm.protocol import Prompt, Provider, Reply, T

log = structlog.get_logger()

SEVERAL_TEMPERATURE = 0.7

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Policy:
    """How long and how often. Seconds throughout."""

    timeout: float = 30.0
    deadline: float = 60.0
    retries: int = 1
    first_delay: float = 0.5
    concurrency: int = 4
    runs: int = 1
    circuit_failures: int = 5
    circuit_pause: float = 30.0


class Circuit:
    """Leaves a provider alone that failed several times in a row; after a pause one question tries it."""

    def __init__(self, policy: Policy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._failures = 0
        self._closed_again = 0.0
        self._trying = False

    @property
    def open(self) -> bool:
        """True while nobody should ask."""
        if self._failures < self._policy.circuit_failures:
            return False
        return self._trying or self._clock() < self._closed_again

    @property
    def wait(self) -> float:
        """Seconds until the next try."""
        return max(0.0, self._closed_again - self._clock())

    def begin(self) -> None:
        """A question is asked."""
        self._trying = True

    def succeeded(self) -> None:
        """The provider works."""
        self._failures, self._trying = 0, False

    def failed(self) -> None:
        """The provider failed."""
        self._failures, self._trying = self._failures + 1, False
        self._closed_again = self._clock() + self._policy.circuit_pause

    def left(self) -> None:
        """The question was taken back before an answer came."""
        self._trying = False


class Chain:
    """Asks the first provider, and each next one when those before it failed."""

    def __init__(
        self,
        providers: Sequence[Provider],
        policy: Policy | None = None,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._providers = list(providers)
        self._policy = policy or Policy()
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._circuits = {id(provider): Circuit(self._policy, clock) for provider in self._providers}
        self._room = asyncio.Semaphore(self._policy.concurrency)

    @property
    def available(self) -> bool:
        """True where there is anybody to ask."""
        return bool(self._providers)

    @property
    def engines(self) -> list[str]:
        """The names of the providers, in the order they are asked."""
        return [provider.name for provider in self._providers]

    async def ask(self, prompt: Prompt, shape: type[T]) -> Reply[T]:
        """Return the first useful answer.

        Raises:
            NotConfigured: there is nobody to ask.
            AllProvidersFailed: nobody answered usefully before the deadline.
        """
        if not self._providers:
            raise NotConfigured(
                "No language model is configured; set OPENAI_API_KEY, OPENAI_BASE_URL or GEMINI_API_KEY."
            )
        until = self._clock() + self._policy.deadline
        causes: list[str] = []
        waits: list[float] = []
        async with self._room:
            for number, provider in enumerate(self._providers):
                now = self._clock()
                # one that hangs leaves those after it their share of the time
                share = now + (until - now) / (len(self._providers) - number)
                try:
                    return await self._ask_one(provider, prompt, shape, share)
                except ProviderError as error:
                    causes.append(f"{provider.name}: {type(error).__name__}")
                    waits += [error.retry_after] if error.retry_after is not None else []
        log.warning("llm_all_failed", prompt=prompt.name, causes=causes)
        raise AllProvidersFailed(
            f"No language model answered ({', '.join(causes)}).", retry_after=min(waits) if waits else None
        )

    async def ask_several(self, prompt: Prompt, shape: type[T]) -> list[Reply[T]]:
        """Return the useful answers of one engine's model, at least one, asked as often as the policy's runs say.

        The first is asked as the prompt says, those after it so that they can differ. Answers of another engine or
        model than most are left out.

        Raises:
            NotConfigured: there is nobody to ask.
            AllProvidersFailed: nobody answered usefully before the deadline.
        """
        others = replace(prompt, temperature=SEVERAL_TEMPERATURE)
        prompts = [prompt, *[others] * (self._policy.runs - 1)]
        outcomes = await asyncio.gather(
            *(self.ask(wanted, shape) for wanted in prompts), return_exceptions=True
        )
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        replies = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
        unnamed = [failure for failure in failures if not isinstance(failure, LLMProviderError)]
        if unnamed or not replies:
            raise [*unnamed, *failures][0]
        models = Counter((reply.engine, reply.model) for reply in replies)
        ((most, _),) = models.most_common(1)
        return [reply for reply in replies if (reply.engine, reply.model) == most]

    async def _ask_one(self, provider: Provider, prompt: Prompt, shape: type[T], until: float) -> Reply[T]:
        circuit = self._circuits[id(provider)]
        for attempt in range(self._policy.retries + 1):
            if circuit.open:
                raise ProviderUnavailable(
                    f"{provider.name} is left alone for a while.", retry_after=circuit.wait
                )
            if self._clock() >= until:
                raise ProviderTimeout(f"There was no time left to ask {provider.name}.")
            try:
                return await self._attempt(circuit, provider, prompt, shape, until)
            except ProviderError as error:
                delay = self._delay(error, attempt)
                last = attempt == self._policy.retries
                if last or not error.transient or self._clock() + delay >= until:
                    raise
                log.info(
                    "llm_retry", provider=provider.name, error=type(error).__name__, seconds=round(delay, 2)
                )
            await self._sleep(delay)
        raise ProviderUnavailable(f"{provider.name} was not asked.")

    async def _attempt(
        self, circuit: Circuit, provider: Provider, prompt: Prompt, shape: type[T], until: float
    ) -> Reply[T]:
        circuit.begin()
        seconds = min(self._policy.timeout, until - self._clock())
        try:
            with spans.call(provider.name, provider.model, prompt) as span:
                async with asyncio.timeout(seconds):
                    reply = await provider.ask(prompt, shape)
                spans.answered(span, reply)
        except ProviderError as error:
            # whoever refuses one question, or does not take it, is there all the same
            if error.transient:
                circuit.failed()
            else:
                circuit.left()
            raise
        except TimeoutError as error:
            # a question that waited for room may have had next to no time
            if seconds >= self._policy.timeout / 2:
                circuit.failed()
            else:
                circuit.left()
            raise ProviderTimeout(f"{provider.name} did not answer in time.") from error
        except BaseException:
            circuit.left()
            raise
        circuit.succeeded()
        return reply

    def _delay(self, error: ProviderError, attempt: int) -> float:
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return error.retry_after
        return self._policy.first_delay * 2.0**attempt * (0.5 + self._jitter())

    async def close(self) -> None:
        """Let go of every provider's connections."""
        for provider in self._providers:
            await provider.close()
