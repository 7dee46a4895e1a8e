"""Limits: how often one client may call one route. Keyed by route, never by address, so that walking ids counts.

Of log-ins the failures count, by name and client, so that nobody can lock another out of their
account; `CEILING` times as many are let through from all clients to one name, and from one client
to all names.

Counts live in this process; the coarse limit of several processes belongs to the proxy in front.
Guesses are counted one by one, in a moving window of the `limits` library; what is asked by the thousand in two numbers
a client (`api.counts`), whose cost does not grow with what was asked.

What takes seconds of all cores - siting, a trial - is done for so many at a time, whoever asks: `Limits.slot`.
"""

import ipaddress
import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.counts import Counts
from api.settings import Settings
from geo.errors import WanggeError

# So many clients, each at its own limit, may fail at one name before the name itself is closed.
CEILING = 20
GUESSES = frozenset({"login", "door"})
# Two at a time leave the threads of a small machine to those who look something up; a short wait evens out two clicks.
SLOTS, SLOT_WAIT_S, SLOT_RETRY_S = 2, 2.0, 5
SECONDS_TOLD = 90  # longer waits are told in minutes


class TooManyError(WanggeError):
    """A client asks too often."""

    zh = "请求过于频繁，请在 {wait_zh}后再试。"
    en = "Too many requests. Try again in {wait}."

    def __init__(self, *, retry_after_s: int) -> None:
        minutes = math.ceil(retry_after_s / 60)
        is_short = retry_after_s <= SECONDS_TOLD
        wait, wait_zh = (
            (f"{retry_after_s} seconds", f"{retry_after_s} 秒")
            if is_short
            else (f"{minutes} minutes", f"{minutes} 分钟")
        )
        super().__init__(retry_after_s=retry_after_s, wait=wait, wait_zh=wait_zh)


class CrowdedError(TooManyError):
    """As much is being worked out as can be at a time."""

    zh = "正在进行的测算已满，请在 {wait_zh}后再试。"
    en = "As much is being worked out as can be at a time. Try again in {wait}."


class Limits:
    """Counts calls by (rate name, key); thread-safe, as its storage is."""

    def __init__(self, rates: Mapping[str, str]) -> None:
        self._rates: dict[str, RateLimitItem] = {name: parse(rate) for name, rate in rates.items()}
        self._window, self._counts = MovingWindowRateLimiter(MemoryStorage()), Counts()
        self._slots = threading.BoundedSemaphore(SLOTS)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Limits":
        """Return the limits an operator set."""
        names = ("api", "tile", "login", "lookup", "search", "door")
        return cls({name: getattr(settings, f"{name}_rate") for name in names})

    def login(self, name: str, client: str) -> "Login":
        """Return the counts that a try to sign in stands under."""
        return Login(self, name, client)

    @contextmanager
    def guessing(self, client: str, failure: type[Exception]) -> Iterator[None]:
        """Count what fails with `failure` as a guessed doorplate code; nothing that succeeds makes up for it.

        Raises
        ------
        TooManyError
            The client guessed too often: also instead of `failure`, so that a burst at once learns no more.
        """
        self.check("door", "code", client)
        try:
            yield
        except failure:
            self.hit("door", "code", client)
            raise

    def hit(self, rate: str, *keys: str) -> None:
        """Count one call.

        Raises
        ------
        TooManyError
            With the seconds to wait in ``retry_after_s``.
        """
        item, key = self._rates[rate], (rate, *keys)
        if not (self._window.hit(item, *key) if rate in GUESSES else self._counts.hit(item, key)):
            raise self._too_many(item, *key)

    def check(self, rate: str, *keys: str, times: int = 1) -> None:
        """Raise TooManyError where `times` the rate is used up; count nothing."""
        item = _times(self._rates[rate], times)
        if not self._window.test(item, rate, *keys):
            raise self._too_many(item, rate, *keys)

    def count(self, rate: str, *keys: str, times: int = 1) -> None:
        """Count towards `times` the rate, and let it pass."""
        self._window.hit(_times(self._rates[rate], times), rate, *keys)

    def forget(self, rate: str, *keys: str) -> None:
        """Begin counting anew."""
        self._window.clear(self._rates[rate], rate, *keys)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one of the few places for heavy work.

        Raises
        ------
        CrowdedError
            None comes free in time.
        """
        if not self._slots.acquire(timeout=SLOT_WAIT_S):
            raise CrowdedError(retry_after_s=SLOT_RETRY_S)
        try:
            yield
        finally:
            self._slots.release()

    def _too_many(self, item: RateLimitItem, *keys: str) -> TooManyError:
        reset = (
            self._window.get_window_stats(item, *keys).reset_time
            if keys[0] in GUESSES
            else self._counts.reset_time(item, keys)
        )
        return TooManyError(retry_after_s=max(1, math.ceil(reset - time.time())))


@dataclass(frozen=True)
class Login:
    """The counts of tries to sign in to one name from one client."""

    limits: Limits
    name: str
    client: str

    @property
    def _ceilings(self) -> tuple[tuple[str, str], ...]:
        return ("name", self.name), ("client", self.client)

    def begin(self) -> None:
        """Count a try, as if it failed: a burst of tries at once is counted one by one.

        Raises
        ------
        TooManyError
            This client failed too often at this name, or very many did, or it did at very many names.
        """
        for ceiling in self._ceilings:
            self.limits.check("login", *ceiling, times=CEILING)
        self.limits.hit("login", "pair", self.client, self.name)

    def failed(self) -> None:
        """Count a failure against the name and the client as a whole."""
        for ceiling in self._ceilings:
            self.limits.count("login", *ceiling, times=CEILING)

    def succeeded(self) -> None:
        """Forget what this client failed at this name."""
        self.limits.forget("login", "pair", self.client, self.name)


def _times(item: RateLimitItem, times: int) -> RateLimitItem:
    return type(item)(item.amount * times, item.multiples, item.namespace)


@lru_cache(maxsize=10_000)
def client_key(host: str | None) -> str:
    """Return who counts as one client: an IPv4 address, or the /64 an IPv6 address lies in."""
    if not host:
        return "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        # A single household is given a whole /64; counting addresses would count nothing.
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
