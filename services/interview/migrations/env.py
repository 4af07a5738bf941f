from common import migrations
from interview.models import Base

migrations.run(Base.metadata)
