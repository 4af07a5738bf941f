"""Counts what fails at Redis, whoever asked and whatever it then goes on with."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError

from common.metrics import meter

T = TypeVar("T")

ERRORS = meter.create_counter(
    "interviewace.redis.errors", description="Commands and connections that failed, by type of error."
)


class CountingRetry(Retry):
    """Repeats once what fails on a connection that died while nobody used it; who is silent is not asked twice."""

    def __init__(self) -> None:
        super().__init__(NoBackoff(), 1, (RedisConnectionError,))

    async def call_with_retry(
        self, do: Callable[[], Awaitable[T]], fail: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> T:
        """Do something at Redis; what fails for good is counted."""
        try:
            return await super().call_with_retry(do, fail, *args, **kwargs)
        except NoScriptError:  # a script that was not sent yet: the caller sends it
            raise
        except (RedisError, OSError) as error:
            ERRORS.add(1, {"error.type": type(error).__name__})
            raise
