"""Counts: how often each client asked lately, in two numbers a client, however often it is.

A sliding window counter: what was counted in the window before is taken to have come evenly. For what is asked by the
thousand: it takes a microsecond, where a list of all calls grows with them, and a general library's storage took a
quarter of a look-up's time. What is guessed is counted exactly, by `limits` (see `api.limits`).
"""

import threading
import time
from collections.abc import Callable, Hashable

from limits import RateLimitItem

CLIENTS_MAX = 50_000  # beyond it, who asked in neither window is forgotten


class Counts:
    """Calls by key, each key with its own rate; thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        # Number of the window, calls in it and in the one before; and when (seconds since 1970) both are past.
        self._held: dict[Hashable, tuple[int, int, int, float]] = {}
        self._lock = threading.Lock()
        self._forget_at = CLIENTS_MAX

    def hit(self, rate: RateLimitItem, key: Hashable) -> bool:
        """Count one call; False, and counted not, where the rate is used up."""
        seconds = rate.get_expiry()
        now = self._clock() / seconds
        with self._lock:
            number, calls, before = self._at(key, int(now))
            if before * (1.0 - now % 1.0) + calls + 1 > rate.amount:
                return False
            self._held[key] = (number, calls + 1, before, (number + 2) * seconds)
            if len(self._held) > self._forget_at:
                self._forget(now * seconds)
        return True

    def reset_time(self, rate: RateLimitItem, key: Hashable) -> float:
        """Return from when on (seconds since 1970) the next call is let through."""
        seconds = rate.get_expiry()
        now = self._clock() / seconds
        number, calls, before = self._at(key, int(now))
        if calls + 1 > rate.amount:  # not in this window: in the next, when enough of this one is past
            number, calls, before = number + 1, 0, calls
        part = max(1.0 - (rate.amount - calls - 1) / before, 0.0) if before else 0.0
        return max(now, number + part) * seconds

    def _at(self, key: Hashable, number: int) -> tuple[int, int, int]:
        held = self._held.get(key)
        if held is None or held[0] < number - 1:
            return number, 0, 0
        return (number, 0, held[1]) if held[0] == number - 1 else held[:3]

    def _forget(self, now_s: float) -> None:
        self._held = {key: held for key, held in self._held.items() if held[3] > now_s}
        self._forget_at = max(CLIENTS_MAX, 2 * len(self._held))
