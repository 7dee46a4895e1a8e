"""Incidents: a year of reports, as many as there are people to report - and clusters planted on purpose.

Away from planted clusters, a place's chance of an incident is proportional to its households and to
nothing else, category by category; inside a cluster's ground and days it is `relative_risk` times that.
So what a test of clustering should find, and what it should not, is known.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.casework import limits_hours, timed
from data.demo.draft import Flags, Ints, Points, Shapes
from data.demo.habits import DAYS, FIRST_DAY, SHANGHAI, Habit, day_weights, habit_of, moments
from data.demo.sheets import Sheets
from data.profiles import Profile
from geo.working_time import deadlines

A_HOUSEHOLD_A_YEAR = 0.115
CLUSTERS = 7  # of a town of size 1
EXPECTED, EXPECTED_SHORT = 42.0, 34.0  # incidents in a cluster, its raised risk included
MOST_SHARE = 0.22  # of all households, in one cluster's ground
RARE_SIZE = 0.3  # smaller towns plant only what happens often
TIER_SHARES = (0.78, 0.15, 0.055, 0.015)
STUCK_SHARE = 0.015
PARKED_SHARE, RETURNED_SHARE = 0.12, 0.06
WAIT_HOURS, LIMIT_HOURS = 13.0, 13.0  # working hours below each tier at most; where a tier has no limit
YEAR_END = (FIRST_DAY + DAYS).astype("datetime64[s]") - SHANGHAI


@dataclass(frozen=True)
class Cluster:
    """Planted ground and days; `inside` are the positions of its buildings."""

    name: str
    category: str
    days: tuple[int, int]
    relative_risk: float
    ground: shapely.Polygon
    inside: Ints


def draw_incidents(
    sheets: Sheets, profile: Profile, size: float, rng: np.random.Generator
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the incidents of a tile (metres, in order of time, numbers from 1) and the truth of its clusters."""
    keys = [category.key for category in profile.incidents.categories]
    share = np.array([habit_of(key).share for key in keys])
    rate = dict(zip(keys, (A_HOUSEHOLD_A_YEAR * share / share.sum()).tolist(), strict=True))
    clusters = _plant(sheets, rate, size, rng)
    drawn = [_background(key, rate[key], sheets, rng).assign(cluster=-1) for key in keys]
    drawn += [
        _planted(cluster, rate[cluster.category], sheets, rng).assign(cluster=number)
        for number, cluster in enumerate(clusters)
    ]
    rows = pd.concat(drawn, ignore_index=True)
    rows = rows.sort_values(["at", "place", "category"], kind="stable", ignore_index=True)
    outdoors = rng.random(len(rows)) < np.array([habit_of(key).outdoors for key in rows["category"].tolist()])
    points = _spots(rows["place"].to_numpy(dtype=np.int64), outdoors, sheets, rng)
    _keep_in(points, outdoors, rows, clusters, sheets)
    frame = _reported(rows, (points, outdoors), sheets, profile, rng)
    return frame, _truth(clusters, frame)


def _background(key: str, rate: float, sheets: Sheets, rng: np.random.Generator) -> pd.DataFrame:
    count = rng.poisson(rate * sheets.buildings["households"].to_numpy())
    where = np.repeat(np.arange(len(count)), count)
    return pd.DataFrame({"category": key, "place": where, "at": moments(habit_of(key), len(where), (0, DAYS), rng)})


def _planted(cluster: Cluster, rate: float, sheets: Sheets, rng: np.random.Generator) -> pd.DataFrame:
    """Return the incidents that raise a cluster's risk above the background that is there anyway."""
    households = sheets.buildings["households"].to_numpy()[cluster.inside]
    share = _days_share(habit_of(cluster.category), cluster.days)
    count = rng.poisson((cluster.relative_risk - 1) * rate * share * households)
    where = np.repeat(cluster.inside, count)
    times = moments(habit_of(cluster.category), len(where), cluster.days, rng)
    return pd.DataFrame({"category": cluster.category, "place": where, "at": times})


def _days_share(habit: Habit, days: tuple[int, int]) -> float:
    return float(day_weights(habit)[days[0] : days[1]].sum())


