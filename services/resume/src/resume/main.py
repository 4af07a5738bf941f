"""The résumé service's two processes: `resume.main:app` answers, `resume.main:worker` reads and reacts."""

from common import tasks_api
from common.app import create_api, create_worker
from resume import api, containment_check, reactions, tasks
from resume.settings import Settings

settings = Settings()
app = create_api(settings, api.router, tasks_api.router)
worker = create_worker(settings, reactions.router, tasks.router)
worker.include_router(containment_check.router)
