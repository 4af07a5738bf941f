"""The evaluator: what reads and compares sentences is imported when a first answer is judged."""

import asyncio
import importlib
from collections.abc import Awaitable, Callable

from interview.coaching.evaluation import Evaluation
from interview.questions.question import Question
from llm.chain import Chain


async def evaluate(chain: Chain, question: Question, answer: str) -> Evaluation:
    """Return the evaluation of an answer: by a language model where one is set up, else by the built-in coach.

    Raises:
        LLMProviderError: language models are set up and none answered; the built-in coach does not stand in.
    """
    # onnxruntime and its model are 100 MB that a process which judges nothing does not need
    judging = await asyncio.to_thread(importlib.import_module, "interview.coaching.judging")
    judge: Callable[[Chain, Question, str], Awaitable[Evaluation]] = judging.evaluate
    return await judge(chain, question, answer)
