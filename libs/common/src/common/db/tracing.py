"""SQL statements as spans."""

from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.metrics import NoOpMeterProvider
from sqlalchemy.ext.asyncio import AsyncEngine


def observe(engine: AsyncEngine) -> None:
    """Make every SQL statement of the engine a span, without its values; `pool_metrics` tells of the pool."""
    SQLAlchemyInstrumentor().instrument(
        engine=engine.sync_engine, skip_dep_check=True, meter_provider=NoOpMeterProvider()
    )
