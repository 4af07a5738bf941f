"""All providers behind one question: in order, with one policy of deadlines, retries, circuits and concurrency."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from common import backoff
from common.circuit import Circuit
from common.errors import LLMProviderError
from llm import spans
from llm.costs import Costs
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


class Chain:
    """Asks the first provider, and each next one when those before it failed."""

    def __init__(
        self,
        providers: Sequence[Provider],
        policy: Policy | None = None,
        *,
        costs: Costs | None = None,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._providers = list(providers)
        self._policy = policy or Policy()
        self._costs = costs
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._circuits = {id(provider): _circuit(self._policy, clock) for provider in self._providers}
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
            if self._clock() >= until:
                raise ProviderTimeout(f"There was no time left to ask {provider.name}.")
            began = circuit.enter()
            if began is None:
                raise ProviderUnavailable(
                    f"{provider.name} is left alone for a while.", retry_after=circuit.wait
                )
            try:
                return await self._attempt(circuit, began, provider, prompt, shape, until)
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
        self, circuit: Circuit, began: float, provider: Provider, prompt: Prompt, shape: type[T], until: float
    ) -> Reply[T]:
        seconds = min(self._policy.timeout, until - began)
        try:
            with spans.call(provider.name, provider.model, prompt) as span:
                async with asyncio.timeout(seconds):
                    reply = await provider.ask(prompt, shape)
                spans.answered(span, reply, self._costs.add(reply) if self._costs else None)
        except ProviderError as error:
            # whoever refuses one question, or does not take it, is there all the same
            if error.transient:
                circuit.fail(began)
            else:
                circuit.leave(began)
            raise
        except TimeoutError as error:
            # a question that waited for room may have had next to no time
            if seconds >= self._policy.timeout / 2:
                circuit.fail(began)
            else:
                circuit.leave(began)
            raise ProviderTimeout(f"{provider.name} did not answer in time.") from error
        except BaseException:
            circuit.leave(began)
            raise
        circuit.succeed()
        return reply

    def _delay(self, error: ProviderError, attempt: int) -> float:
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return error.retry_after
        return backoff.delay_before(attempt + 1, first=self._policy.first_delay, jitter=self._jitter)

    async def close(self) -> None:
        """Let go of every provider's connections."""
        for provider in self._providers:
            await provider.close()


def _circuit(policy: Policy, clock: Clock) -> Circuit:
    """A provider that failed several times in a row is left alone; after a pause one question tries it."""
    return Circuit(policy.circuit_failures, trial=policy.timeout, pause=policy.circuit_pause, clock=clock)
