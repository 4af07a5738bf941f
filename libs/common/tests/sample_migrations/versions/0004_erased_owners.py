"""Tombstones of erased owners."""

from alembic import op

from common.db import migrations

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    migrations.create_erased_owners_v4(op)
