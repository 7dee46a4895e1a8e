"""Plate keys: the secrets that sign plate codes - of the setting, else one the service made and keeps for itself.

Plates hang for years: a key that signed any of them stays good for reading as long as it is known (the setting's older
keys, and every key kept in the database). Only the newest signs. Losing one silences the plates it signed.
"""

import secrets
import threading
import time
from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from data.postgis.engine import reading
from data.stores import plate_keys

KEY_BYTES = 32
CHECK_EVERY_S = 10.0


class PlateKeys:
    """The keys of one running service; thread-safe."""

    def __init__(self, engine: Engine, given: Sequence[bytes] = ()) -> None:
        self._engine, self._given = engine, tuple(given)
        self._kept: tuple[bytes, ...] = ()
        self._read_at = -CHECK_EVERY_S
        self._lock = threading.Lock()

    def accepted(self) -> tuple[bytes, ...]:
        """Return every key whose codes are good, the setting's first; those of the database at most 10 s old."""
        with self._lock:
            if time.monotonic() - self._read_at >= CHECK_EVERY_S:
                with reading(self._engine) as conn:
                    self._kept = tuple(plate_keys.read_keys(conn))
                self._read_at = time.monotonic()
            return (*self._given, *self._kept)

    def signing(self, connection: Connection) -> bytes:
        """Return the key that signs, making one in this transaction where there is none."""
        if self._given:
            return self._given[0]
        kept = plate_keys.read_keys(connection)
        return kept[0] if kept else renew_key(connection)

    def forget(self) -> None:
        """Read the database's keys anew at the next question: one may have been made."""
        with self._lock:
            self._read_at = -CHECK_EVERY_S


def renew_key(connection: Connection) -> bytes:
    """Make a key, keep it in the database and return it; older ones stay good for reading."""
    secret = secrets.token_bytes(KEY_BYTES)
    plate_keys.add_key(connection, secret)
    return secret
