"""Incident words: what was found among somebody's incidents, said in both languages."""

import math
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from api.incident_analysis import IncidentAnalysis
from api.incident_ground import Q_MAX
from api.incident_scan import WHYS, Scanned
from geo.crs import metre_transformer
from geo.hotspots.sentences import Language, cells_sentence, circle_sentence, emerging_sentence

LANGUAGES: tuple[Language, Language] = ("zh", "en")
# From such a share of all incidents on a cluster is a quarter, not a spot.
QUARTER_SHARE = 0.25
# From such a share of all incidents on one spot is more likely an address that stands for others.
STAND_IN_SHARE = 0.02
SHOWN = 5
EMERGING = ("day", "week", "month")


def warning_of(cluster: dict[str, Any], *, has_days: bool, language: Language) -> str | None:
    """Return what might make a cluster on its own - one place, one reporter, one day - or None."""
    doubts = (
        ("place", "在同一处：可能是同一地址反复出现，而不是一片地方的问题",
         "lie on one spot: one address, not a street's trouble"),
        ("reporter", "由同一人上报", "come from one reporter"),
        ("day", "发生在同一天：可能是同一起事件", "happened on one day: it may be one event"),
    )  # fmt: skip
    told = []
    for noun, zh, en in doubts:
        if cluster.get(f"is_one_{noun}") and (noun != "day" or has_days):
            share = math.floor(100 * cluster[f"top_{noun}_share"] + 1e-9)
            told.append(f"{share}% {zh}。" if language == "zh" else f"{share}% of them {en}.")
    return (("其中 " if language == "zh" else "") + " ".join(told)) if told else None


def place_words(lon: float, lat: float, language: Language) -> str:
    """Return a place nobody gave a name to."""
    if language == "zh":
        east, north = ("东经" if lon >= 0 else "西经"), ("北纬" if lat >= 0 else "南纬")
        return f"{east} {abs(lon):.4f}°、{north} {abs(lat):.4f}° "
    return f"{abs(lat):.4f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.4f}° {'E' if lon >= 0 else 'W'}"


def circle_sentences(done: IncidentAnalysis, language: Language) -> list[str]:
    """Return what a scan found, a sentence a circle."""
    return [
        circle_sentence(
            place_words(row["lon"], row["lat"], language), row["observed"], row["expected"], row["p"],
            language=language, radius_m=row["radius_m"], first_on=row["first_on"], last_on=row["last_on"],
        )
        for row in circles_of(done)
    ]  # fmt: skip


def circles_of(done: IncidentAnalysis) -> list[dict[str, Any]]:
    """Return the circles of a scan: lon and lat, first and last day (None without periods), and a radius above 0."""
    found = done.scanned.found
    if len(found) == 0:
        return []
    # A circle of one cell is as wide as the cell.
    radius_m = np.maximum(found["radius_m"].to_numpy(np.float64), done.scanned.cell_m / 2)
    to_metres = metre_transformer(done.zone)
    lon, lat = to_metres.transform(found["x_m"].to_numpy(), found["y_m"].to_numpy(), direction="INVERSE")
    span = _span(done)
    rows = found.assign(radius_m=radius_m, lon=lon, lat=lat).to_dict("records")
    for row in rows:
        row["first_on"], row["last_on"] = None, None
        if "first_period" in row:
            days = done.slices.days_of(row["first_period"], row["last_period"])
            row["first_on"], row["last_on"] = max(days[0], span[0]), min(days[1], span[1])
    return [{str(key): value for key, value in row.items()} for row in rows]


def pattern_sentences(done: IncidentAnalysis, language: Language) -> pd.Series:
    """Return what cells were over time in words; index ``cell``."""
    told, unit = done.patterns, done.slices.unit
    if told is None or unit not in EMERGING:
        return pd.Series([], dtype=object)
    words = [
        emerging_sentence(
            str(row["pattern"]), int(row["hot"] if str(row["pattern"]).endswith("hot") else row["cold"]),
            len(done.slices.starts), run=int(row["run"]), unit=unit, language=language,  # type: ignore[arg-type]  # one of EMERGING
        )
        for row in told.to_dict("records")
    ]  # fmt: skip
    return pd.Series(words, index=told.index, dtype=object)


