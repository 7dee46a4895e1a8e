"""Scene: streets, and the homes that join them, made ready once for many questions.

Frames: buildings, index building_id; households, people; geometry polygons or Point, EPSG:4326. Everything in a scene
is in metres in its CRS: the network's, or where there are no streets the zone of the places asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj

from geo.access import Doors, doors, join
from geo.crs import metric_crs, metric_crs_of, to_metric
from geo.errors import BadSettingError
from geo.frames import POINTS, POLYGONS, WGS84, require, require_geometry
from geo.network import WalkNetwork
from geo.searches import Net, net_of

Floats = npt.NDArray[np.float64]

SNAP_MAX_M = 150.0
COUNTS = ("households", "people")


@dataclass(frozen=True, eq=False)
class Scene:
    """Streets, the homes joined to them, and what each home counts for.

    Attributes
    ----------
    network
        None where there are no streets.
    ids, homes
        (b,) building_ids, and the buildings joined to it, in the order of their frame.
    names, counts
        Names of c columns, and (b, c) what circles add up: households and people.
    snap_max_m
        How far a street may lie from a door: farther stations get a stand-in, farther buildings are in no
        circle but a stand-in's.
    """

    network: WalkNetwork | None
    crs: pyproj.CRS
    ids: pd.Index
    homes: Doors
    names: tuple[str, ...]
    counts: Floats
    snap_max_m: float

    @cached_property
    def net(self) -> Net:
        """The streets with the homes on them, as searches take them."""
        return net_of(self.network, self.homes)

    def join(self, places: gpd.GeoDataFrame) -> Doors:
        """Join a frame of places - stations - to the streets.

        Raises
        ------
        DuplicateIdError, MissingCrsError, WrongCrsError, WrongGeometryError
            The frame is not what it must be.
        """
        _require(places, "stations")
        return doors(places, self.network, crs=self.crs, snap_max_m=self.snap_max_m)

    def join_at(self, lon: float, lat: float) -> Doors:
        """Join one place, in degrees, to the streets."""
        xy = to_metric(gpd.GeoSeries.from_xy([lon], [lat], crs=WGS84), self.crs)
        return join(self.network, np.array([[xy.x.iloc[0], xy.y.iloc[0]]]), snap_max_m=self.snap_max_m)


def scene_of(
    network: WalkNetwork | None,
    buildings: gpd.GeoDataFrame,
    *,
    snap_max_m: float = SNAP_MAX_M,
    counts: Sequence[str] = COUNTS,
    elsewhere: gpd.GeoDataFrame | None = None,
) -> Scene:
    """Join buildings to the streets.

    Parameters
    ----------
    network
        Built by `geo.network.walk_network`; None or empty where a place has no streets.
    buildings
        (b,) rows, EPSG:4326, polygons or points. Not changed.
    counts
        Columns of numbers to add up.
    elsewhere
        Tells the zone to measure in where there are neither streets nor buildings.

    Raises
    ------
    BadSettingError
        `snap_max_m` is not above 0.
    MissingColumnsError, DuplicateIdError, MissingCrsError, WrongCrsError, WrongGeometryError
        The frame is not what it must be.
    """
    above_zero(snap_max_m=snap_max_m)
    _require(buildings, "buildings", counts)
    streets = None if network is None or network.is_empty else network
    crs = streets.crs if streets is not None else _zone(buildings, elsewhere)
    homes = doors(buildings, streets, crs=crs, snap_max_m=snap_max_m)
    amounts = buildings[list(counts)].to_numpy(dtype=np.float64).reshape(len(buildings), len(counts))
    return Scene(streets, crs, buildings.index, homes, tuple(counts), amounts, snap_max_m)


def above_zero(**numbers: float) -> None:
    """Raise `BadSettingError` for the first number that is not a finite one above 0, by its name."""
    for name, value in numbers.items():
        if not 0 < value < np.inf:
            raise BadSettingError(what=name, value=value, reason="it must be above 0", reason_zh="必须大于 0")


def _require(frame: gpd.GeoDataFrame, what: str, columns: Sequence[str] = ()) -> None:
    require(frame, what, columns=tuple(columns))
    require_geometry(frame, what, kinds=(*POINTS, *POLYGONS))


def _zone(*frames: gpd.GeoDataFrame | None) -> pyproj.CRS:
    filled = [frame for frame in frames if frame is not None and len(frame)]
    return metric_crs_of(filled[0]) if filled else metric_crs(0.0, 0.0)
