"""What makes an answer right stands with its question."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # questions of the version before have none, and the code before writes none
    op.add_column("question", sa.Column("guidance", JSONB))
