"""What every service's schema has besides its own tables."""

from datetime import timedelta

from pgqueuer.domain.settings import DBSettings

RESPONSES_KEPT = timedelta(hours=24)


def queue_settings(schema: str) -> DBSettings:
    """Return PgQueuer's names in one service's schema; the channel is the database's, so it carries the name."""
    return DBSettings(db_schema=schema, channel=f"tasks_{schema}")
