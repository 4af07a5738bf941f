"""The chain: order, retries, circuits, deadline and concurrency are one policy."""

import asyncio

import pytest
from pydantic import BaseModel

from llm import errors
from llm.chain import Chain, Policy
from llm.protocol import Prompt
from llm.scripted import Scripted


class Word(BaseModel):
    word: str


PROMPT = Prompt(name="say.v1", system="Say a word.", user="please")
YES = Word(word="yes")


class Time:
    """A clock that sleeping moves."""

    def __init__(self):
        self.now, self.slept = 0.0, []

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def make(time):
    def chain(*providers, **policy):
        return Chain(providers, Policy(**policy), clock=time, sleep=time.sleep, jitter=lambda: 0.5)

    return chain


async def test_the_first_provider_answers(make):
    first, second = Scripted([YES], name="first"), Scripted([YES], name="second")
    chain = make(first, second)
    assert (await chain.ask(PROMPT, Word)).engine == "first"
    assert second.prompts == []
    assert chain.engines == ["first", "second"]


async def test_a_passing_failure_is_tried_again_after_a_pause(make, time):
    chain = make(Scripted([errors.ProviderUnavailable(), YES]), retries=1, first_delay=2.0)
    assert (await chain.ask(PROMPT, Word)).value == YES
    assert time.slept == [2.0]


async def test_a_lasting_failure_goes_to_the_next_at_once(make, time):
    first, second = Scripted([errors.Rejected(), YES], name="first"), Scripted([YES], name="second")
    assert (await make(first, second).ask(PROMPT, Word)).engine == "second"
    assert time.slept == []


async def test_a_rate_limit_is_waited_for_where_there_is_time(make, time):
    limited = [errors.RateLimited("later", retry_after=5), YES]
    assert (await make(Scripted(limited), deadline=60).ask(PROMPT, Word)).value == YES
    assert time.slept == [5]


async def test_a_rate_limit_past_the_deadline_is_not_waited_for(make, time):
    limited = [errors.RateLimited("later", retry_after=100), YES]
    with pytest.raises(errors.AllProvidersFailed) as raised:
        await make(Scripted(limited), deadline=60).ask(PROMPT, Word)
    assert raised.value.retry_after == 100
    assert time.slept == []


async def test_all_failing_names_each_cause_and_no_content(make):
    chain = make(
        Scripted([errors.Refused("x")], name="first"),
        Scripted([errors.BadOutput("y")] * 2, name="second"),
        retries=1,
    )
    with pytest.raises(errors.AllProvidersFailed, match=r"first: Refused, second: BadOutput") as raised:
        await chain.ask(PROMPT, Word)
    assert raised.value.status == 503


async def test_a_provider_that_keeps_failing_is_left_alone_and_tried_once_after_a_pause(make, time):
    first = Scripted([*[errors.ProviderUnavailable()] * 4, YES, YES], name="first")
    second = Scripted([YES] * 10, name="second")
    chain = make(first, second, retries=0, circuit_failures=3, circuit_pause=30)
    for _ in range(5):
        assert (await chain.ask(PROMPT, Word)).engine == "second"
    assert len(first.prompts) == 3
    time.now += 31
    assert (await chain.ask(PROMPT, Word)).engine == "second"
    assert len(first.prompts) == 4
    time.now += 31
    assert (await chain.ask(PROMPT, Word)).engine == "first"
    assert (await chain.ask(PROMPT, Word)).engine == "first"


async def test_an_open_circuit_says_when_to_come_back(make):
    chain = make(Scripted([errors.ProviderUnavailable()]), retries=0, circuit_failures=1, circuit_pause=30)
    with pytest.raises(errors.AllProvidersFailed):
        await chain.ask(PROMPT, Word)
    with pytest.raises(errors.AllProvidersFailed) as raised:
        await chain.ask(PROMPT, Word)
    assert raised.value.retry_after == 30


class Slow:
    """Answers when it is let; counts who is asking at once."""

    name, model = "slow", "m"

    def __init__(self):
        self.asking = self.most = 0
        self.go = asyncio.Event()

    async def ask(self, prompt, shape):
        self.asking += 1
        self.most = max(self.most, self.asking)
        try:
            await self.go.wait()
        finally:
            self.asking -= 1
        raise errors.Refused

    async def close(self):
        self.go.set()


async def test_a_hanging_provider_ends_at_the_timeout_and_the_next_one_answers():
    chain = Chain([Slow(), Scripted([YES], name="second")], Policy(timeout=0.05, retries=0))
    assert (await chain.ask(PROMPT, Word)).engine == "second"


