"""Limits: how often one client may call one route. Keyed by route, never by address, so that walking ids counts.

Counts live in this process; the coarse limit of several processes belongs to the proxy in front.
Source of the algorithm: moving window of the `limits` library.
"""

import ipaddress
import math
import time
from collections.abc import Mapping

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.settings import Settings
from geo.errors import WanggeError


class TooManyError(WanggeError):
    """A client asks too often."""

    zh = "请求过于频繁，请在 {retry_after_s} 秒后再试。"
    en = "Too many requests. Try again in {retry_after_s} seconds."


class Limits:
    """Counts calls by (rate name, key); thread-safe, as its storage is."""

    def __init__(self, rates: Mapping[str, str]) -> None:
        self._rates: dict[str, RateLimitItem] = {name: parse(rate) for name, rate in rates.items()}
        self._window = MovingWindowRateLimiter(MemoryStorage())

    @classmethod
    def from_settings(cls, settings: Settings) -> "Limits":
        """Return the limits an operator set."""
        names = ("api", "tile", "login", "lookup", "search")
        return cls({name: getattr(settings, f"{name}_rate") for name in names})

    def hit(self, rate: str, *keys: str) -> None:
        """Count one call.

        Raises
        ------
        TooManyError
            With the seconds to wait in ``retry_after_s``.
        """
        item = self._rates[rate]
        if self._window.hit(item, rate, *keys):
            return
        reset = self._window.get_window_stats(item, rate, *keys).reset_time
        raise TooManyError(retry_after_s=max(1, math.ceil(reset - time.time())))


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
