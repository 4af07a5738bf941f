from common import database, migrations

migrations.run(database.metadata("sample"))
