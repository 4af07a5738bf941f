"""What this service does later: judging answers, giving up interviews nobody goes on with."""

from common.llm.chain import Chain
from common.tasks import TaskRouter, Work
from interview import evaluations, interviews
from interview.evaluations import EvaluateAnswer
from interview.interviews import AbandonInterview

ATTEMPTS = 20
TIMEOUT_SECONDS = 180.0

router = TaskRouter()


@router.task(EvaluateAnswer, attempts=ATTEMPTS, timeout=TIMEOUT_SECONDS, failed=evaluations.give_up)
async def evaluate_answer(work: Work, task: EvaluateAnswer) -> None:
    """Evaluate an answer."""
    await evaluations.evaluate(work.sessions, work.resource(Chain), task.answer_id)


@router.task(AbandonInterview)
async def abandon_interview(work: Work, task: AbandonInterview) -> None:
    """Give up an interview that waits for an answer too long."""
    await interviews.abandon(work.sessions, task.interview_id)
