from common.db import migrations
from interview.models import Base

migrations.run(Base.metadata)
