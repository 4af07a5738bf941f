"""The settings of this service."""

from collections.abc import Iterator

from common.production import Problem
from common.settings import ServiceSettings
from llm import settings as llm
from llm.settings import LLMSettings


class Settings(ServiceSettings, LLMSettings):
    """What every service needs, and how language models are reached."""

    service: str = "interview"

    def production_problems(self) -> Iterator[Problem]:
        """Find out about the models' keys, besides what every service asks."""
        yield from super().production_problems()
        yield from llm.production_problems(self)
