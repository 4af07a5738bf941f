"""The sessions that ended lately, also those whose account is gone: what Redis is told again when it lost its list."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "ended_session",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        schema="auth",
    )
    op.execute(
        "INSERT INTO auth.ended_session (id, ended_at) SELECT id, revoked_at FROM auth.session"
        " WHERE revoked_at > now() - interval '1 hour'"
    )
