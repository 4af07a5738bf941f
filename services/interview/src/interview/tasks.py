"""What this service does later: judging answers, giving up interviews nobody goes on with."""

from common.tasks.queue import TaskContext, TaskRouter
from interview import evaluations, interviews
from interview.evaluations import EvaluateAnswer
from interview.interviews import AbandonInterview
from llm.chain import Chain

ATTEMPTS = 20
TIMEOUT_SECONDS = 180.0

router = TaskRouter()


@router.task(EvaluateAnswer, attempts=ATTEMPTS, timeout=TIMEOUT_SECONDS, failed=evaluations.give_up)
async def evaluate_answer(context: TaskContext, task: EvaluateAnswer) -> None:
    """Evaluate an answer."""
    await evaluations.evaluate(context.sessions, context.resource(Chain), task.answer_id)


@router.task(AbandonInterview)
async def abandon_interview(context: TaskContext, task: AbandonInterview) -> None:
    """Give up an interview that waits for an answer too long."""
    await interviews.abandon(context.sessions, task.interview_id)
