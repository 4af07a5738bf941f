"""Events know their owner, what Kafka refuses waits in a table, and the inbox can be pruned."""

from alembic import op

from common.db import migrations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    migrations.add_event_owners_and_dead_letters_v2(op)
