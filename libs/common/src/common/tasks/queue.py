"""Slow or later work: enqueued in the caller's transaction, done by the worker through PgQueuer, shown to its owner."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from opentelemetry import trace
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json
from sqlalchemy import Executable, Interval, and_, bindparam, case, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from common import telemetry
from common.backoff import delay_before
from common.db import tables, tombstones
from common.db.engine import SessionMaker
from common.db.expiry import Expiring
from common.ids import uuid7
from common.tasks import jobs

P = TypeVar("P", bound="TaskPayload")
T = TypeVar("T")

# so long that those before can't all have ended by the time the transaction commits that adds one more
LONG_LINE = 20


def _insert() -> Executable:
    """Return the statement that adds a task which is due after `delay`; it returns the task's place.

    Where many tasks of the owner `line_of` wait, the workers are not asked at all: one more waits in line at once.
    """
    task, other = tables.task, tables.task.alias("other")
    waits = and_(
        other.c.owner_id == bindparam("line_of"),
        other.c.status.in_(tables.OPEN_WORDS),
        other.c.place == "waiting",
    )
    line = select(literal(1)).select_from(other).where(waits).limit(LONG_LINE).subquery("line")
    length = select(func.count()).select_from(line).scalar_subquery()
    return (
        insert(task)
        .values(
            due_at=func.now() + bindparam("delay", type_=Interval),
            place=case((length == LONG_LINE, "waiting")),
        )
        .returning(task.c.place)
    )


INSERT = _insert()

tracer = trace.get_tracer("interviewace.tasks")


class TaskStatus(StrEnum):
    """Where a task stands."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TaskPayload(BaseModel):
    """What a task needs to know: ids, never contents. `kind` names it and stays stable while rows exist."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: ClassVar[str]


class PermanentFailure(Exception):
    """Raised by a task that can't succeed, however often it is tried. The message is shown to the owner."""


class Retry(Exception):
    """Raised by a task that waits for somebody else; it is tried again after `delay`, without a limit."""

    def __init__(self, reason: str, delay: timedelta) -> None:
        super().__init__(reason)
        self.delay = delay


async def enqueue(
    session: AsyncSession,
    payload: TaskPayload,
    *,
    owner: UUID | None = None,
    delay: timedelta = timedelta(0),
    result: str | None = None,
) -> UUID:
    """Enqueue work in the caller's transaction and return the task's id.

    `owner` may see the task; `result` is the path shown once it has succeeded; it starts after `delay`.

    Raises:
        AccountErased: the owner is erased.
    """
    task_id = uuid7()
    with tracer.start_as_current_span(f"enqueue {payload.kind}", kind=trace.SpanKind.PRODUCER):
        headers = telemetry.carrier()
    row = {
        "id": task_id,
        "kind": payload.kind,
        "owner_id": owner,
        "payload": payload.model_dump_json(),
        "trace": to_json(headers).decode(),
        "result": result,
    }
    await session.flush()
    await tombstones.refuse_erased(session, owner)
    lines_up = owner is not None and delay <= timedelta(0)
    values = row | {"delay": delay, "line_of": owner if lines_up else None}
    place = (await session.execute(INSERT, values)).scalar_one()
    if place is None:
        await jobs.add(session, task_id, payload.kind, delay)
    return task_id


@dataclass
class RunContext:
    """What a worker's scheduled work is given, and its tasks besides their payload."""

    sessions: SessionMaker
    resources: Mapping[type, object]

    def resource(self, kind: type[T]) -> T:
        """Return the worker's resource of that type."""
        instance = self.resources[kind]
        if not isinstance(instance, kind):
            raise TypeError(f"{kind.__name__} is not a resource of this worker")
        return instance


@dataclass
class TaskContext(RunContext):
    """What a running task is given besides its payload."""

    task_id: UUID
    attempt: int

    async def progress(self, fraction: float) -> None:
        """Show the owner how far it is, from 0 to 1."""
        async with self.sessions.begin() as session:
            values = {"progress": min(max(fraction, 0.0), 1.0), "updated_at": func.now()}
            await session.execute(update(tables.task).where(tables.task.c.id == self.task_id).values(values))


Run = Callable[[TaskContext, Any], Awaitable[None]]
OnFailure = Callable[[AsyncSession, Any, str], Awaitable[None]]
RunScheduled = Callable[[RunContext], Awaitable[None]]


@dataclass(frozen=True)
class TaskKind:
    """How one kind of task is done."""

    payload_type: type[TaskPayload]
    run: Run
    attempts: int
    timeout: float
    failed: OnFailure | None


@dataclass(frozen=True)
class Schedule:
    """When scheduled work is done, as cron writes it, in UTC."""

    expression: str
    run: RunScheduled
    timeout: float


@dataclass
class TaskRouter:
    """The visible list of what a worker can do, asked for or by the clock, and of the rows it removes by the clock."""

    kinds: dict[str, TaskKind] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    expiring: Sequence[Expiring] = ()

    def task(
        self,
        payload_type: type[P],
        *,
        attempts: int = 5,
        timeout: float = 120.0,
        failed: Callable[[AsyncSession, P, str], Awaitable[None]] | None = None,
    ) -> Callable[[Callable[[TaskContext, P], Awaitable[None]]], Run]:
        """Do tasks of that payload with the decorated function.

        Any exception is tried again with growing delays, `attempts` times in all, each of at most `timeout`
        seconds; then `failed(session, payload, reason)` runs in the transaction that marks the task as failed.
        So it does when the worker died three times in a row at the task.
        """

        def register(run: Callable[[TaskContext, P], Awaitable[None]]) -> Run:
            self.kinds[payload_type.kind] = TaskKind(payload_type, run, attempts, timeout, failed)
            return run

        return register

    def schedule(
        self, name: str, expression: str, *, timeout: float = 600.0
    ) -> Callable[[RunScheduled], RunScheduled]:
        """Do the decorated function whenever the cron expression says (UTC), once however many workers there are.

        `name` stays stable. What fails, or takes longer than `timeout` seconds, is done again at the next time.
        A time at which no worker ran is made up for when one starts.
        """

        def register(run: RunScheduled) -> RunScheduled:
            self.schedules[name] = Schedule(expression, run, timeout)
            return run

        return register


def backoff(attempt: int) -> timedelta:
    """Return how long to wait after failed attempt number `attempt`: 0.5 s doubling to 60 s, jittered."""
    return timedelta(seconds=delay_before(attempt, first=0.5, longest=60.0))