def sentences_of(done: IncidentAnalysis, language: Language) -> list[str]:
    """Return what is to be said of all: clusters, cells, circles, and what to be careful of."""
    told = [_clusters_told(done, language), *_cautions(done, language)]
    judged = done.cells["q"] < Q_MAX
    hot, cold = (int((judged & sign).sum()) for sign in (done.cells["z"] > 0, done.cells["z"] < 0))
    told.append(cells_sentence(hot, cold, len(done.cells), Q_MAX, language))
    told.append(scan_told(done.scanned, language, unit=done.slices.unit))
    return [*told, *circle_sentences(done, language)]


def scan_told(scanned: Scanned, language: Language, *, unit: str) -> str:
    """Return what was scanned against what, or why nothing was."""
    zh = language == "zh"
    if scanned.why is not None:
        return f"没有扫描：{WHYS[scanned.why][0]}。" if zh else f"No scan: {WHYS[scanned.why][1]}."
    if scanned.method is not None and scanned.method.startswith("scan"):
        return "扫描以户数为基准：圈内事件多于其户数应有的数量。" if zh else (
            "The scan holds incidents against households: circles with more than their households let expect."
        )  # fmt: skip
    units = {"day": "天", "week": "周", "month": "月", "year": "年"}
    if zh:
        return (
            f"没有户数，因此扫描只看地点与时间（按{units[unit]}）是否相关：找到的是某地某时段多于该地平时与当时全城的水平；"
            "一直偏多的地方不会被找到。"
        )
    return (
        f"Without households the scan asks about place and time together, by the {unit}: what it finds is a place and "
        "time with more than that place's own share of all incidents then. What was busy all the time is not found."
    )


def _clusters_told(done: IncidentAnalysis, language: Language) -> str:
    found, rows = done.clusters, len(done.labels)
    inside, one = int((done.labels >= 0).sum()), int(found["is_one_place"].sum())
    if language == "zh":
        return (
            f"{rows:,} 起事件中 {inside:,} 起聚成 {len(found):,} 个聚集区（{done.question.eps_m:g} 米内至少 "
            f"{done.least} 起），其中 {one:,} 个过半在同一处。"
        )
    return (
        f"Of {rows:,} incidents {inside:,} lie in {len(found):,} clusters ({done.least} or more within "
        f"{done.question.eps_m:g} m); {one:,} of these are mostly one spot."
    )


def _cautions(done: IncidentAnalysis, language: Language) -> list[str]:
    """Return what a reader should know before believing a map."""
    told, zh, rows = [], language == "zh", len(done.labels)
    wide = done.clusters[~done.clusters["is_one_place"].astype(bool)]
    largest = int(wide["incidents"].max()) if len(wide) else 0
    if largest > QUARTER_SHARE * rows and rows > 10 * done.least:
        share = largest / rows
        told.append(
            f"最大的聚集区占全部事件的 {share:.0%}：那是一整片热闹的地方。请减小 --eps 或增大 --min-samples。"
            if zh else
            f"The largest cluster holds {share:.0%} of all incidents: a busy quarter, not a spot. Ask with a smaller "
            "--eps, or more --min-samples."
        )  # fmt: skip
    counts = done.incidents.places[1]
    spots, count = len(counts), int(counts.max())
    if count > max(STAND_IN_SHARE * rows, 2 * done.least):
        told.append(
            f"有 {count:,} 起事件在完全相同的坐标上，可能是代用地址；它会掩盖其他热点：可去掉这些行再试。" if zh else
            f"{count:,} incidents lie on one and the same spot, perhaps an address that stands for others. It hides "
            "other hot spots: leave those rows out and ask again."
        )  # fmt: skip
    if 1 < spots < rows / 2:
        told.append(
            f"{rows:,} 起事件只有 {spots:,} 个不同的坐标：位置可能被归并过。" if zh else
            f"{rows:,} incidents lie on {spots:,} different spots: their places may have been moved to a few."
        )  # fmt: skip
    return told


def _span(done: IncidentAnalysis) -> tuple[date, date]:
    """Return the days between which there are incidents; the last one of a month where times are months."""
    if done.incidents.moments.resolution == "month":
        return done.slices.starts[0], done.slices.end
    days = done.incidents.moments.local[done.incidents.kept].astype("datetime64[D]")
    return days.min().item(), days.max().item()
