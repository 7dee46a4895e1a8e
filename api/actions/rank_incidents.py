"""Rank incidents: who has waited longest past the limit comes first - the list beside the map."""

from typing import Any

import numpy as np

from api.actions.count_incidents import Clock
from api.actions.read_incidents import Wanted, frame_of, is_own
from api.answers import feature
from data.ledger import NEVER, Bools, Ints, Ledger, Standing

KEYS = ("category", "tier", "state", "reported_at", "closed_at", "due_at", "grid_code", "standing")


def rank_incidents(ledger: Ledger, left: Bools, wanted: Wanted, clock: Clock, *, limit: int) -> dict[str, Any]:
    """Return the first incidents of what a filter leaves, as features, and how many there are.

    Overdue ones first, longest first; then those whose limit ends soonest; open ones without a limit, oldest first;
    then closed ones, newest first.
    """
    rows = np.flatnonzero(left)
    order = rows[_ranks(ledger, rows)][:limit]
    shown = frame_of(ledger, order)
    shown["grid_code"] = shown["grid_code"].where(is_own(shown["grid_code"], wanted.scope), None)
    shown["standing"] = standings(ledger, order, clock)
    features = [
        feature(shape, {"incident_id": int(number), **row}, feature_id=int(number))
        for number, row, shape in zip(shown.index, shown[list(KEYS)].to_dict("records"), shown.geometry, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features, "total": len(rows)}


def standings(ledger: Ledger, rows: Ints, clock: Clock) -> list[Standing]:
    """Return how each incident stands to its limit: overdue, soon, in_time, parked or closed."""
    names: tuple[Standing, ...] = ("closed", "parked", "overdue", "soon", "in_time")
    held = [ledger.standing(name, now_s=clock.now_s, soon_s=clock.soon_s)[rows] for name in names]
    return [names[at] for at in np.argmax(held, axis=0).tolist()] if len(rows) else []


def _ranks(ledger: Ledger, rows: Ints) -> Ints:
    is_closed = ledger.closed_s[rows] != NEVER
    reported = np.where(is_closed, -ledger.reported_s[rows], ledger.reported_s[rows])
    due = np.where(is_closed, 0, ledger.due_s[rows])
    return np.lexsort((ledger.incident_id[rows], reported, due, is_closed))
