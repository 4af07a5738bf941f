"""Judging: a language model where one is set up, else the built-in coach, and never one in the other's name."""

import asyncio

from interview.coaching import llm_judge, reading, rule_based
from interview.coaching.evaluation import Evaluation
from interview.questions.question import Question
from llm.chain import Chain


async def evaluate(chain: Chain, question: Question, answer: str) -> Evaluation:
    """Return the evaluation of an answer, which is read once. All but waiting is done in a thread.

    Where nothing is said that could be judged no model is asked, and the result is the built-in coach's.

    Raises:
        LLMProviderError: language models are set up and none answered; the built-in coach does not stand in.
    """
    answered = await asyncio.to_thread(reading.read, question, answer)
    if chain.available and answered.transcript.counted:
        return await llm_judge.evaluate(chain, answered)
    return await asyncio.to_thread(rule_based.evaluate, answered)