async def test_a_hanging_provider_leaves_the_next_one_its_share_of_the_time():
    policy = Policy(timeout=0.2, deadline=0.4, retries=1, first_delay=0)
    assert (
        await Chain([Slow(), Scripted([YES], name="second")], policy).ask(PROMPT, Word)
    ).engine == "second"


async def test_no_more_are_asked_at_once_than_allowed():
    slow = Slow()
    chain = Chain([slow], Policy(concurrency=2, retries=0))
    asking = [asyncio.create_task(chain.ask(PROMPT, Word)) for _ in range(6)]
    while slow.asking < 2:
        await asyncio.sleep(0)
    await chain.close()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert slow.most == 2
    assert all(isinstance(outcome, errors.AllProvidersFailed) for outcome in outcomes)


async def test_a_question_taken_back_leaves_the_circuit_as_it_was():
    slow = Slow()
    chain = Chain([slow], Policy(circuit_failures=1, retries=0))
    asking = asyncio.create_task(chain.ask(PROMPT, Word))
    while not slow.asking:
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    slow.go.set()
    with pytest.raises(errors.AllProvidersFailed, match="Refused"):
        await chain.ask(PROMPT, Word)


async def test_closing_the_chain_closes_its_providers(make):
    provider = Scripted([])
    await make(provider).close()
    assert provider.closed


async def test_several_runs_are_asked_so_that_they_can_differ(make):
    provider = Scripted([YES, YES, YES])
    replies = await make(provider, runs=3).ask_several(PROMPT, Word)
    assert [reply.value for reply in replies] == [YES, YES, YES]
    assert [prompt.temperature > 0 for prompt in provider.prompts] == [False, True, True]
    assert len({prompt.hash for prompt in provider.prompts}) == 1


async def test_runs_of_another_model_than_most_are_left_out(make):
    first = Scripted([YES, errors.Refused(), YES], name="first")
    replies = await make(first, Scripted([YES], name="second"), runs=3).ask_several(PROMPT, Word)
    assert [reply.engine for reply in replies] == ["first", "first"]


async def test_a_run_that_fails_costs_only_itself_and_all_failing_is_a_failure(make):
    chain = make(Scripted([YES, errors.Refused(), errors.Refused(), errors.Refused()]), runs=2)
    assert len(await chain.ask_several(PROMPT, Word)) == 1
    with pytest.raises(errors.AllProvidersFailed):
        await chain.ask_several(PROMPT, Word)


async def test_a_fault_of_our_own_is_not_taken_for_a_run_that_failed(make):
    with pytest.raises(KeyError):
        await make(Scripted([YES, KeyError("ours")]), runs=2).ask_several(PROMPT, Word)


def test_the_hash_of_a_prompt_is_of_its_instructions_alone():
    other_data = Prompt(name="say.v1", system="Say a word.", user="other")
    other_words = Prompt(name="say.v1", system="Say two words.", user="please")
    assert PROMPT.hash == other_data.hash != other_words.hash


async def test_nobody_waits_for_room_longer_than_the_deadline():
    chain = Chain([Slow()], Policy(concurrency=1, retries=0, timeout=30, deadline=0.2))
    asking = [asyncio.create_task(chain.ask(PROMPT, Word)) for _ in range(30)]
    async with asyncio.timeout(5):
        outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(outcome, errors.AllProvidersFailed) for outcome in outcomes)


class Late(Scripted):
    """Fails only after all the time there was."""

    def __init__(self, time, seconds):
        super().__init__([errors.ProviderUnavailable()] * 9, name="late")
        self.time, self.seconds = time, seconds

    async def ask(self, prompt, shape):
        self.time.now += self.seconds
        return await super().ask(prompt, shape)


async def test_a_provider_that_was_left_no_time_is_not_blamed_for_it(make, time):
    second = Scripted([YES], name="second")
    late = Late(time, 60)
    chain = make(late, second, retries=0, deadline=60, circuit_failures=1, circuit_pause=1000)
    with pytest.raises(errors.AllProvidersFailed):
        await chain.ask(PROMPT, Word)
    assert second.prompts == []
    assert (await chain.ask(PROMPT, Word)).engine == "second"


async def test_refusing_one_question_is_no_reason_to_leave_a_provider_alone(make):
    chain = make(Scripted([errors.Refused(), YES]), retries=0, circuit_failures=1, circuit_pause=1000)
    with pytest.raises(errors.AllProvidersFailed, match="Refused"):
        await chain.ask(PROMPT, Word)
    assert (await chain.ask(PROMPT, Word)).value == YES
