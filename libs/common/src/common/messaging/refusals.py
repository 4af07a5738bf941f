"""What a broker's refusal of an event means: for good, for now, or nothing that has to do with the event."""

import asyncio
from collections.abc import Hashable
from enum import Enum, auto

from aiokafka import errors

# about this one message
MESSAGE = (
    errors.MessageSizeTooLargeError,
    errors.RecordListTooLargeError,
    errors.InvalidTimestampError,
)
# about everything on its topic: somebody may be about to make or open it
TOPIC = (
    errors.UnknownTopicOrPartitionError,
    errors.TopicAuthorizationFailedError,
    errors.InvalidTopicError,
    errors.PolicyViolationError,
)
# about the connection and its numbering: a new producer mends it
PRODUCER = (
    errors.OutOfOrderSequenceNumber,
    errors.InvalidProducerEpoch,
    errors.UnknownProducerId,
    errors.InvalidProducerIdMapping,
    errors.ClusterAuthorizationFailedError,
    errors.SaslAuthenticationFailed,
    errors.UnsupportedVersionError,
)


class Verdict(Enum):
    """What to do with an event that could not be sent."""

    MESSAGE = auto()
    """It is this message, or another of the batch it travelled in: alone it is known which."""
    TOPIC = auto()
    """Nothing goes to this topic, and nobody has mended that in time."""
    WAIT = auto()
    """Not now; what comes behind it waits as well."""
    BROKEN = auto()
    """The connection is of no use any more."""


class Refusals:
    """Remembers since when a topic, or one event, is refused; after `patience` seconds that is for good."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since: dict[Hashable, float] = {}

    def judge(self, topic: str, position: int, error: Exception) -> Verdict:
        """Return what to do with the event at `position` after `error`."""
        if isinstance(error, MESSAGE):
            return Verdict.MESSAGE
        if isinstance(error, TOPIC):
            return Verdict.TOPIC if self._is_over(topic) else Verdict.WAIT
        final = isinstance(error, errors.BrokerResponseError) and not error.retriable
        if final and not isinstance(error, PRODUCER):
            return Verdict.MESSAGE if self._is_over(position) else Verdict.WAIT
        return Verdict.BROKEN

    def _is_over(self, key: Hashable) -> bool:
        now = asyncio.get_running_loop().time()
        return now - self._since.setdefault(key, now) >= self._patience

    def taken(self, topic: str, position: int) -> None:
        """The event at `position` was taken, so its topic takes events."""
        self._since.pop(topic, None)
        self._since.pop(position, None)

    def set_aside(self, position: int) -> None:
        """The event at `position` is not tried any more."""
        self._since.pop(position, None)
