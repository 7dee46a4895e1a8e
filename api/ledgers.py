"""Ledgers: the incidents of each scope in memory, kept up to date with the store.

Each is read under its own scope, so row-level security decides what is in it. A change is seen by the next request.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from sqlalchemy import Connection

from api.auth import EVERYWHERE
from data.ledger import Ledger
from data.stores import ledger as ledger_store
from data.stores.ledger import Mark

KEPT = 24  # scopes


class ScopeLeakError(RuntimeError):
    """The database showed an incident of another scope: row-level security is not in force."""


@dataclass(eq=False)
class _Held:
    """One scope's ledger: of which edition, read up to where."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    edition: object = None
    mark: Mark | None = None
    ledger: Ledger | None = None


class Ledgers:
    """The ledgers of the scopes asked for last."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, conn: Connection, scope: str) -> Ledger:
        """Return the ledger of a scope, as `conn`, which must be reading in that scope, sees it now.

        Raises
        ------
        ScopeLeakError
            An incident lies outside the scope.
        """
        held = self._of(scope)
        with held.lock:
            return _renewed(conn, scope, held)

    def _of(self, scope: str) -> _Held:
        with self._lock:
            held = self._held.setdefault(scope, _Held())
            self._held.move_to_end(scope)
            while len(self._held) > KEPT:
                self._held.popitem(last=False)
            return held


def _renewed(conn: Connection, scope: str, held: _Held) -> Ledger:
    """Read what changed since, or all of it where incidents moved between areas."""
    edition = ledger_store.read_edition(conn)
    mark = ledger_store.read_mark(conn)
    if held.ledger is None or held.edition != edition:
        ledger = ledger_store.read_ledger(conn)
    else:
        ledger = ledger_store.with_changes(held.ledger, ledger_store.read_ledger(conn, since=held.mark))
    if ledger is not held.ledger:
        _refuse_leak(ledger, scope)
    held.edition, held.mark, held.ledger = edition, mark, ledger
    return ledger


def _refuse_leak(ledger: Ledger, scope: str) -> None:
    if scope != EVERYWHERE and not all(code.startswith(scope) for code in ledger.area.words):
        raise ScopeLeakError(f"rows outside the scope {scope}")
