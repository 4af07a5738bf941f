"""The gateway's process: `python -m common.serve gateway.main:app`."""

from gateway.app import create_gateway
from gateway.settings import Settings

settings = Settings()
app = create_gateway(settings)
