"""`GET /api/v1/tasks/{id}`: how a task of the caller's is getting on."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from common import paths
from common.errors import EntityNotFoundError
from common.tasks import lookup
from common.tasks.queue import TaskStatus
from common.web.identity import CurrentUser
from common.web.transaction import Session

router = APIRouter(prefix=paths.TASKS, tags=["tasks"])


class TaskNotFound(EntityNotFoundError):
    """There is no task with that id, or it is somebody else's."""

    code = "task_not_found"
    title = "There is no such task"


class TaskLinks(BaseModel):
    """Where to go from here."""

    self: str
    result: str | None = None


class TaskView(BaseModel):
    """A task as its owner sees it. `progress` goes from 0 to 1."""

    id: UUID
    kind: str
    status: TaskStatus
    progress: float
    attempts: int
    error: str | None
    created_at: datetime
    updated_at: datetime
    links: TaskLinks


async def find(session: AsyncSession, task_id: UUID, owner: UUID) -> TaskView:
    """Return the owner's task.

    Raises:
        TaskNotFound: there is none, or it is somebody else's.
    """
    row = await lookup.get(session, task_id, owner)
    if row is None:
        raise TaskNotFound
    done = row["status"] == TaskStatus.SUCCEEDED
    links = TaskLinks(self=f"{paths.TASKS}/{task_id}", result=row["result"] if done else None)
    return TaskView.model_validate({**row, "links": links})


@router.get("/{task_id}")
async def get_task(task_id: UUID, session: Session, user: CurrentUser) -> TaskView:
    """Show status, progress, attempts and error of a task of the caller's."""
    return await find(session, task_id, user.id)
