"""Absences: which duties have nobody while somebody is away; one step, as the database derives it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pandas as pd

Days = tuple[date, date | None]
ALWAYS = date.max


def overlap(one: Days, other: Days) -> Days | None:
    """Return the days in both; None where there is none. The last is excluded, None is for good."""
    first, last = max(one[0], other[0]), min(one[1] or ALWAYS, other[1] or ALWAYS)
    if first >= last:
        return None
    return first, None if last == ALWAYS else last


def gaps_of(
    away: Days, duties: pd.DataFrame, *, substitute_id: int | None, by_duty: Mapping[int, int],
    others: Mapping[int, Iterable[Days]],
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the days of an absence on which duties have nobody.

    Parameters
    ----------
    duties
        Of who is away: index duty_id; role, code, valid_from, valid_to.
    by_duty
        duty_id to the substitute for it alone.
    others
        person_id to the days on which they are away.
    """
    gaps: list[dict[str, Any]] = []
    for duty_id, row in zip(duties.index.tolist(), duties.to_dict("records"), strict=True):
        days = overlap(away, (row["valid_from"] or date.min, row["valid_to"]))
        if days is None:
            continue
        told = {"duty_id": duty_id, "role": row["role"], "code": row["code"]}
        other = by_duty.get(duty_id, substitute_id)
        if other is None:
            gaps.append({**told, "from_on": days[0], "to_on": days[1], "reason": "away"})
            continue
        for gone in others.get(other, ()):
            both = overlap(days, gone)
            if both:
                gaps.append({**told, "from_on": both[0], "to_on": both[1], "reason": "substitute_away"})
    return sorted(gaps, key=lambda gap: (gap["from_on"], gap["duty_id"]))
