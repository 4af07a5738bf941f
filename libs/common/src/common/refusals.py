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

    FOR_GOOD = auto()
    WAIT = auto()
    BROKEN = auto()


class Refusals:
    """Remembers since when a topic, or one event, is refused; after `patience` seconds that is for good."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since: dict[Hashable, float] = {}

    def judge(self, topic: str, position: int, error: Exception) -> Verdict:
        """Return what to do with the event at `position` after `error`."""
        if isinstance(error, MESSAGE):
            return Verdict.FOR_GOOD
        if isinstance(error, TOPIC):
            return self._after_patience(topic)
        final = isinstance(error, errors.BrokerResponseError) and not error.retriable
        if final and not isinstance(error, PRODUCER):
            return self._after_patience(position)
        return Verdict.BROKEN

    def _after_patience(self, key: Hashable) -> Verdict:
        now = asyncio.get_running_loop().time()
        over = now - self._since.setdefault(key, now) >= self._patience
        return Verdict.FOR_GOOD if over else Verdict.WAIT

    def forget(self, topic: str, position: int) -> None:
        """The event at `position` was taken, so its topic takes events again."""
        self._since.pop(topic, None)
        self._since.pop(position, None)
