"""A circuit for each service: one that does not answer is left alone until it does, and nobody waits for it."""

import time
from collections.abc import Callable
from enum import Enum

TRIAL_SECONDS = 1.0


class State(Enum):
    """Closed lets calls through, open none, half-open one at a time."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Circuit:
    """What is known of one service from the calls made to it.

    Args:
        failures: how many calls in a row fail before it opens.
        on_open: called when it opens; whoever finds that the service lives calls `half_open()`.
        clock: seconds, always growing.
    """

    def __init__(
        self, failures: int, on_open: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most_failures = failures
        self._opened = on_open
        self._clock = clock
        self._failures = 0
        self._succeeded_at = float("-inf")
        self._trial_at = float("-inf")
        self.state = State.CLOSED

    @property
    def refuses(self) -> bool:
        """Whether a call would be refused now."""
        if self.state is State.HALF_OPEN:
            return self._clock() - self._trial_at < TRIAL_SECONDS
        return self.state is State.OPEN

    def enter(self) -> float | None:
        """Return the moment a call begins at, None where it must not be made.

        Half-open lets one call through, and another when that one ends or has taken a second: what it waits for may
        be slow by nature.
        """
        if self.refuses:
            return None
        began = self._clock()
        if self.state is State.HALF_OPEN:
            self._trial_at = began
        return began

    def succeed(self) -> None:
        """Note that the service answered: it lives."""
        self._succeeded_at = self._clock()
        self._failures = 0
        self.state = State.CLOSED

    def fail(self, began: float) -> None:
        """Note that a call failed. One begun before the service last answered says nothing about now."""
        if began < self._succeeded_at:
            return
        self._failures += 1
        if self.state is State.HALF_OPEN or self._failures >= self._most_failures:
            self.open()

    def open(self) -> None:
        """Let nothing through any more."""
        if self.state is State.OPEN:
            return
        self.state = State.OPEN
        self._opened()

    def half_open(self) -> None:
        """Let one call through: the service was heard of."""
        if self.state is State.OPEN:
            self.state = State.HALF_OPEN
            self._trial_at = float("-inf")
