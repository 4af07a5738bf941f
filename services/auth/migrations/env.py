from auth.models import Base
from common import migrations

migrations.run(Base.metadata)