def _plant(sheets: Sheets, rate: dict[str, float], size: float, rng: np.random.Generator) -> list[Cluster]:
    """Choose grounds for clusters, apart from each other: whole-year ones and short ones in turn."""
    households = sheets.buildings["households"].to_numpy()
    wanted = int(np.clip(round(CLUSTERS * size**0.4), 2, 8))
    often = sorted(rate, key=lambda key: -rate[key])[: 6 if size > RARE_SIZE else 3]
    keys = [str(key) for key in rng.permutation(np.array(often))]
    clusters: list[Cluster] = []
    used = np.zeros(len(households), dtype=bool)
    for number in range(wanted):
        key = keys[number % len(keys)]
        risk = round(float(rng.uniform(3.2, 5.8)), 1)
        length = DAYS if number % 2 == 0 else int(rng.integers(60, 121))
        start = 0 if length == DAYS else int(rng.integers(10, DAYS - length - 10))
        days = (start, start + length)
        wish = EXPECTED if length == DAYS else EXPECTED_SHORT
        needed = wish / (risk * rate[key] * _days_share(habit_of(key), days))
        if needed > MOST_SHARE * households.sum():  # too few people for a short one
            days, length = (0, DAYS), DAYS
            needed = min(EXPECTED / (risk * rate[key]), MOST_SHARE * float(households.sum()))
        found = _ground(sheets, needed, used, number, rng)
        if found is None:
            continue
        ground, inside, place = found
        used[inside] = True
        span = "全年" if length == DAYS else "集中"
        clusters.append(Cluster(f"{place}{span}高发", key, days, risk, ground, inside))
    return clusters


def _ground(
    sheets: Sheets, needed: float, used: Flags, number: int, rng: np.random.Generator
) -> tuple[shapely.Polygon, Ints, str] | None:
    """Return ground around a building that holds the households needed, its buildings, and what it is called."""
    households = sheets.buildings["households"].to_numpy()
    stretch = (1.0, 1.0, 2.6, 1.6)[number % 4]
    spots = np.asarray(shapely.get_coordinates(shapely.centroid(sheets.buildings.geometry.to_numpy())))
    for _ in range(40):
        seed = int(rng.choice(len(households), p=households / households.sum()))
        turn = rng.uniform(0, np.pi)
        axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn) * stretch, np.cos(turn) * stretch]])
        off = np.hypot(*((spots - spots[seed]) @ axes.T).T)
        order = np.argsort(off, kind="stable")
        count = int(np.searchsorted(np.cumsum(households[order]), needed)) + 1
        inside, reach = order[:count], float(off[order[min(count, len(order)) - 1]]) + 4.0
        if reach < 620 and not used[off < reach + 60].any():
            ring = np.linalg.solve(axes, reach * _circle().T).T + spots[seed]
            inside = np.flatnonzero(off < reach)
            name = sheets.areas.loc[sheets.buildings["area_code"].iloc[seed], "name"]
            return shapely.Polygon(ring), inside, str(name)
    return None


def _circle() -> Points:
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return np.asarray(np.column_stack([np.cos(angles), np.sin(angles)]) / np.cos(np.pi / 48))


def _keep_in(points: Shapes, outdoors: Flags, rows: pd.DataFrame, clusters: list[Cluster], sheets: Sheets) -> None:
    """Put planted incidents that strayed out of their ground back into their building, in place."""
    number, place = rows["cluster"].to_numpy(), rows["place"].to_numpy(dtype=np.int64)
    planted = np.flatnonzero(number >= 0)
    grounds = np.array([clusters[n].ground for n in number[planted].tolist()], dtype=object)
    astray = planted[~shapely.contains(grounds, points[planted])]
    points[astray] = shapely.centroid(sheets.buildings.geometry.to_numpy()[place[astray]])
    outdoors[astray] = False


