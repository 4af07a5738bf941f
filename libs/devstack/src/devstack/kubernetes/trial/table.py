"""What each trial showed, as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from devstack.errors import DevstackError

WIDTH = 62


class TrialFailed(DevstackError):
    """What should have held, and what was seen instead."""


@dataclass(frozen=True)
class Outcome:
    """One trial: what it is about, whether it held, and what was seen or measured."""

    name: str
    held: bool
    seen: str


def render(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as a table with a line for each."""
    lines = [f"{'trial':<{WIDTH}} held  seen", f"{'-' * WIDTH} ----  {'-' * 40}"]
    lines += [
        f"{outcome.name:<{WIDTH}} {'yes' if outcome.held else 'NO':<4}  {outcome.seen}"
        for outcome in outcomes
    ]
    return "\n".join(lines)
