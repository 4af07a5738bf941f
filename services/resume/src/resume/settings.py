"""What the résumé service reads from its environment."""

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    """The shared settings; this service needs none of its own."""

    service: str = "resume"
