"""Brief: one page of what a filter leaves - figures, map, busiest grids, and what chance does not explain."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import geopandas as gpd
import shapely

from api.actions.read_incidents import Wanted
from data.profiles import Profile
from maps.brief import Brief, BriefGrid
from maps.picture import Outline

SENTENCES_MAX = 4
WORDS = {
    "title": ("事件简报", "Incident brief"), "days": ("日期", "Days"), "category": ("类别", "Kind"),
    "tier": ("层级", "Tier"), "state": ("状态", "State"), "standing": ("时限情况", "Standing"),
    "grid": ("网格", "Grid"), "weekdays": ("星期", "Weekdays"), "hours": ("时刻", "Hours"),
    "bbox": ("范围", "Box"), "all": ("全部", "all"),
    "reading": ("网格口径", "Grids"), "reported": ("上报时", "when reported"), "now": ("现在", "now"),
    "on": ("指定日期", "on a day"), "total": ("事件", "Incidents"), "open": ("未办结", "Open"),
    "soon": ("快到期", "Due soon"), "overdue": ("超时", "Overdue"), "parked": ("挂账", "Parked"),
    "median": ("办结中位天数", "Median days to settle"),
}  # fmt: skip
FIGURES = ("total", "open", "soon", "overdue", "parked")


def told(word: str, language: str) -> str:
    """Return a word of the brief."""
    return WORDS[word][0 if language == "zh" else 1]


def asked_words(wanted: Wanted, *, profile: Profile, language: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the title, and what was filtered in words."""
    rule = profile.incidents
    labels = {
        name: {item.key: str(getattr(item.label, language)) for item in items}
        for name, items in (("category", rule.categories), ("tier", rule.tiers), ("state", rule.states))
    }
    days = (
        f"{wanted.from_on or '…'} – {wanted.to_on or '…'}" if wanted.from_on or wanted.to_on else told("all", language)
    )
    notes = [(told("days", language), days)]
    for name in ("category", "tier", "state", "standing", "grid", "weekdays", "hours", "bbox"):
        value = getattr(wanted, name)
        if value is not None:
            notes.append((told(name, language), labels.get(name, {}).get(value, _standing(value, language))))
    reading = told(wanted.reading, language) + (f" {wanted.on}" if wanted.reading == "on" and wanted.on else "")
    return told("title", language), [*notes, (told("reading", language), reading)]


def brief_of(
    summary: Mapping[str, Any], found: Mapping[str, Any], grids: gpd.GeoDataFrame, wanted: Wanted, *,
    profile: Profile, place: str, attribution: str, now: datetime, language: str,
) -> Brief:  # fmt: skip
    """Return the brief of a summary and of what a scan found; `grids` are today's, by grid_code, within the scope."""
    title, asked = asked_words(wanted, profile=profile, language=language)
    counts = {row["grid_code"]: row for row in summary["grids"]}
    colours = {kind.key: kind.colour for kind in profile.incidents.categories}
    none = {"count": 0, "open": 0, "overdue": 0}
    rows = [
        BriefGrid(
            Outline(str(code), str(row["area_code"]), row["geometry"]), str(row["name"] or code),
            *(int(counts.get(code, none)[name]) for name in ("count", "open", "overdue")),
        )
        for code, row in zip(grids.index, grids.to_dict("records"), strict=True)
    ]  # fmt: skip
    features = found["features"][:SENTENCES_MAX]
    median = summary["settled"]["median_days"]
    return Brief(
        title=title,
        place=place,
        made_at=now,
        figures=[
            *((told(name, language), f"{summary[name]:,}") for name in FIGURES),
            (told("median", language), "–" if median is None else f"{median:.1f}"),
        ],
        asked=asked,
        kinds=[(row["label"], row["count"], colours.get(row["key"], "#566166")) for row in summary["categories"]],
        hours=summary["hours"],
        grids=rows,
        sentences=[feature["properties"]["sentence"] for feature in features],
        circles=[shapely.geometry.shape(feature["geometry"]) for feature in features],
        attribution=attribution,
    )


def _standing(value: str, language: str) -> str:
    return told(value, language) if value in WORDS else value
