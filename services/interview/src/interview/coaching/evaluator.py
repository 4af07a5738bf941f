"""The evaluator: a language model where one is set up, else the rules, and never one in the other's name."""

import asyncio

from interview.coaching import llm_judge, rule_based
from interview.coaching.evaluation import Evaluation
from interview.questions.question import Question
from llm.chain import Chain


async def evaluate(chain: Chain, question: Question, answer: str) -> Evaluation:
    """Return the evaluation of an answer. The judging itself is done in a thread: it leaves the event loop free.

    Raises:
        LLMProviderError: language models are set up and none answered; the rules do not stand in.
    """
    if chain.available:
        return await llm_judge.evaluate(chain, question, answer)
    return await asyncio.to_thread(rule_based.evaluate, question, answer)
