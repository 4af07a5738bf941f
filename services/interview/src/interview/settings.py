"""The settings of this service."""

from common.llm.settings import LLMSettings
from common.settings import ServiceSettings


class Settings(ServiceSettings, LLMSettings):
    """What every service needs, and how language models are reached."""

    service: str = "interview"
