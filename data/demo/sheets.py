"""Sheets: the frames of one tile, in metres, with numbers that begin at 1 in each tile."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.demo.addresses import label
from data.demo.areas import gather
from data.demo.draft import Ints, Points, Shapes, linestrings, many
from data.demo.tile import Tile
from geo.rng import generator

PEOPLE_A_HOUSEHOLD = 2.7


@dataclass(frozen=True)
class Sheets:
    """Ground frames of a tile, and where each building's door is."""

    areas: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    stairwells: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    greens: gpd.GeoDataFrame
    doors: Points


def lay_sheets(tile: Tile, prefix: str, first_street: int) -> Sheets:
    """Make the ground frames of a tile.

    Parameters
    ----------
    tile
        What was drawn.
    prefix
        The county's six digits.
    first_street
        The number of the tile's first street (subdistrict); communities count from 1 in each.
    """
    faces = np.array([house.face for house in tile.houses], dtype=np.int64)
    households = np.array([house.households for house in tile.houses], dtype=np.int64)
    in_face = np.bincount(faces, weights=households, minlength=len(tile.blocks.faces)).astype(np.int64)
    gathered = gather(tile.blocks, in_face, river=_river_middle(tile))
    areas, codes = _areas(tile, gathered.street, gathered.shapes, (prefix, first_street))
    code_of_face = codes[gathered.community]
    doors = _doors(tile)
    buildings = _buildings(tile, code_of_face[faces], doors)
    return Sheets(
        areas, _compounds(tile, code_of_face), _gates(tile), buildings, _stairwells(tile), _streets(tile),
        _plain(["kind", "name"], tile.draft.barriers, "barrier_id"),
        _plain(["kind", "name"], [(g.kind, g.name, many(g.shape)) for g in tile.draft.greens], "green_id"),
        doors,
    )  # fmt: skip


def _river_middle(tile: Tile) -> Points:
    """Return the vertices of the partition's edges that run in the river's middle."""
    u = np.linspace(0, tile.valley.length_m, 400)
    middle = shapely.LineString(tile.valley.to_plane(np.column_stack([u, 0 * u])))
    spots = np.vstack([path.coords for path in tile.blocks.edges if not path.road_class])
    shapely.prepare(middle)
    return spots[shapely.dwithin(middle, shapely.points(spots), 1.0)]


def _areas(tile: Tile, street: Ints, shapes: Shapes, code: tuple[str, int]) -> tuple[gpd.GeoDataFrame, Shapes]:
    """Return streets and communities, numbered from west to east, and each community's code."""
    prefix, first = code
    east = shapely.get_x(shapely.centroid(shapes))
    street_east = [float(east[street == n].min()) for n in range(int(street.max()) + 1)]
    codes = np.empty(len(shapes), dtype=object)
    rows = []
    for number, n in enumerate(np.argsort(street_east).tolist()):
        street_code = f"{prefix}{first + number:03d}000"
        members = np.flatnonzero(street == n)
        whole = shapely.coverage_union_all(shapes[members])
        rows.append((street_code, tile.names.street_office() + "街道", "street", f"{prefix}000000", whole))
        for place, member in enumerate(members[np.argsort(east[members])].tolist(), 1):
            codes[member] = f"{prefix}{first + number:03d}{place:03d}"
            rows.append((codes[member], tile.names.quarter() + "社区", "community", street_code, shapes[member]))
    frame = pd.DataFrame([row[:4] for row in rows], columns=["area_code", "name", "level", "parent_code"])
    frame["is_stand_in"] = False
    made = gpd.GeoDataFrame(frame, geometry=[many(row[4]) for row in rows])
    return made.set_index("area_code"), codes


def _numbered(frame: pd.DataFrame, geometry: Shapes | list[shapely.Geometry], index: str) -> gpd.GeoDataFrame:
    frame.index = pd.RangeIndex(1, len(frame) + 1, name=index)
    return gpd.GeoDataFrame(frame, geometry=list(geometry))


def _plain(
    columns: list[str], rows: Sequence[tuple[str, str | None, shapely.Geometry]], index: str
) -> gpd.GeoDataFrame:
    return _numbered(pd.DataFrame([row[:2] for row in rows], columns=columns), [row[2] for row in rows], index)


