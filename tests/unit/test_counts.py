"""How often somebody may ask: never much more than the rate in any window, never less than it in a quiet one."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st
from limits import parse

from api.counts import CLIENTS_MAX, Counts

MINUTE_S = 60.0


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_at_once_and_not_one_more() -> None:
    clock = Clock()
    counts, rate = Counts(clock), parse("5/minute")
    assert [counts.hit(rate, "a") for _ in range(8)] == [True] * 5 + [False] * 3
    assert counts.hit(rate, "b"), "each key has its own"
    clock.now += 2 * MINUTE_S
    assert [counts.hit(rate, "a") for _ in range(6)] == [True] * 5 + [False]


@given(st.integers(1, 20), st.lists(st.floats(0, 40), max_size=200))
def test_no_minute_holds_more_than_twice_the_rate_and_a_wait_told_is_enough(amount: int, pauses_s: list[float]) -> None:
    clock = Clock()
    counts, rate = Counts(clock), parse(f"{amount}/minute")
    let_through: deque[float] = deque()
    for pause_s in pauses_s:
        clock.now += pause_s
        if counts.hit(rate, "a"):
            let_through.append(clock.now)
            while let_through[0] <= clock.now - MINUTE_S:
                let_through.popleft()
            # Two windows' ends next to each other hold at most so many; taken evenly it is the rate itself.
            assert len(let_through) <= 2 * amount
        else:
            clock.now = counts.reset_time(rate, "a") + 1e-3
            assert counts.hit(rate, "a")
            let_through.clear()


def test_who_asks_at_the_rate_is_never_refused_for_long() -> None:
    clock = Clock()
    counts, rate = Counts(clock), parse("60/minute")
    refused = 0
    for _ in range(600):
        clock.now += 1.0
        refused += not counts.hit(rate, "a")
    assert refused <= 10  # at most once a window, by the rounding of what came before


def test_who_asked_long_ago_is_forgotten_and_nobody_else() -> None:
    clock = Clock()
    counts, minute, day = Counts(clock), parse("1/minute"), parse("1/day")
    assert counts.hit(day, "slow")
    for client in range(CLIENTS_MAX - 1):
        assert counts.hit(minute, client)
    clock.now += 5 * MINUTE_S
    assert counts.hit(minute, "new")
    assert len(counts._held) == 2
    assert not counts.hit(day, "slow")
