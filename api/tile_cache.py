"""Tile cache: public tiles that were drawn a moment ago, kept in memory up to a size; the oldest go first."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

BYTES_MAX = 64_000_000
# An empty tile costs a key, too.
KEY_BYTES = 200
KEPT_S = 30.0


@dataclass
class TileCache:
    """Bytes by key, each kept for half a minute: whoever changes the ground sees it on the map soon."""

    _kept: OrderedDict[Hashable, tuple[float, bytes]] = field(default_factory=OrderedDict)
    _size: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable, draw: Callable[[], bytes]) -> bytes:
        """Return the tile of a key, drawn anew where it is not kept or too old."""
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and now - kept[0] < KEPT_S:
            return kept[1]
        tile = draw()
        with self._lock:
            self._drop(key)
            self._kept[key] = (now, tile)
            self._size += len(tile) + KEY_BYTES
            while self._size > BYTES_MAX:
                self._drop(next(iter(self._kept)))
        return tile

    def _drop(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= len(kept[1]) + KEY_BYTES
