"""A worker counts as consuming while it gets on, and says what holds it up otherwise."""

import asyncio

import pytest

from common.contracts.user import UserRegistered
from common.ids import uuid7
from common.messaging.router import EventRouter
from common.worker.consuming import IDLE_SECONDS, TopicState, trouble

TOPIC = "interviewace.sample.events"
LONG = IDLE_SECONDS + 1


@pytest.mark.parametrize(
    ("state", "busy", "idle", "problem"),
    [
        (TopicState(0, 0.4), 0, LONG, None),
        (TopicState(9, 0.4), 0, 0.2, None),
        (TopicState(9, 0.4), 3, 0, None),
        (TopicState(0, None), 0, LONG, None),
        (TopicState(0, 40), 0, 0.2, None),
        (TopicState(9, 0.4), 0, LONG, f"9 messages of {TOPIC} wait and none is worked on"),
        (TopicState(0, 40), 0, LONG, f"{TOPIC} was last read 40 s ago"),
        (TopicState(0, 0.4), 21, 0, "at one message for 21 s"),
    ],
)
def test_being_behind_is_no_trouble_and_standing_still_is(
    state: TopicState, busy: float, idle: float, problem: str | None
) -> None:
    assert trouble({TOPIC: state}, busy_seconds=busy, idle_seconds=idle, limit=20) == problem


async def test_a_worker_that_is_stuck_in_a_reaction_is_not_ready_until_it_goes_on(
    sample, ready_of, measurements
):
    of_topic = {"messaging_destination_name": UserRegistered.topic}
    measured = measurements.of("messaging.process.duration", **of_topic)
    reactions, begun, go_on = EventRouter(), asyncio.Event(), asyncio.Event()

    @reactions.on(UserRegistered)
    async def hold(session, event):
        begun.set()
        await go_on.wait()

    async def until(consumers, worker):
        async with asyncio.timeout(30):
            while not consumers((body := (await ready_of(worker)).json())["checks"].get("consumers", "")):
                await asyncio.sleep(0.1)
        return body

    async with sample.working(reactions, consumer_max_age=1) as worker:
        await sample.services.deliver(UserRegistered(user_id=uuid7(), role="user"))
        await asyncio.wait_for(begun.wait(), 30)
        body = await until(lambda outcome: outcome.startswith("at one message for "), worker)
        assert body["status"] == "not ready"
        assert set(body["consumers"]) == {UserRegistered.topic}
        go_on.set()
        body = await until(lambda outcome: outcome == "ok", worker)
        assert (body["status"], body["consumers"][UserRegistered.topic]["lag"]) == ("ready", 0)
    assert measurements.of("messaging.process.duration", **of_topic) > measured


async def test_a_worker_whose_relay_does_not_reach_kafka_is_not_ready(sample, ready_of):
    async with sample.working(kafka_bootstrap_servers="127.0.0.1:9") as worker, asyncio.timeout(30):
        while (response := await ready_of(worker)).json()["checks"]["relay"] == "ok":
            await asyncio.sleep(0.1)
    assert (response.status_code, response.json()["checks"]["relay"]) == (503, "not connected")