def _reported(
    rows: pd.DataFrame, spots: tuple[Shapes, Flags], sheets: Sheets, profile: Profile, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Give each incident its place, its words, and what became of it."""
    points, outdoors = spots
    place = rows["place"].to_numpy(dtype=np.int64)
    buildings = sheets.buildings
    address = buildings["address"].iloc[place].tolist()
    frame = pd.DataFrame({
        "area_code": buildings["area_code"].iloc[place].to_numpy(),
        "source_ref": None,
        "reported_at": pd.DatetimeIndex(rows["at"]).tz_localize("UTC"),
        "category": rows["category"].to_numpy(),
        "description": _words(rows["category"].tolist(), address, rng),
        "building_id": pd.array(np.where(outdoors, 0, place + 1), dtype="Int64"),
        "source": "demo",
    })  # fmt: skip
    frame.loc[outdoors, "building_id"] = pd.NA
    frame = _handled(frame, profile, rng)
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="incident_id")
    return gpd.GeoDataFrame(frame, geometry=list(points))


def _spots(place: Ints, outdoors: Flags, sheets: Sheets, rng: np.random.Generator) -> Shapes:
    """Return points at the door, or on the street before it, a little off."""
    lines = sheets.streets.geometry.to_numpy()
    doors = shapely.points(sheets.doors)
    nearest = np.asarray(shapely.STRtree(lines).nearest(doors), dtype=np.int64)
    at = shapely.line_locate_point(lines[nearest], doors)[place]
    along = np.clip(at + rng.normal(0, 7.0, len(place)), 0, shapely.length(lines)[nearest[place]])
    street = shapely.get_coordinates(shapely.line_interpolate_point(lines[nearest[place]], along))
    spots = np.where(outdoors[:, None], street, sheets.doors[place]) + rng.normal(0, 1.5, (len(place), 2))
    return np.asarray(shapely.points(spots), dtype=object)


def _handled(frame: pd.DataFrame, profile: Profile, rng: np.random.Generator) -> pd.DataFrame:
    """Give each incident its tier, lowest most often, its clock, and its end: one in twelve is late."""
    rule, count = profile.incidents, len(frame)
    calendar = rule.calendar()
    weight = np.array([TIER_SHARES[min(n, len(TIER_SHARES) - 1)] for n in range(len(rule.tiers))])
    number = rng.choice(len(rule.tiers), count, p=weight / weight.sum())
    frame["tier"] = np.array([tier.key for tier in rule.tiers], dtype=object)[number]
    below = pd.Series(number * WAIT_HOURS * rng.random(count), index=frame.index)
    frame["tier_at"] = deadlines(calendar, frame["reported_at"], below)
    frame = timed(frame, rule, calendar)
    hours = limits_hours(frame, rule).fillna(LIMIT_HOURS) * np.exp(rng.normal(np.log(0.35), 0.75, count))
    closed = deadlines(calendar, frame["tier_at"], hours)
    is_closed = (closed < pd.Timestamp(YEAR_END, tz="UTC")) & (rng.random(count) >= STUCK_SHARE)
    frame["closed_at"] = closed.where(is_closed)
    return _standing(frame, is_closed.to_numpy(), profile, rng)


def _standing(frame: pd.DataFrame, is_closed: Flags, profile: Profile, rng: np.random.Generator) -> pd.DataFrame:
    """Give each incident its state: new on the last day, then in hand, at times returned or parked, then closed."""
    rule = profile.incidents
    still_open = [state.key for state in rule.states if not (state.is_closed or state.is_parked or state.is_returned)]
    parked = next((state.key for state in rule.states if state.is_parked), still_open[-1])
    returned = next((state.key for state in rule.states if state.is_returned), still_open[-1])
    closed = rule.closed_state.key if rule.closed_state else still_open[-1]
    is_new = (frame["tier_at"] > pd.Timestamp(YEAR_END, tz="UTC") - pd.Timedelta(days=1)).to_numpy()
    luck = rng.random(len(frame))
    chosen = [is_closed, is_new, luck < PARKED_SHARE, luck > 1 - RETURNED_SHARE]
    words = [closed, still_open[0], parked, returned]
    frame["state"] = np.select(chosen, np.array(words, dtype=object), default=still_open[-1])
    is_parked = (frame["state"] == parked) & (parked not in still_open)
    frame["returns"] = (luck > 1 - RETURNED_SHARE).astype("int64")
    frame["parked_at"] = frame["tier_at"].where(is_parked)
    frame["left_hours"] = limits_hours(frame, rule).where(is_parked)
    frame["due_at"] = frame["due_at"].mask(is_parked)
    return frame


def _words(categories: list[str], address: list[str], rng: np.random.Generator) -> list[str]:
    pick = rng.integers(0, 1 << 16, len(categories))
    texts = []
    for category, at, number in zip(categories, address, pick.tolist(), strict=True):
        words = habit_of(category).words
        texts.append(words[number % len(words)].format(at=at))
    return texts


def _truth(clusters: list[Cluster], incidents: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the planted clusters, each with the incidents of its category in its ground and days."""
    days = (incidents["reported_at"].dt.tz_localize(None).to_numpy() + SHANGHAI).astype("datetime64[D]")
    rows = []
    for cluster in clusters:
        first, last = FIRST_DAY + cluster.days[0], FIRST_DAY + cluster.days[1] - 1
        is_in = (incidents["category"] == cluster.category).to_numpy() & (days >= first) & (days <= last)
        is_in &= shapely.intersects(cluster.ground, incidents.geometry.to_numpy())
        rows.append(
            (cluster.name, cluster.category, first.item(), last.item(), cluster.relative_risk, int(is_in.sum()))
        )
    frame = pd.DataFrame(rows, columns=["name", "category", "first_on", "last_on", "relative_risk", "incidents"])
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="cluster_id")
    return gpd.GeoDataFrame(frame, geometry=[cluster.ground for cluster in clusters])
