"""Incident exposure: what incidents come from - households at points or in polygons - shared out over cells."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from api.incident_columns import EXPOSURE_ROLES, exposure_column, named
from api.incident_places import FAULTS, Spots, read_spots
from api.reach_analysis import Source, options_of, refuse_useless
from data.readers.columns import amounts
from data.readers.files import unshifted
from data.readers.places import is_astray, is_finite
from geo.crs import to_degrees, to_metric, zone_crs
from geo.edges import Floats, Ints, Shapes
from geo.errors import InputError
from geo.frames import WGS84
from geo.hotspots.mesh import Mesh, cells_of, polygons

EXPOSURE_FAULTS = {
    **FAULTS,
    "astray": ("离事件 10 度以上", "it lies more than 10 degrees from the incidents"),
    "away_m": ("超出事件所在的米制坐标带", "it has no place in the metre zone of the incidents"),
}
CHUNK = 200_000


class NoHouseholdsError(InputError):
    """Polygons without a number of households would be taken as all alike."""

    zh = "{file} 是面，需要用 --households 指明户数列：没有户数时，各面会被当作同样多。"
    en = "{file} holds polygons: name their column of households with --households, or all would count alike."


@dataclass(frozen=True, eq=False)
class Exposure:
    """Households and where they are.

    Attributes
    ----------
    spots
        The rows as the file has them; those with a fault take no part.
    shapes
        (n,) points or polygons in metres, valid; None where there is a fault.
    households
        (n,) of each row, and how many cells of that column were `empty`; None: one a point.
    by
        The column.
    """

    spots: Spots
    shapes: Shapes
    households: Floats
    empty: int | None
    by: str | None


def read_exposure(source: Source, households: str | None, centre: Floats, zone: int) -> Exposure:
    """Return households and where they are, in metres of a zone.

    Parameters
    ----------
    households
        Column; None: one that is called so or as people are, and without such a one each point counts one.
    centre
        (2,) degrees, the middle of the incidents.

    Raises
    ------
    InputError
        The file, a layer or a column of it cannot be used, or no row can.
    """
    with options_of("exposure"):
        spots = read_spots(source)
    good = spots.fault == ""
    astray = np.zeros(len(good), dtype=np.bool_)
    astray[good] = is_astray(spots.points[good], centre)
    spots = spots.without(astray, "astray")
    shapes = _in_metres(spots, zone)
    spots = spots.without((spots.fault == "") & shapely.is_missing(shapes), "away_m")
    refuse_useless(source.path, spots.fault, EXPOSURE_FAULTS)
    names = spots.names
    by = exposure_column(source.path.name, names) if households is None else None
    if households is not None:
        by = named(source.path.name, names, households, EXPOSURE_ROLES[0])
    if by is None:
        if (shapely.get_dimensions(shapes) == 2).any():
            raise NoHouseholdsError(file=source.path.name)
        return Exposure(spots, shapes, np.ones(len(shapes)), None, None)
    values, empty = amounts(spots.table.column(by), by)
    return Exposure(spots, shapes, values, int(empty.sum()), by)


def spread(exposure: Exposure, mesh: Mesh) -> Floats:
    """Return (cells,) households: a point's in its cell, a polygon's over the cells it lies in, by area."""
    rows = np.flatnonzero(~shapely.is_missing(exposure.shapes) & (exposure.households > 0))
    shapes, amount = exposure.shapes[rows], exposure.households[rows]
    cell = _only_cells(mesh, shapes)
    parted = np.flatnonzero(cell < 0)
    total = np.bincount(cell[cell >= 0], amount[cell >= 0], minlength=mesh.cells).astype(np.float64)
    for first in range(0, mesh.cells if len(parted) else 0, CHUNK):
        total[first : first + CHUNK] += _shared(mesh, first, shapes[parted], amount[parted])
    return total


def _in_metres(spots: Spots, zone: int) -> Shapes:
    """Return the shapes of good rows in metres, made valid; None for the others and for what has no place there."""
    good = np.flatnonzero(spots.fault == "")
    degrees = spots.points[good].copy()
    if spots.geometry is not None:
        drawn = shapely.force_2d(spots.shapes[good])
        is_area = shapely.get_dimensions(drawn) == 2
        areas = to_degrees(gpd.GeoSeries(drawn[is_area], crs=spots.crs))
        degrees[is_area] = unshifted(areas, spots.datum).to_numpy()
    metres = np.asarray(to_metric(gpd.GeoSeries(degrees, crs=WGS84), zone_crs(zone)).to_numpy(), dtype=object)
    bad = ~shapely.is_valid(metres)
    metres[bad] = shapely.make_valid(metres[bad])
    metres[~is_finite(metres)] = None
    made = np.full(len(spots.fault), None, dtype=object)
    made[good] = metres
    return made


def _only_cells(mesh: Mesh, shapes: Shapes) -> Ints:
    """Return the cell that holds all corners of a shape, and so all of it; that of its middle where it has no area.

    -1 where it lies in several.
    """
    corners, which = shapely.get_coordinates(shapes, return_index=True)
    cell = cells_of(mesh, corners)
    least, most = np.full(len(shapes), mesh.cells), np.full(len(shapes), -1)
    np.minimum.at(least, which, cell)
    np.maximum.at(most, which, cell)
    made = np.where(least == most, least, -1)
    flat = np.flatnonzero((made < 0) & (shapely.area(shapes) <= 0))
    made[flat] = cells_of(mesh, shapely.get_coordinates(shapely.centroid(shapes[flat])))
    return made


def _shared(mesh: Mesh, first: int, shapes: Shapes, amount: Floats) -> Floats:
    """Return what polygons give to the cells from one on, as far as a chunk goes."""
    cells = np.arange(first, min(first + CHUNK, mesh.cells))
    drawn = polygons(mesh, cells)
    tree = shapely.STRtree(drawn)
    which, cell = tree.query(shapes, predicate="intersects")
    held = tree.query(shapes, predicate="contains_properly")
    is_cut = ~np.isin(which * len(cells) + cell, held[0] * len(cells) + held[1])
    area_m2 = np.full(len(cell), shapely.area(drawn[0]))
    area_m2[is_cut] = shapely.area(shapely.intersection(drawn[cell[is_cut]], shapes[which[is_cut]]))
    share = area_m2 / shapely.area(shapes)[which]
    return np.bincount(cell, share * amount[which], minlength=len(cells)).astype(np.float64)
