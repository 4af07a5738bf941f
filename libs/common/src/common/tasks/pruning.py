"""Removes what was kept long enough: ended tasks, the queue's log and figures, responses kept, tombstones."""

from collections.abc import Mapping
from datetime import timedelta

import structlog
from sqlalchemy import CursorResult, TextClause, text

from common.db import tombstones
from common.db.tables import RESPONSES_KEPT
from common.tasks.queue import RunContext

BATCH = 1000

ENDED_TASKS = text(
    "DELETE FROM task WHERE id = ANY(ARRAY(SELECT id FROM task WHERE status IN ('succeeded', 'failed', 'cancelled')"
    " AND updated_at < now() - CAST(:keep AS interval)"
    " AND NOT EXISTS (SELECT 1 FROM pgqueuer WHERE pgqueuer.payload = uuid_send(task.id))"
    " ORDER BY updated_at LIMIT :batch FOR UPDATE SKIP LOCKED))"
)
QUEUE_LOG = text(
    "DELETE FROM pgqueuer_log WHERE id = ANY(ARRAY(SELECT id FROM pgqueuer_log"
    " WHERE created < now() - CAST(:keep AS interval) ORDER BY created LIMIT :batch FOR UPDATE SKIP LOCKED))"
)
QUEUE_STATISTICS = text(
    "DELETE FROM pgqueuer_statistics WHERE id = ANY(ARRAY(SELECT id FROM pgqueuer_statistics"
    " WHERE created < now() - CAST(:keep AS interval) ORDER BY created LIMIT :batch FOR UPDATE SKIP LOCKED))"
)
KEPT_ANSWERS = text(
    "DELETE FROM idempotency WHERE ctid = ANY(ARRAY(SELECT ctid FROM idempotency"
    " WHERE created_at < now() - CAST(:keep AS interval) ORDER BY created_at LIMIT :batch FOR UPDATE SKIP LOCKED))"
)
TOMBSTONES = text(
    "DELETE FROM erased_owner WHERE owner_id = ANY(ARRAY(SELECT owner_id FROM erased_owner"
    " WHERE erased_at < now() - CAST(:keep AS interval) ORDER BY erased_at LIMIT :batch FOR UPDATE SKIP LOCKED))"
)

log = structlog.get_logger()


async def prune(context: RunContext, *, keep: timedelta) -> None:
    """Remove tasks that ended and what the queue noted longer than `keep` ago, and answers of over 24 hours ago."""
    statements: Mapping[str, tuple[TextClause, timedelta]] = {
        "tasks": (ENDED_TASKS, keep),
        "queue_log": (QUEUE_LOG, keep),
        "queue_statistics": (QUEUE_STATISTICS, keep),
        "kept_answers": (KEPT_ANSWERS, RESPONSES_KEPT),
        "tombstones": (TOMBSTONES, tombstones.KEPT),
    }
    removed = {name: await _in_batches(context, *statement) for name, statement in statements.items()}
    log.info("pruned", **removed)


async def _in_batches(context: RunContext, statement: TextClause, keep: timedelta) -> int:
    removed, batch = 0, BATCH
    while batch == BATCH:
        async with context.sessions.begin() as session:
            result = await session.execute(statement, {"keep": keep, "batch": BATCH})
        batch = result.rowcount if isinstance(result, CursorResult) else 0
        removed += batch
    return removed
