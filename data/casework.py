"""Casework: the tier, the clock and the limit of incidents, by the place's rule and working calendar."""

import hashlib
from datetime import date
from typing import TypeVar

import numpy as np
import pandas as pd

from data.calendar import ZONE
from data.profiles import IncidentRule
from geo.working_time import WorkingCalendar, deadlines

NO_PLACE, OUTSIDE = "no_place", "outside"  # why an incident has no place, or one that is none of ours

Frame = TypeVar("Frame", bound=pd.DataFrame)


def timed(incidents: Frame, rule: IncidentRule, calendar: WorkingCalendar) -> Frame:
    """Return incidents with the tier they stand at, since when, and when its limit ends.

    Parameters
    ----------
    incidents
        category, reported_at (aware); tier and tier_at where they are known. What has no tier stands at the lowest; it
        has stood there since it was reported.

    Returns
    -------
    The frame with tier, tier_at and due_at; due_at is missing where there is no limit.
    """
    rows = incidents.copy()
    lowest = rule.tiers[0].key
    rows["tier"] = rows["tier"].where(rows["tier"].notna(), lowest) if "tier" in rows else lowest
    since = rows["tier_at"] if "tier_at" in rows else pd.Series(pd.NaT, index=rows.index, dtype="datetime64[ns, UTC]")
    rows["tier_at"] = since.where(since.notna(), rows["reported_at"])
    rows["due_at"] = deadlines(calendar, rows["tier_at"], limits_hours(rows, rule))
    return rows


def limits_hours(incidents: pd.DataFrame, rule: IncidentRule) -> pd.Series:
    """Return the working hours each incident has at its tier, by the table of kinds of the day it was reported."""
    day = incidents["reported_at"].dt.tz_convert(ZONE).dt.date
    table = np.searchsorted([ordinal(kinds.valid_from) for kinds in rule.tables], day.map(ordinal), side="right")
    keys = pd.DataFrame({"category": incidents["category"], "tier": incidents["tier"], "table": table})
    asked = keys.drop_duplicates()
    hours = [
        rule.limit_hours(category, tier, rule.tables[max(number - 1, 0)].valid_from)
        for category, tier, number in asked.itertuples(index=False)
    ]
    found = keys.merge(asked.assign(hours=pd.Series(hours, index=asked.index, dtype="float64")), how="left")
    return pd.Series(found["hours"].to_numpy(), index=incidents.index, name="limit_hours")


def reporter_digest(contact: str | None) -> str | None:
    """Return what tells one reporter from another without naming them."""
    plain = "".join((contact or "").split()).lower()
    return hashlib.sha256(plain.encode()).hexdigest()[:16] if plain else None


def ordinal(day: date) -> int:
    """Return a day's number."""
    return day.toordinal()
