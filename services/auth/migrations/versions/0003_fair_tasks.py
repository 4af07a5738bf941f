"""Tasks shared fairly among owners, given up when workers die of them, and pruned; indexes for what auth prunes."""

from alembic import op

from common.db import migrations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    migrations.add_task_places_and_deaths_v3(op)
    op.create_index("ix_session_last_used_at", "session", ["last_used_at"], schema="auth")
    op.create_index("ix_session_created_at", "session", ["created_at"], schema="auth")
    op.execute("CREATE INDEX ix_session_revoked_at ON session (revoked_at) WHERE revoked_at IS NOT NULL")
    op.create_index("ix_mail_token_created_at", "mail_token", ["created_at"], schema="auth")
