"""What is done by the clock: PgQueuer's scheduler hands out each due time once, however many workers there are."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import structlog
from opentelemetry import trace
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.sm import SchedulerManager
from pgqueuer.models import Schedule as DueTime

from common.settings import ServiceSettings
from common.tasks import pruning, recovery
from common.tasks.queue import RunContext, Schedule, TaskRouter

PRUNING = "*/10 * * * *"

log = structlog.get_logger()
tracer = trace.get_tracer("interviewace.tasks")


def of_every_service(settings: ServiceSettings, router: TaskRouter) -> dict[str, Schedule]:
    """Return what every service's worker does by the clock, besides its own."""
    common = TaskRouter()
    expiring = [*pruning.of_every_service(settings), *router.expiring]
    common.schedule("tasks.prune", PRUNING)(partial(pruning.prune, expiring=expiring))
    recover = partial(recovery.recover, kinds=router.kinds, owner_limit=settings.task_owner_limit)
    common.schedule("tasks.recover", "* * * * *")(recover)
    return common.schedules


def scheduler(queries: Queries, schedules: Mapping[str, Schedule], context: RunContext) -> SchedulerManager:
    """Return PgQueuer's scheduler for those schedules; it works on the queue's own connection."""
    manager = SchedulerManager(queries)
    for name, schedule in schedules.items():
        manager.schedule(name, schedule.expression)(_call(name, schedule, context))
    return manager


def _call(name: str, schedule: Schedule, context: RunContext) -> Callable[[DueTime], Awaitable[None]]:
    async def call(_: DueTime) -> None:
        with tracer.start_as_current_span(f"schedule {name}") as span:
            try:
                async with asyncio.timeout(schedule.timeout):
                    await schedule.run(context)
            except Exception as error:
                span.record_exception(error, {"exception.message": "", "exception.stacktrace": ""})
                log.error("scheduled_work_failed", schedule=name, error=type(error).__name__)

    return call
