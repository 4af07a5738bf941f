"""The coach: a language model where one is set up, else the built-in one, and never one in the other's name."""

import asyncio

from common.llm.chain import Chain
from interview.coaching import builtin, model
from interview.coaching.evaluation import Evaluation
from interview.kinds import Question


async def evaluate(chain: Chain, question: Question, answer: str) -> Evaluation:
    """Return the evaluation of an answer. The judging itself is done in a thread: it leaves the event loop free.

    Raises:
        LLMProviderError: language models are set up and none answered; the built-in coach does not stand in.
    """
    if chain.available:
        return await model.evaluate(chain, question, answer)
    return await asyncio.to_thread(builtin.evaluate, question, answer)
