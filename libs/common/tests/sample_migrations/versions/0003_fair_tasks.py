"""Tasks shared fairly among owners, given up when workers die of them, and pruned."""

from alembic import op

from common.db import migrations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    migrations.add_task_places_and_deaths_v3(op)
