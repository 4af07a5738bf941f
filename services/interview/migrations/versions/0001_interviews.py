"""Interviews, their questions, answers and evaluations, and what is kept of résumés."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from common.db import migrations

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


CHILDREN = {"interview": "question", "question": "answer", "answer": "evaluation"}


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _belongs_to(table: str) -> sa.Column[object]:
    key = sa.ForeignKey(f"interview.{table}.id", ondelete="CASCADE", name=f"fk_{CHILDREN[table]}_{table}_id")
    return sa.Column(f"{table}_id", sa.Uuid, key, nullable=False)


def upgrade() -> None:
    migrations.create_messaging_tables_v1(op)
    op.create_table(
        "interview",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("resume_id", sa.Uuid),
        sa.Column("job_title", sa.Text, nullable=False),
        sa.Column("job_description", sa.Text, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("level", sa.String(20), nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("time_limit", sa.Integer),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("overall", sa.Float),
        _moment("created_at"),
        _moment("active_at"),
        _moment("ended_at", nullable=True),
        _moment("completed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_interview"),
        schema="interview",
    )
    op.create_index("ix_interview_user_id_id", "interview", ["user_id", "id"], schema="interview")
    op.create_table(
        "question",
        sa.Column("id", sa.Uuid, nullable=False),
        _belongs_to("interview"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("competency", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("topics", JSONB, nullable=False),
        sa.Column("points", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_question"),
        sa.UniqueConstraint("interview_id", "number", name="uq_question_interview_id_number"),
        schema="interview",
    )
    op.create_table(
        "answer",
        sa.Column("id", sa.Uuid, nullable=False),
        _belongs_to("question"),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("skipped", sa.Boolean, nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_answer"),
        sa.UniqueConstraint("question_id", name="uq_answer_question_id"),
        schema="interview",
    )
    op.create_table(
        "evaluation",
        _belongs_to("answer"),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("deferrals", sa.Integer, nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("content", JSONB),
        _moment("evaluated_at", nullable=True),
        sa.PrimaryKeyConstraint("answer_id", name="pk_evaluation"),
        schema="interview",
    )
    op.create_table(
        "resume_copy",
        sa.Column("resume_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.Text, server_default="", nullable=False),
        sa.Column("background", JSONB),
        sa.Column("deleted", sa.Boolean, server_default=sa.text("false"), nullable=False),
        _moment("as_of"),
        sa.PrimaryKeyConstraint("resume_id", name="pk_resume_copy"),
        schema="interview",
    )
    op.create_index("ix_resume_copy_user_id", "resume_copy", ["user_id"], schema="interview")
    op.create_table(
        "erased_user",
        sa.Column("user_id", sa.Uuid, nullable=False),
        _moment("erased_at"),
        sa.PrimaryKeyConstraint("user_id", name="pk_erased_user"),
        schema="interview",
    )


def downgrade() -> None:
    for table in ("erased_user", "resume_copy", "evaluation", "answer", "question", "interview"):
        op.drop_table(table, schema="interview")
