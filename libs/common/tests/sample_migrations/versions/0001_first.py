"""Plumbing and a table of notes."""

from alembic import op

from common.db import migrations

revision = "0001"
down_revision = None


def upgrade() -> None:
    migrations.create_messaging_tables_v1(op)
    op.execute("CREATE TABLE note (id uuid PRIMARY KEY, owner_id uuid NOT NULL, text text NOT NULL)")
