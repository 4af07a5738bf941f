from alembic import context

from common.db import engine, migrations

migrations.run(engine.metadata(engine.schema_of(context.config.attributes["url"])))
