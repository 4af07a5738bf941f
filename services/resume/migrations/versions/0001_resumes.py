"""Résumés, their files, and the plumbing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from common.db import migrations

revision = "0001"
down_revision = None


def upgrade() -> None:
    migrations.create_messaging_tables_v1(op)
    op.create_table(
        "resume",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reading", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Uuid()),
        sa.Column("lines", JSONB()),
        sa.Column("hidden", JSONB()),
        sa.Column("profile", JSONB()),
        sa.Column("provenance", JSONB()),
        sa.Column("quality", JSONB()),
        sa.Column("error", sa.String()),
        sa.Column("interviews", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_resume"),
    )
    op.create_index("ix_resume_owner_id", "resume", ["owner_id"])
    op.create_table(
        "resume_file",
        sa.Column("resume_id", sa.Uuid(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("resume_id", name="pk_resume_file"),
        sa.ForeignKeyConstraint(
            ["resume_id"], ["resume.id"], name="fk_resume_file_resume_id", ondelete="CASCADE"
        ),
    )
    op.execute("ALTER TABLE resume_file ALTER COLUMN data SET STORAGE EXTERNAL")
