"""What is done by the clock: once however many workers there are."""

import asyncio

from common.tasks.queue import TaskRouter
from testkit import schedules

YEARLY = "0 0 1 1 *"


async def test_two_workers_do_scheduled_work_once(sample, eventually, ready_of):
    router, done, go = TaskRouter(), [], asyncio.Event()

    @router.schedule("sample.yearly", YEARLY)
    async def work(context):
        done.append(context)
        await go.wait()

    await schedules.make_due(sample.sessions, "sample.yearly", YEARLY)
    async with sample.working(tasks=router) as first, sample.working(tasks=router) as second:

        async def both_work():
            codes = [(await ready_of(worker)).status_code for worker in (first, second)]
            return done and codes == [200, 200]

        await eventually(both_work)
        go.set()
        await schedules.wait_until_run(sample.sessions, "sample.yearly")
    async with sample.working(tasks=router) as third:

        async def third_works():
            return (await ready_of(third)).status_code == 200

        await eventually(third_works)
    assert len(done) == 1


async def test_scheduled_work_that_fails_is_free_for_its_next_time(sample):
    router, tries = TaskRouter(), []

    @router.schedule("sample.failing", YEARLY)
    async def fail(context):
        tries.append(context.resources)
        if len(tries) == 1:
            raise KeyError("internal words")

    for count in (1, 2):
        await schedules.make_due(sample.sessions, "sample.failing", YEARLY)
        async with sample.working(tasks=router):
            await schedules.wait_until_run(sample.sessions, "sample.failing")
        assert len(tries) == count
