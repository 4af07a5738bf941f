"""The résumé service's two processes: `resume.main:app` answers, `resume.main:worker` reads and reacts."""

from common.web import tasks_api
from common.web.app import create_api
from common.worker.app import create_worker
from resume import api, reactions, tasks
from resume.extraction import containment_check
from resume.settings import Settings

settings = Settings()
app = create_api(settings, api.router, tasks_api.router)
worker = create_worker(settings, reactions.router, tasks.router)
worker.include_router(containment_check.router)
