"""Metrics tell of the pool: what is used, what is kept, what there may be, and who waited."""

import asyncio

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine

from common.db import engine, pool_metrics
from common.db.pool_metrics import MeasuredPool


@pytest.fixture
def url(sample):
    return sample.settings.database_url.get_secret_value()


async def test_connections_are_counted_by_what_they_are_at(url, measurements):
    def now():
        states = (
            measurements.of("db.client.connection.count", db_client_connection_state=state)
            for state in ("used", "idle")
        )
        return [*states, *(measurements.of(f"db.client.connection.{name}") for name in ("max", "idle.max"))]

    before, waited = now(), measurements.of("db.client.connection.wait_time")
    database_engine = engine.create_engine(url, pool_size=2)
    with pool_metrics.observed(database_engine):
        async with database_engine.connect(), database_engine.connect(), database_engine.connect():
            assert [new - old for new, old in zip(now(), before, strict=True)] == [3, 0, 4, 2]
        assert [new - old for new, old in zip(now(), before, strict=True)] == [0, 2, 4, 2]
        assert measurements.of("db.client.connection.wait_time") == waited + 3
        await database_engine.dispose()
    assert now() == before


async def test_who_is_given_no_connection_in_time_is_counted(url, measurements):
    options = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.05}
    database_engine = create_async_engine(engine.asyncpg_url(url), poolclass=MeasuredPool, **options)
    before = measurements.of("db.client.connection.timeouts")
    async with database_engine.connect():
        with pytest.raises(PoolTimeout):
            await asyncio.wait_for(database_engine.connect().start(), 10)
    assert measurements.of("db.client.connection.timeouts") == before + 1
    await database_engine.dispose()
