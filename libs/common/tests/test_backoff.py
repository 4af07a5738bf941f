"""Delays grow, end somewhere, and are not the same for all."""

from common import backoff


def test_each_delay_is_twice_the_one_before_up_to_the_longest() -> None:
    delays = [
        backoff.delay_before(attempt, first=0.5, longest=4.0, jitter=lambda: 0.5) for attempt in range(1, 7)
    ]
    assert delays == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


def test_who_failed_together_does_not_try_again_together() -> None:
    bounds = [backoff.delay_before(1, first=1.0, jitter=jitter) for jitter in (lambda: 0.0, lambda: 1.0)]
    assert bounds == [0.75, 1.25]
    assert len({backoff.delay_before(3) for _ in range(20)}) > 1


def test_the_thousandth_attempt_has_a_delay_too() -> None:
    assert backoff.delay_before(10_000, longest=30.0, jitter=lambda: 0.5) == 30.0
