"""Tasks shared fairly among owners, given up when workers die of them, and pruned."""

from alembic import op

from common import migrations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    migrations.plumbing_v3(op)
