"""How long to wait before trying again."""

import random
from collections.abc import Callable


def delay_before(
    attempt: int, *, first: float = 0.25, longest: float = 30.0, jitter: Callable[[], float] = random.random
) -> float:
    """Return the seconds to wait before repetition `attempt`, counted from 1: `first`, doubling up to `longest`.

    `jitter` is a number from 0 to 1 that spreads them by a quarter to both sides: who failed together does not try
    again together.
    """
    return min(first * 2.0 ** min(attempt - 1, 60), longest) * (0.75 + 0.5 * jitter())
