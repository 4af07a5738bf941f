"""Versions of the bank's questions, laid over those that come with the package."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    # the code before knows nothing of it and asks what is packaged
    op.create_table(
        "bank_question",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("retired", sa.Boolean, nullable=False),
        sa.Column("author", sa.Uuid),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name="pk_bank_question"),
        schema="interview",
    )
