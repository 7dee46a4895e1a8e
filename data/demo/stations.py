"""Stations: places that serve people, at the doors of buildings near the people they serve."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.demo.draft import Draft, Points
from data.demo.sheets import Sheets
from data.profiles import Profile


@dataclass(frozen=True)
class Rule:
    """Stations of one kind: one for so many communities, at so many places apart from those."""

    suffix: str
    level: str
    communities: int
    hours: str


WORKDAY, LONG_DAY, ALWAYS = "Mo-Fr 09:00-17:00", "08:00-21:00", "24/7"
RULES: dict[str, tuple[Rule, ...]] = {
    "service": (Rule("党群服务中心", "community", 1, WORKDAY),),
    "health": (Rule("社区卫生服务站", "community", 2, "08:00-18:00"),),
    "elderly": (Rule("日间照料中心", "community", 3, "08:00-18:00"), Rule("老年食堂", "community", 5, "10:30-13:00")),
    "children": (Rule("幼儿园", "community", 2, "Mo-Fr 07:40-17:30"),),
    "culture": (Rule("文化活动室", "community", 3, LONG_DAY),),
    "market": (Rule("便民超市", "community", 2, "07:30-22:00"),),
}
# Stations of the whole county, beside those that stand where hospitals, schools, malls and markets were built.
COUNTY = {"service": ("政务服务大厅",), "elderly": ("社会福利院",), "culture": ("图书馆", "文化馆", "体育馆")}
BUILT = {"hospital": "health", "school": "children", "mall": "market"}


@dataclass(frozen=True)
class _Found:
    name: str
    category: str
    level: str
    at: Points
    building: int
    hours: str


def place_stations(
    sheets: Sheets, draft: Draft, profile: Profile, county: str, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Return the stations of a tile (metres; numbers from 1), of every category of the profile.

    A category this module does not know gets one station for every two communities, named by its label.
    """
    found: list[_Found] = []
    taken: set[int] = set()
    keys = {category.key: category.label.zh for category in profile.stations}
    for key, title in keys.items():
        for rule in RULES.get(key, (Rule(title, "community", 2, WORKDAY),)):
            found += _for_communities(key, rule, sheets, taken, rng)
        for name in COUNTY.get(key, ()):
            found += _for_county(key, f"{county}{name}", sheets, taken, rng)
    found += _built(sheets, draft, keys)
    found = [station for station in found if station.category in keys]
    return _frame(found, sheets.buildings)


def _for_communities(key: str, rule: Rule, sheets: Sheets, taken: set[int], rng: np.random.Generator) -> list[_Found]:
    names = sheets.areas.loc[sheets.areas["level"] == "community", "name"]
    first = int(rng.integers(rule.communities))
    made = []
    for number, (code, name) in enumerate(names.items()):
        if rule.communities > 1 and number % rule.communities != first % len(names):
            continue
        building = _central(sheets, str(code), taken, rng)
        taken.add(building)
        full = f"{name}{rule.suffix}" if rule.communities == 1 else f"{name.removesuffix('社区')}{rule.suffix}"
        made.append(_Found(full, key, rule.level, sheets.doors[building], building, rule.hours))
    return made


def _central(sheets: Sheets, code: str, taken: set[int], rng: np.random.Generator) -> int:
    """Return the position of a free building near the middle of a community's households, on a street if one is."""
    buildings = sheets.buildings
    here = np.flatnonzero((buildings["area_code"] == code).to_numpy())
    doors, households = sheets.doors[here], buildings["households"].to_numpy()[here]
    middle = np.average(doors, axis=0, weights=households + 0.01) + rng.normal(0, 200, 2)
    cost = np.hypot(*(doors - middle).T)
    kinds = sheets.compounds["kind"].reindex(buildings["compound_id"].iloc[here]).to_numpy()
    cost = cost + 400 * np.isin(kinds.astype(str), ["walled", "works", "school", "hospital", "office"])
    cost = cost + 150 * ~buildings["use"].iloc[here].isin(["mixed", "public"]).to_numpy()
    cost[np.isin(here, list(taken))] += 1e6
    return int(here[np.argmin(cost)])


def _for_county(key: str, name: str, sheets: Sheets, taken: set[int], rng: np.random.Generator) -> list[_Found]:
    codes = sheets.areas.index[sheets.areas["level"] == "community"]
    crowd = sheets.buildings.groupby("area_code")["households"].sum().reindex(codes, fill_value=0)
    dense = (crowd / sheets.areas.geometry.loc[codes].area).sort_values(kind="stable").index[len(codes) // 2 :]
    building = _central(sheets, str(dense[int(rng.integers(len(dense)))]), taken, rng)
    taken.add(building)
    return [_Found(name, key, "county", sheets.doors[building], building, WORKDAY)]


def _built(sheets: Sheets, draft: Draft, keys: dict[str, str]) -> list[_Found]:
    """Return stations at the gates of hospitals and schools, and at the doors of malls and market halls."""
    made = []
    gate_of = {gate.compound: gate.at for gate in reversed(draft.gates)}
    compound = sheets.buildings["compound_id"].fillna(0).to_numpy(dtype=np.int64) - 1
    first = {int(n): index for index, n in reversed(list(enumerate(compound.tolist())))}
    for number, ground in enumerate(draft.compounds):
        key = BUILT.get(ground.kind)
        if key in keys and number in first:
            at = gate_of.get(number, sheets.doors[first[number]])
            level = "street" if ground.kind == "school" else "county"
            hours = ALWAYS if ground.kind == "hospital" else LONG_DAY
            made.append(_Found(ground.name, key, level, at, first[number], hours))
    uses, names = sheets.buildings["use"].tolist(), sheets.buildings["name"].tolist()
    for index, (use, name) in enumerate(zip(uses, names, strict=True)):
        if use == "public" and isinstance(name, str) and "market" in keys:
            made.append(_Found(name, "market", "street", sheets.doors[index], index, "06:00-20:00"))
    return made


def _frame(found: list[_Found], buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    rows = [station.building for station in found]
    frame = pd.DataFrame({
        "area_code": buildings["area_code"].iloc[rows].to_numpy(),
        "source_ref": None,
        "name": [station.name for station in found],
        "category": [station.category for station in found],
        "level": [station.level for station in found],
        "address": buildings["address"].iloc[rows].to_numpy(),
        "hours": [station.hours for station in found],
    })  # fmt: skip
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="station_id")
    return gpd.GeoDataFrame(frame, geometry=[shapely.Point(station.at) for station in found])
