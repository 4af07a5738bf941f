from auth.models import Base
from common.db import migrations

migrations.run(Base.metadata)
