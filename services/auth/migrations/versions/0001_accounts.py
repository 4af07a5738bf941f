"""Accounts, sessions and tokens, and the plumbing."""

import sqlalchemy as sa
from alembic import op

from common.db import migrations

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    migrations.create_messaging_tables_v1(op)
    op.create_table(
        "user",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("full_name", sa.String(200), nullable=False),
        sa.Column("password_hash", sa.String(100), nullable=False),
        sa.Column("former_hashes", sa.String, nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("verified_at", MOMENT),
        sa.Column("disabled_at", MOMENT),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", MOMENT),
        sa.Column("locked_until", MOMENT),
        sa.Column("locks", sa.Integer, nullable=False),
        schema="auth",
    )
    op.create_index("uq_user_email", "user", [sa.text("lower(email)")], unique=True, schema="auth")
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("auth.user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("chain_key", sa.LargeBinary, nullable=False),
        sa.Column("device", sa.String(300), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        schema="auth",
    )
    op.create_index("ix_session_user_id", "session", ["user_id"], schema="auth")
    op.create_table(
        "refresh_token",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column(
            "session_id", sa.Uuid, sa.ForeignKey("auth.session.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("spent_at", MOMENT),
        sa.Column("successor", sa.LargeBinary),
        schema="auth",
    )
    op.create_index("ix_refresh_token_session_id", "refresh_token", ["session_id"], schema="auth")
    op.create_table(
        "mail_token",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("auth.user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        schema="auth",
    )
    op.create_index("ix_mail_token_user_id", "mail_token", ["user_id"], schema="auth")
