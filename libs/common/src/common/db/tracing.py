"""SQL statements as spans."""

from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from sqlalchemy.ext.asyncio import AsyncEngine


def observe(engine: AsyncEngine) -> None:
    """Make every SQL statement of the engine a span, without its values."""
    SQLAlchemyInstrumentor().instrument(engine=engine.sync_engine, skip_dep_check=True)
