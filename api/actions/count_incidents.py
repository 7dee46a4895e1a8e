"""Count incidents: by day, hour, kind, tier, state, time to settle, and grid - of then, of now or of a date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import numpy as np
import pandas as pd

from api.actions.read_incidents import Wanted, is_own
from api.answers import bbox_of
from api.published import PublishedGrids, Snapshot
from data.calendar import today
from data.ledger import FIRST_DAY, NEVER, Bools, Ints, Ledger, Standing, Words, chosen
from data.profiles import Profile
from geo.lookup import GridIndex
from geo.working_time import WorkingCalendar, deadlines

Reading = Literal["reported", "now", "on"]
READINGS: tuple[Reading, ...] = ("reported", "now", "on")
STANDINGS: tuple[Standing, ...] = ("open", "soon", "overdue", "parked", "returned")
SETTLE_DAYS = (1, 2, 3, 5, 7, 14, 30)
DAY_S = 86_400
GRIDS_SHOWN_MAX = 5_000


@dataclass(frozen=True)
class Clock:
    """A moment, and until when a limit is soon over."""

    now_s: int
    soon_s: int


def clock_of(profile: Profile, calendar: WorkingCalendar, now: datetime | None = None) -> Clock:
    """Return the present, and when the working hours end from which on a case is pointed out."""
    moment = now or datetime.now(UTC)
    hours = pd.Series([profile.incidents.soon_hours])
    soon = deadlines(calendar, pd.to_datetime(pd.Series([moment]), utc=True), hours).iloc[0]
    return Clock(int(moment.timestamp()), int(soon.timestamp()))


def choose(ledger: Ledger, wanted: Wanted, clock: Clock) -> Bools:
    """Return which rows of a ledger a filter leaves."""
    return chosen(ledger, wanted.choice(), now_s=clock.now_s, soon_s=clock.soon_s)


def incident_summary(
    ledger: Ledger, wanted: Wanted, clock: Clock, published: PublishedGrids, *, profile: Profile, language: str
) -> dict[str, Any]:
    """Return the counts of what a filter leaves; grids by the reading that `wanted` names."""
    rows, rule = np.flatnonzero(choose(ledger, wanted, clock)), profile.incidents
    stands = {name: ledger.standing(name, now_s=clock.now_s, soon_s=clock.soon_s)[rows] for name in STANDINGS}
    days = day_counts(ledger, rows)
    grids, elsewhere = _grid_rows(ledger, rows, stands, wanted, published)
    return {
        "total": len(rows),
        **{name: int(held.sum()) for name, held in stands.items()},
        "unplaced": int(np.isnan(ledger.lon[rows]).sum()),
        "from": wanted.from_on or (days[0]["on"] if days else None),
        "to": wanted.to_on or (days[-1]["on"] if days else None),
        "days": days,
        "categories": labelled(ledger.category.counts(rows), rule.categories, language),
        "tiers": labelled(ledger.tier.counts(rows), rule.tiers, language),
        "states": labelled(ledger.state.counts(rows), rule.states, language),
        "hours": np.bincount(ledger.hour_of_week[rows], minlength=168).reshape(7, 24).tolist(),
        "settled": settle_times(ledger, rows),
        "reading": wanted.reading,
        "grids": grids,
        "elsewhere": elsewhere,
    }


def day_counts(ledger: Ledger, rows: Ints) -> list[dict[str, Any]]:
    """Return how many were reported on each day that has some, in order."""
    if len(rows) == 0:
        return []
    days = ledger.day[rows]
    first = int(days.min())
    counts = np.bincount(days - first)
    return [
        {"on": date.fromordinal(FIRST_DAY + first + at), "count": int(counts[at])}
        for at in np.flatnonzero(counts).tolist()
    ]


def settle_times(ledger: Ledger, rows: Ints) -> dict[str, Any]:
    """Return how long settled incidents took, in days of 24 hours: half of them, nine of ten, and how many each."""
    took = (ledger.closed_s[rows] - ledger.reported_s[rows])[ledger.closed_s[rows] != NEVER] / DAY_S
    counts = np.histogram(took, bins=[-np.inf, *SETTLE_DAYS, np.inf])[0]
    half, most = (round(float(np.quantile(took, share)), 2) if len(took) else None for share in (0.5, 0.9))
    return {"median_days": half, "p90_days": most, "up_to_days": list(SETTLE_DAYS), "counts": counts.tolist()}


def labelled(counts: Mapping[str, int], kinds: Sequence[Any], language: str) -> list[dict[str, Any]]:
    """Return counts in the profile's order; a key the profile does not know comes last under its own name."""
    labels = {kind.key: getattr(kind.label, language) for kind in kinds}
    known = [{"key": key, "label": label, "count": counts.get(key, 0)} for key, label in labels.items()]
    strange = [{"key": key, "label": key, "count": count} for key, count in counts.items() if key not in labels]
    return known + strange


def read_grids(ledger: Ledger, reading: Reading, published: PublishedGrids, day: date | None) -> Words:
    """Return the grid of every incident: of the day it was reported, of today, or of another day."""
    if reading == "reported":
        return ledger.grid
    return grids_on(ledger, published.on(today() if reading == "now" or day is None else day))


def grids_on(ledger: Ledger, snapshot: Snapshot) -> Words:
    """Return the grid of a plan in which every incident lies, by its place; kept with the ledger."""
    kept = ledger.readings.get(snapshot.key)
    if kept is None:
        codes = np.full(len(ledger), None, dtype=object)
        there = np.flatnonzero(~np.isnan(ledger.lon))
        if len(snapshot.grids) and len(there):
            # By code, so that a place on a border falls to the same grid as when it was reported.
            index = GridIndex.from_grids(snapshot.grids.set_index("grid_code"))
            codes[there] = index.find_many(ledger.lon[there], ledger.lat[there])
        kept = ledger.keep_reading(snapshot.key, Words.of(codes))
    return kept


def _grid_rows(
    ledger: Ledger, rows: Ints, stands: Mapping[Standing, Bools], wanted: Wanted, published: PublishedGrids
) -> tuple[list[dict[str, Any]], int]:
    """Return counts by grid, most first, and how many lie in none, or in one outside the scope, which is not named."""
    words = read_grids(ledger, wanted.reading, published, wanted.on)
    code, names = words.code[rows], np.array(words.words, dtype=object)
    own = is_own(pd.Series(names, dtype=object), wanted.scope).to_numpy(dtype=bool)
    counts = {name: np.bincount(code[held & (code >= 0)], minlength=len(names)) for name, held in stands.items()}
    total = np.bincount(code[code >= 0], minlength=len(names))
    grids = published.on(today()).grids.set_index("grid_code")
    order = [at for at in np.argsort(-total, kind="stable").tolist() if own[at] and total[at]]
    made = [
        _grid_row(names[at], int(total[at]), int(counts["open"][at]), int(counts["overdue"][at]), grids)
        for at in order[:GRIDS_SHOWN_MAX]
    ]
    return made, len(rows) - int(total[own].sum())


def _grid_row(code: str, count: int, waiting: int, overdue: int, grids: Any) -> dict[str, Any]:
    """Return one grid; name and households are those of today's grid of that code."""
    grid = grids.loc[code] if code in grids.index else None
    households = 0 if grid is None else int(grid["households"])
    return {
        "grid_code": code,
        "name": None if grid is None else grid["name"],
        "count": count,
        "open": waiting,
        "overdue": overdue,
        "per_1000_households": round(1000 * count / households, 2) if households else None,
        "bbox": None if grid is None else bbox_of(grid["geometry"]),
    }
