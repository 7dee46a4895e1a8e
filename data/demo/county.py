"""County: all tiles drawn, their numbers made one sequence, their metres made degrees."""

from dataclasses import dataclass, fields, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from data.demo.draft import Points, many
from data.demo.incidents import draw_incidents
from data.demo.people import draw_people
from data.demo.sheets import Sheets, lay_sheets
from data.demo.stations import place_stations
from data.demo.tile import draw_tile
from data.demo.valley import Valley, valleys
from data.profiles import Profile
from data.town import Town
from geo.crs import metric_crs, transformer
from geo.errors import InputError
from geo.frames import WGS84
from geo.rng import generator

LON, LAT = 107.72, 27.95  # the middle of the invented county
LEAST_SCALE, MOST_SCALE = 0.05, 125.0
DRAWN = ("stations", "people", "incidents", "truth")
COUNTED = ("compounds", "gates", "buildings", "stairwells", "streets", "barriers", "greens", *DRAWN)
NOUNS = {"compounds": "compound", "buildings": "building", "stations": "station", "people": "person",
         "incidents": "incident", "streets": "street"}  # fmt: skip


class ScaleError(InputError):
    """The demo town cannot be drawn at this scale."""

    zh = "示范县的规模应在 {least} 到 {most} 之间，现为 {scale}。"
    en = "The demo town is drawn at scales from {least} to {most}, not {scale}."


@dataclass(frozen=True)
class _Part:
    """The frames of one tile, in metres, with numbers from 1."""

    sheets: Sheets
    stations: gpd.GeoDataFrame
    people: pd.DataFrame
    incidents: gpd.GeoDataFrame
    truth: gpd.GeoDataFrame


def draw_town(profile: Profile, *, scale: float = 1.0, seed: int = 0) -> Town:
    """Draw the invented county town.

    Parameters
    ----------
    profile
        The place: its code and name, its categories of stations and incidents, its staffing.
    scale
        How many towns of some 8,000 buildings and 50,000 households; below 1 a smaller town, above it
        several along neighbouring valleys. From 0.05 to 125.
    seed
        Any integer >= 0. Same seed, same town.

    Returns
    -------
    Town
        Every frame in EPSG:4326.

    Raises
    ------
    ScaleError
        The scale is out of range.
    """
    if not LEAST_SCALE <= scale <= MOST_SCALE:
        raise ScaleError(least=LEAST_SCALE, most=MOST_SCALE, scale=scale)
    county = profile.place.name.zh.split("（")[0]
    parts: list[_Part] = []
    streets = 1
    tiles = valleys(scale, seed)
    for valley in tiles:
        part = _draw_part(valley, profile, county, streets)
        streets += int((part.sheets.areas["level"] == "street").sum())
        parts.append(part)
    frames = _together(parts, profile, county)
    crs = metric_crs(LON, LAT)
    shift, to_degrees = _shift(tiles, crs), transformer(crs, WGS84)
    placed = {name: _degrees(frame, to_degrees, shift) for name, frame in frames.items() if name != "people"}
    return Town(
        name=profile.place.name.zh, people=frames["people"], source=town_source(scale=scale, seed=seed), **placed
    )


def _draw_part(valley: Valley, profile: Profile, county: str, first_street: int) -> _Part:
    mark = f"{valley.row}:{valley.column}"
    tile = draw_tile(valley, county)
    sheets = lay_sheets(tile, profile.place.code[:6], first_street)
    stations = place_stations(sheets, tile.draft, profile, county, generator(valley.seed, "demo", mark, "stop"))
    people = draw_people(sheets, profile, county, generator(valley.seed, "demo", mark, "duty"))
    incidents, truth = draw_incidents(sheets, profile, valley.size, generator(valley.seed, "demo", mark, "case"))
    return _Part(sheets, stations, people, incidents, truth)


def _together(parts: list[_Part], profile: Profile, county: str) -> dict[str, gpd.GeoDataFrame]:
    """Join the parts' frames, numbers running on from part to part."""
    shifted = [_renumbered(part, before) for part, before in zip(parts, _before(parts), strict=True)]
    frames = {
        field.name: pd.concat([getattr(part.sheets, field.name) for part in shifted])
        for field in fields(Sheets)
        if field.name != "doors"
    }
    for name in DRAWN:
        frames[name] = pd.concat([getattr(part, name) for part in shifted])
    frames["areas"] = _with_county(frames["areas"], profile, county)
    for name, noun in NOUNS.items():
        frames[name]["source_ref"] = [f"demo:{noun}:{number}" for number in frames[name].index]
    return frames


def _before(parts: list[_Part]) -> list[dict[str, int]]:
    """Return for each part how many rows of each frame come before it."""
    count = dict.fromkeys(COUNTED, 0)
    befores = []
    for part in parts:
        befores.append(dict(count))
        for name in count:
            count[name] += len(getattr(part.sheets if hasattr(part.sheets, name) else part, name))
    return befores


def _renumbered(part: _Part, before: dict[str, int]) -> _Part:
    """Return a part with its numbers, and what points to them, moved on."""
    points = {"gates": "compounds", "stairwells": "buildings", "incidents": "buildings"}
    moved: dict[str, gpd.GeoDataFrame] = {}
    for name, first in before.items():
        frame = getattr(part.sheets if hasattr(part.sheets, name) else part, name).copy()
        frame.index = frame.index + first
        if name in points:
            column = f"{points[name][:-1]}_id"
            frame[column] = frame[column] + before[points[name]]
        if name == "buildings":
            frame["compound_id"] = frame["compound_id"] + before["compounds"]
        moved[name] = frame
    own = {name: moved.pop(name) for name in DRAWN}
    return _Part(replace(part.sheets, **moved), **own)


def _with_county(areas: gpd.GeoDataFrame, profile: Profile, county: str) -> gpd.GeoDataFrame:
    whole = shapely.coverage_union_all(areas.loc[areas["level"] == "community"].geometry.to_numpy())
    top = gpd.GeoDataFrame(
        {"name": [county], "level": ["county"], "parent_code": [None], "is_stand_in": [False]},
        geometry=[many(whole)],
        index=pd.Index([profile.place.code], name="area_code"),
    )
    return gpd.GeoDataFrame(pd.concat([top, areas]))


def _shift(tiles: list[Valley], crs: pyproj.CRS) -> Points:
    """Return what moves the tiles' middle to the county's place, in metres."""
    middle = np.mean([tile.to_plane(np.array([[tile.middle_m, 0.0]]))[0] for tile in tiles], axis=0)
    place = transformer(WGS84, crs).transform(LON, LAT)
    return np.asarray(np.round(np.array(place) - middle, 3))


def _degrees(frame: gpd.GeoDataFrame, to_degrees: pyproj.Transformer, shift: Points) -> gpd.GeoDataFrame:
    """Return a frame of tile metres in EPSG:4326. Equal vertices stay equal."""

    def move(coords: Points) -> Points:
        return np.column_stack(to_degrees.transform(coords[:, 0] + shift[0], coords[:, 1] + shift[1]))

    shapes = shapely.transform(frame.geometry.to_numpy(), move)
    return gpd.GeoDataFrame(
        frame.drop(columns="geometry"), geometry=gpd.GeoSeries(shapes, index=frame.index, crs=WGS84)
    )


def town_source(*, scale: float, seed: int) -> dict[str, object]:
    """Return what a demo town declares of its source: the same scale and seed, the same town."""
    return {
        "authority": "虚构的演示城镇 · An invented town",
        "licence": "CC0-1.0",
        "date": "2026-10-31",
        "crs": "EPSG:4326",
        "seed": seed,
        "scale": scale,
    }
