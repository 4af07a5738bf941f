"""A process that is nothing but a relay, kept running as a worker keeps it; its argument: the lock's seconds."""

import asyncio
import sys

from common import telemetry
from common.kafka import producer_opener
from common.keep import Keeper
from common.relay import Relay
from common.settings import ServiceSettings


async def main() -> None:
    settings = ServiceSettings()
    telemetry.configure_logs(settings)
    relay = Relay(
        settings.database_url.get_secret_value(),
        producer_opener(settings),
        keep_seconds=settings.outbox_keep,
        inbox_keep_seconds=settings.inbox_keep,
        lock_seconds=float(sys.argv[1]),
    )
    await Keeper().keep("relay", relay.run)


asyncio.run(main())
