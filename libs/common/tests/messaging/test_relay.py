"""The relay: in order for each subject and whole, whoever is stopped, and however large the events are."""

import asyncio
import signal

from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from common.contracts.user import UserDeleted
from common.ids import uuid7
from common.messaging import outbox, relay_lock


async def test_a_relay_that_is_stopped_is_taken_over_and_keeps_the_order_when_it_goes_on(relays, eventually):
    people, count = [uuid7() for _ in range(40)], iter(range(1_000_000))

    async def publish(rounds):
        for _ in range(rounds):
            number = next(count)
            await relays.publish(*(relays.event(person, number) for person in people))

    async def until_more(relay, word, before):
        await eventually(lambda: asyncio.sleep(0, len(relay.says(word)) > before), timeout=60)

    async def until_all_sent():
        await eventually(relays.all_sent, timeout=60)

    async with relays.relay() as first:
        await until_more(first, "relay_active", 0)
        async with relays.relay() as second:
            await publish(20)
            await until_all_sent()
            publishing = asyncio.create_task(publish(50))
            await eventually(relays.unsent)
            first.send(signal.SIGSTOP)  # in the middle of it
            await publishing
            assert await relays.unsent() > 0
            await until_more(second, "relay_active", 0)
            await publish(5)
            await until_all_sent()
            active, broke = len(first.says("relay_active")), len(first.says("part_failed"))
            first.send(signal.SIGCONT)
            await publish(10)
            await until_more(first, "part_failed", broke)
            await until_all_sent()
            assert len(first.says("relay_active")) == active
            broke = len(second.says("part_failed"))
            second.send(signal.SIGSTOP)
            await publish(5)
            await until_all_sent()
            assert len(first.says("relay_active")) == active + 1
            second.send(signal.SIGCONT)
            await until_more(second, "part_failed", broke)
            await publish(5)
            await until_all_sent()
    total = next(count)
    assert total == 95
    for numbers in (await relays.roles(people)).values():
        assert numbers == list(range(total))


async def test_a_worker_whose_events_wait_too_long_is_not_ready_and_lives(sample, eventually):
    url = sample.settings.database_url.get_secret_value()
    async with relay_lock.hold(url, 60, lambda *_: None):
        event = UserDeleted(user_id=uuid7())
        async with sample.sessions.begin() as session:
            await outbox.publish(session, event)
            # the oldest is what counts, and a test before may have left one that was never sent
            query = "UPDATE outbox SET occurred_at = now() - interval '2 minutes' WHERE published_at IS NULL"
            await session.execute(text(query))
        async with (
            sample.working() as worker,
            AsyncClient(transport=ASGITransport(worker), base_url="http://worker") as client,
        ):
            response = await client.get("/ready")
            assert response.status_code == 503
            assert "has waited too long" in response.json()["checks"]["outbox"]
            assert (await client.get("/health")).status_code == 200
    async with (
        sample.working() as worker,
        AsyncClient(transport=ASGITransport(worker), base_url="http://worker") as client,
    ):

        async def ready():
            response = await client.get("/ready")
            return response.json() if response.status_code == 200 else None

        assert (await eventually(ready))["events"] == {"waiting": 0, "refused": 0}


async def test_how_long_an_event_waited_for_kafka_is_measured_when_it_was_taken(
    relays, strict, eventually, measurements
):
    before = measurements.of("interviewace.outbox.publish.lag", topic="tests.relay")
    await relays.publish(relays.event(uuid7(), 1), relays.event(uuid7(), 2))
    async with strict(lambda *_: None):
        await eventually(relays.all_sent)
    assert measurements.of("interviewace.outbox.publish.lag", topic="tests.relay") == before + 2


async def test_a_round_holds_no_more_than_it_may_of_large_events(relays, strict, eventually):
    people = [uuid7() for _ in range(24)]
    await relays.publish(
        *(relays.event(person, 0).model_copy(update={"role": "7" * 500_000}) for person in people)
    )
    most = []

    def count(_, __, under_way):
        most.append(under_way)

    async with strict(count):
        await eventually(relays.all_sent)
    assert len(most) == 24
    assert max(most) <= 18
