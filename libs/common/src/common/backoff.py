"""How long to wait before trying again."""

import random

FIRST_DELAY_SECONDS = 0.25
LONGEST_DELAY_SECONDS = 30.0


def delay_before(attempt: int) -> float:
    """Return the seconds to wait before `attempt` (1 is the first repetition): growing, bounded, jittered."""
    return min(FIRST_DELAY_SECONDS * 2.0 ** (attempt - 1), LONGEST_DELAY_SECONDS) * random.uniform(0.5, 1.0)  # noqa: S311
