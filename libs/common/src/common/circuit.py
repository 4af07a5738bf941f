"""A circuit for somebody who may be gone: who does not answer is left alone for a while, and nobody waits for them."""

import math
import time
from collections.abc import Callable
from enum import Enum


class State(Enum):
    """Closed lets calls through, open none, half-open one at a time."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Circuit:
    """What is known of one callee from the calls made to it.

    Args:
        failures: how many calls in a row fail before it opens.
        trial: how many seconds a call keeps the others out while it is half-open; what it waits for may be slow by
            nature, and then the next one tries.
        pause: how many seconds after it opened it is half-open by itself. Without it, whoever finds that the callee
            lives calls `half_open()`.
        on_open: called when it opens.
        clock: seconds, always growing.
    """

    def __init__(
        self,
        failures: int,
        *,
        trial: float,
        pause: float = math.inf,
        on_open: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_failures = failures
        self._trial = trial
        self._pause = pause
        self._on_open = on_open
        self._clock = clock
        self._failures = 0
        self._state = State.CLOSED
        self._half_open_at = math.inf
        self._succeeded_at = self._trial_at = -math.inf

    @property
    def state(self) -> State:
        """What it lets through now."""
        if self._state is State.OPEN and self._clock() >= self._half_open_at:
            self.half_open()
        return self._state

    @property
    def refuses(self) -> bool:
        """Whether a call would be refused now."""
        state = self.state
        if state is State.HALF_OPEN:
            return self._clock() - self._trial_at < self._trial
        return state is State.OPEN

    @property
    def wait(self) -> float:
        """Seconds until an open one lets a call through by itself, 0 where it is not open."""
        return max(0.0, self._half_open_at - self._clock()) if self.state is State.OPEN else 0.0

    def enter(self) -> float | None:
        """Return the moment a call begins at, None where it must not be made."""
        if self.refuses:
            return None
        began = self._clock()
        if self._state is State.HALF_OPEN:
            self._trial_at = began
        return began

    def succeed(self) -> None:
        """Note that the callee answered: it lives."""
        self._succeeded_at = self._clock()
        self._failures = 0
        self._state = State.CLOSED

    def fail(self, began: float) -> None:
        """Note that a call failed. One begun before the callee last answered says nothing about now."""
        if began < self._succeeded_at:
            return
        self._failures += 1
        if self._state is State.HALF_OPEN or self._failures >= self._most_failures:
            self.open()

    def leave(self, began: float) -> None:
        """Note that a call ended and says nothing of the callee: the next one may be the trial."""
        if began == self._trial_at:
            self._trial_at = -math.inf

    def open(self) -> None:
        """Let nothing through any more."""
        if self._state is State.OPEN:
            return
        self._state = State.OPEN
        self._half_open_at = self._clock() + self._pause
        self._on_open()

    def half_open(self) -> None:
        """Let one call through: the callee was heard of."""
        if self._state is State.OPEN:
            self._state = State.HALF_OPEN
            self._trial_at = -math.inf
