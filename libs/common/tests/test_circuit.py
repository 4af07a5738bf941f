"""Who does not answer is left alone; one call tries them, and the first answer lets all through again."""

import pytest

from common.circuit import Circuit, State

FAILURES = 3
PAUSE = 30.0
TRIAL_SECONDS = 1.0


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def openings() -> list[bool]:
    return []


@pytest.fixture
def circuit(clock: Clock, openings: list[bool]) -> Circuit:
    return Circuit(FAILURES, trial=TRIAL_SECONDS, on_open=lambda: openings.append(True), clock=clock)


def entered(circuit: Circuit) -> float:
    began = circuit.enter()
    assert began is not None
    return began


def test_it_opens_after_so_many_failures_in_a_row(circuit: Circuit, openings: list[bool]) -> None:
    for _ in range(FAILURES - 1):
        circuit.fail(entered(circuit))
    circuit.succeed()
    for _ in range(FAILURES - 1):
        circuit.fail(entered(circuit))
    assert (circuit.state, openings) == (State.CLOSED, [])
    circuit.fail(entered(circuit))
    assert (circuit.state, openings, circuit.enter()) == (State.OPEN, [True], None)


def test_half_open_lets_one_through_at_a_time(circuit: Circuit, clock: Clock) -> None:
    circuit.open()
    circuit.half_open()
    entered(circuit)
    assert circuit.enter() is None
    clock.now += TRIAL_SECONDS
    entered(circuit)
    assert circuit.enter() is None
    circuit.succeed()
    assert (circuit.state, circuit.refuses) == (State.CLOSED, False)


def test_a_trial_that_fails_opens_it_again(circuit: Circuit, openings: list[bool]) -> None:
    circuit.open()
    circuit.half_open()
    circuit.fail(entered(circuit))
    assert (circuit.state, openings) == (State.OPEN, [True, True])


def test_calls_from_before_the_service_came_back_say_nothing_about_now(
    circuit: Circuit, clock: Clock
) -> None:
    frozen = [entered(circuit) for _ in range(2 * FAILURES)]
    circuit.open()
    clock.now += 60
    circuit.half_open()
    entered(circuit)
    circuit.succeed()
    for began in frozen:
        circuit.fail(began)
    assert circuit.state is State.CLOSED


def test_a_closed_one_does_not_become_half_open(circuit: Circuit) -> None:
    circuit.half_open()
    assert circuit.state is State.CLOSED


@pytest.fixture
def pausing(clock: Clock) -> Circuit:
    """A circuit that nobody opens half but time."""
    return Circuit(1, trial=TRIAL_SECONDS, pause=PAUSE, clock=clock)


def test_after_its_pause_one_call_tries_it(pausing: Circuit, clock: Clock) -> None:
    pausing.fail(entered(pausing))
    clock.now += PAUSE - 1
    assert (pausing.state, pausing.enter(), pausing.wait) == (State.OPEN, None, 1.0)
    clock.now += 1
    assert (pausing.state, pausing.wait) == (State.HALF_OPEN, 0.0)
    began = entered(pausing)
    assert pausing.enter() is None
    pausing.fail(began)
    assert (pausing.state, pausing.wait) == (State.OPEN, PAUSE)


def test_without_a_pause_time_alone_changes_nothing(circuit: Circuit, clock: Clock) -> None:
    circuit.open()
    clock.now += 1e9
    assert (circuit.state, circuit.wait) == (State.OPEN, float("inf"))


def test_a_trial_that_ended_without_a_word_leaves_its_place_to_the_next(
    pausing: Circuit, clock: Clock
) -> None:
    early = entered(pausing)
    clock.now += 1
    pausing.open()
    clock.now += PAUSE
    trial = entered(pausing)
    pausing.leave(early)
    assert pausing.enter() is None, "another call's end frees no place"
    pausing.leave(trial)
    entered(pausing)
    pausing.succeed()
    assert pausing.state is State.CLOSED