def _compounds(tile: Tile, code_of_face: Shapes) -> gpd.GeoDataFrame:
    compounds = tile.draft.compounds
    tree = shapely.STRtree(tile.blocks.faces)
    spots = shapely.point_on_surface(np.array([compound.shape for compound in compounds], dtype=object))
    frame = pd.DataFrame({
        "area_code": code_of_face[tree.nearest(spots)] if len(compounds) else [],
        "source_ref": None,
        "name": [compound.name for compound in compounds],
        "kind": [compound.kind for compound in compounds],
    })  # fmt: skip
    return _numbered(frame, [many(compound.shape) for compound in compounds], "compound_id")


def _gates(tile: Tile) -> gpd.GeoDataFrame:
    gates = tile.draft.gates
    frame = pd.DataFrame({
        "compound_id": np.array([gate.compound + 1 for gate in gates], dtype=np.int64),
        "hours": [gate.hours for gate in gates],
    })  # fmt: skip
    return _numbered(frame, [shapely.Point(gate.at) for gate in gates], "gate_id")


def _doors(tile: Tile) -> Points:
    """Return a point on each building's wall, nearest to the nearest street."""
    lines = linestrings([path.coords for path in tile.streets])
    nearest = shapely.STRtree(lines).nearest(tile.shapes)
    ways = shapely.shortest_line(tile.shapes, lines[nearest])
    return np.asarray(shapely.get_coordinates(shapely.get_point(ways, 0)))


def _buildings(tile: Tile, codes: Shapes, doors: Points) -> gpd.GeoDataFrame:
    houses = tile.houses
    gate_of = {gate.compound: gate.at for gate in reversed(tile.draft.gates)}
    walled = {n: (tile.draft.compounds[n].name, at) for n, at in sorted(gate_of.items())}
    labels = label(houses, doors, tile.streets, walled)
    households = np.array([house.households for house in houses], dtype=np.int64)
    rng = generator(tile.valley.seed, "demo", f"{tile.valley.row}:{tile.valley.column}", "folk")
    compound = np.array([house.compound + 1 for house in houses], dtype=np.int64)
    frame = pd.DataFrame({
        "area_code": codes,
        "compound_id": pd.array(compound, dtype="Int64"),
        "source_ref": None,
        "name": labels.names,
        "address": labels.addresses,
        "use": [house.use for house in houses],
        "floors": np.array([house.floors for house in houses], dtype=np.int64),
        "households": households,
        "people": households + rng.poisson((PEOPLE_A_HOUSEHOLD - 1) * households),
        "is_estimate": False,
    })  # fmt: skip
    frame.loc[compound == 0, "compound_id"] = pd.NA
    shapes = np.asarray(shapely.multipolygons(tile.shapes, indices=np.arange(len(tile.shapes))), dtype=object)
    return _numbered(frame, shapes, "building_id")


def _stairwells(tile: Tile) -> gpd.GeoDataFrame:
    """Return one point for each stairwell, along its building's long axis."""
    stairs = np.array([house.stairs for house in tile.houses], dtype=np.int64)
    owner = np.repeat(np.arange(len(stairs)), stairs)
    number = np.concatenate([np.arange(1, count + 1) for count in stairs.tolist()] or [np.empty(0)]).astype(np.int64)
    spot = np.array([house.spot for house in tile.houses]).reshape(-1, 4)[owner]
    households = np.array([house.households for house in tile.houses], dtype=np.int64)[owner]
    share = ((number - 0.5) / stairs[owner] - 0.5) * spot[:, 3]
    at = spot[:, :2] + share[:, None] * np.column_stack([np.cos(spot[:, 2]), np.sin(spot[:, 2])])
    frame = pd.DataFrame({"building_id": owner + 1, "number": number, "households": households // stairs[owner]})
    return _numbered(frame, shapely.points(at), "stairwell_id")


def _streets(tile: Tile) -> gpd.GeoDataFrame:
    paths = tile.streets
    lines = linestrings([path.coords for path in paths])
    frame = pd.DataFrame({
        "source_ref": None,
        "name": [path.name for path in paths],
        "road_class": [path.road_class for path in paths],
        "is_walkable": True,
        "is_steps": [path.is_steps for path in paths],
        "is_private": [path.is_private for path in paths],
        "is_bridge": [path.is_bridge for path in paths],
        "length_m": shapely.length(lines).round(2),
    })  # fmt: skip
    return _numbered(frame, lines, "street_id")
