from common.db import migrations
from resume.models import Base

migrations.run(Base.metadata)
