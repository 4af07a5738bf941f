"""The gateway's process: `granian --interface asgi gateway.main:app`."""

from gateway.app import create_gateway
from gateway.settings import Settings

settings = Settings()
app = create_gateway(settings)
