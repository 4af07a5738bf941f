from alembic import context

from common import database, migrations

migrations.run(database.metadata(database.schema_of(context.config.attributes["url"])))
