"""Read what the public may know of incidents: counts of the last twelve whole months, none that tells of a single one.

No place finer than a community, no text, no time finer than a year: and no choice of days, so that two answers cannot
be held against each other.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np

from api.actions.count_incidents import labelled
from data.ledger import Choice, Ledger, chosen
from data.profiles import Profile

LEAST = 5
MONTHS = 12


def public_counts(
    ledger: Ledger, names: Mapping[str, str], *, today: date, profile: Profile, language: str
) -> dict[str, Any]:
    """Return counts by kind and by community; null where a count, or what it would give away, is below five."""
    first, last = whole_months(today)
    rows = np.flatnonzero(chosen(ledger, Choice(first_on=first, last_on=last), now_s=0, soon_s=0))
    kinds = labelled(ledger.category.counts(rows), profile.incidents.categories, language)
    areas = {code: count for code, count in ledger.area.counts(rows).items() if code in names}
    by_kind = without_small({row["key"]: row["count"] for row in kinds})
    by_area = without_small({code: areas.get(code, 0) for code in names})
    return {
        "first_on": first,
        "last_on": last,
        "least": LEAST,
        "categories": [{"key": row["key"], "label": row["label"], "count": by_kind[row["key"]]} for row in kinds],
        "communities": [{"area_code": code, "name": names[code], "count": by_area[code]} for code in sorted(names)],
    }


def whole_months(today: date) -> tuple[date, date]:
    """Return the first and the last day of the twelve months before this one."""
    last = today.replace(day=1) - timedelta(days=1)
    return date(last.year - 1 if last.month < MONTHS else last.year, last.month % MONTHS + 1, 1), last


def without_small(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Return counts without those from 1 to 4, nor those by which they could be worked out.

    Whoever knows the sum must not learn a hidden count: at least two are hidden, and five together. 0 is no secret.
    """
    order = sorted((count, key) for key, count in counts.items() if count)
    hidden = {key for count, key in order if count < LEAST}
    for count, key in order:
        total = sum(counts[name] for name in hidden)
        if not hidden or (len(hidden) > 1 and total >= LEAST):
            break
        if count >= LEAST:
            hidden.add(key)
    return {key: None if key in hidden else count for key, count in counts.items()}
