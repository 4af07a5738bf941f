"""The interview service: its API and its worker, put together."""

from common.web.app import create_api
from common.worker.app import create_worker
from interview import api, reactions, tasks
from interview.settings import Settings
from llm import settings as llm

settings = Settings()

app = create_api(settings, api.router)
worker = create_worker(settings, reactions.router, tasks.router, resources=[llm.chain(settings)])
