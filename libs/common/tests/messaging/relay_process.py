"""A process that is nothing but a relay, kept running as a worker keeps it; its argument: the lock's seconds."""

import asyncio
import sys

from common import telemetry
from common.messaging.kafka import producer_opener
from common.messaging.relay import Relay
from common.settings import ServiceSettings
from common.worker.restart import Restarter


async def main() -> None:
    settings = ServiceSettings()
    telemetry.configure_logs(settings)
    relay = Relay(
        settings.database_url.get_secret_value(),
        producer_opener(settings),
        lock_seconds=float(sys.argv[1]),
    )
    await Restarter().restart("relay", relay.run)


asyncio.run(main())
