"""Tombstones of erased owners, in place of this service's own."""

from alembic import op

from common.db import migrations

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    migrations.create_erased_owners_v4(op)
    op.execute("INSERT INTO erased_owner (owner_id, erased_at) SELECT user_id, erased_at FROM erased_user")
    op.execute("DROP TABLE erased_user")
    # the code before reads and writes this name; what it writes has to count for the new code too
    op.execute("CREATE VIEW erased_user AS SELECT owner_id AS user_id, erased_at FROM erased_owner")
