"""Fresh: values kept in memory by key, loaded anew when too old, by one thread a key.

While one thread loads, others are given the value before it, or wait where there is none. No lock
that askers of other keys need is held while a value is loaded.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(eq=False)
class _Entry(Generic[Value]):
    """What is kept of one key: its value, when it was asked for and how; who holds `loading` loads it."""

    held: tuple[float, Value] | None = None
    load: Callable[[], Value] | None = None
    loading: threading.Lock = field(default_factory=threading.Lock)


class Fresh(Generic[Value]):
    """The newest `kept_max` keys asked for; the oldest beyond them goes: anybody may ask for any key."""

    def __init__(self, *, kept_max: int) -> None:
        self._kept_max = kept_max
        self._entries: OrderedDict[Hashable, _Entry[Value]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, load: Callable[[], Value], *, every_s: float) -> Value:
        """Return the value of a key, loaded where it is older than `every_s` seconds.

        What `load` raises is raised; the value before it, if any, stays.
        """
        entry = self._entry(key)
        entry.load = load  # before it loads: `renew` must not pass over what is just being loaded
        held = entry.held
        if held is not None and time.monotonic() - held[0] < every_s:
            return held[1]
        if held is None:
            entry.loading.acquire()
        elif not entry.loading.acquire(blocking=False):
            return held[1]
        try:
            held = entry.held  # another thread may have loaded it meanwhile
            if held is None or time.monotonic() - held[0] >= every_s:
                # As old as the moment it was asked for, not the one it came at.
                held = entry.held = (time.monotonic(), load())
            return held[1]
        finally:
            entry.loading.release()

    def held(self, key: Hashable) -> Value | None:
        """Return the value of a key as it is held, however old; None where there is none. Never waits."""
        entry = self._entries.get(key)
        held = entry.held if entry is not None else None
        return None if held is None else held[1]

    def renew(self) -> None:
        """Load all that is kept anew, now, first what was asked for last; who asks meanwhile is given what is there.

        What is loading already is loaded once more: it may have begun before the change.
        """
        with self._lock:
            kept = [entry for entry in self._entries.values() if entry.load is not None]
        for entry in reversed(kept):
            with entry.loading:
                if entry.load is not None:
                    entry.held = (time.monotonic(), entry.load())

    def _entry(self, key: Hashable) -> _Entry[Value]:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > self._kept_max:
                self._entries.popitem(last=False)
            return entry
