"""What metrics tell of connections to Postgres, by OpenTelemetry's conventions for pools."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.metrics import CallbackOptions, Observation
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from common.metrics import meter

STATE = "db.client.connection.state"

WAIT = meter.create_histogram(
    "db.client.connection.wait_time",
    unit="s",
    description="Seconds until a connection was had, one that had to be made first included.",
)
TIMEOUTS = meter.create_counter(
    "db.client.connection.timeouts",
    unit="{timeout}",
    description="How often nobody gave a connection back in time.",
)
_observed: set[AsyncEngine] = set()


class MeasuredPool(AsyncAdaptedQueuePool):
    """A pool that measures how long one waits for a connection."""

    @property
    def largest(self) -> int:
        """How many connections there may be at once."""
        return self.size() + self._max_overflow

    def _do_get(self) -> ConnectionPoolEntry:
        began = time.perf_counter()
        try:
            return super()._do_get()
        except PoolTimeout:
            TIMEOUTS.add(1)
            raise
        finally:
            WAIT.record(time.perf_counter() - began)


@contextmanager
def observed(engine: AsyncEngine) -> Iterator[None]:
    """Tell of an engine's pool for as long as the block lasts."""
    _observed.add(engine)
    TIMEOUTS.add(0)
    try:
        yield
    finally:
        _observed.discard(engine)


def _pools() -> Iterator[MeasuredPool]:
    return (engine.pool for engine in tuple(_observed) if isinstance(engine.pool, MeasuredPool))


def _count(_: CallbackOptions) -> Iterator[Observation]:
    for pool in _pools():
        yield Observation(pool.checkedout(), {STATE: "used"})
        yield Observation(pool.checkedin(), {STATE: "idle"})


def _largest(_: CallbackOptions) -> Iterator[Observation]:
    return (Observation(pool.largest) for pool in _pools())


def _largest_idle(_: CallbackOptions) -> Iterator[Observation]:
    return (Observation(pool.size()) for pool in _pools())


meter.create_observable_up_down_counter(
    "db.client.connection.count", [_count], "{connection}", "Connections to Postgres, by state."
)
meter.create_observable_up_down_counter(
    "db.client.connection.max", [_largest], "{connection}", "Connections there may be, overflow included."
)
meter.create_observable_up_down_counter(
    "db.client.connection.idle.max", [_largest_idle], "{connection}", "Connections that are kept."
)
