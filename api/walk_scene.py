"""Walk scene: streets, doors and stations of the town in memory, for questions that are answered while one waits.

Loaded from the store when first asked for, and again when what they hang on has changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
from sqlalchemy import Connection

from api.fresh import Fresh
from data.calendar import ZONE
from data.profiles import Profile, Walker
from data.stores import ground
from data.stores import stations as station_store
from geo.access import Doors
from geo.crs import metric_crs, metric_crs_of
from geo.hours import is_open
from geo.network import WalkNetwork, walk_network
from geo.scene import Scene, scene_of

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

KEPT = 4  # scenes: those who walk steps and those who do not, by day and by night
SERVED_KEPT = 32  # of a scene: who is served within so many minutes, by a category or by any
FOREVER_S = 1e9


@dataclass(frozen=True, eq=False)
class TownGround:
    """What walking depends on, as it is stored."""

    streets: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame

    def at(self, moment: datetime | None) -> "TownGround":
        """Return the ground with the gates that are open at a moment; without one all but those that never are."""
        return replace(self, gates=self.gates.assign(is_open=~self.gates.index.isin(shut_gates(self.gates, moment))))

    @cached_property
    def crs(self) -> pyproj.CRS:
        """The metre zone that the ground lies in: that of its network."""
        filled = [frame for frame in (self.streets, self.buildings, self.stations) if len(frame)]
        return metric_crs_of(filled[0]) if filled else metric_crs(0.0, 0.0)

    def network(self, *, uses_steps: bool = True) -> WalkNetwork:
        """Return the streets as a graph."""
        return walk_network(
            self.streets,
            gates=self.gates,
            compounds=self.compounds,
            barriers=self.barriers,
            uses_steps=uses_steps,
        )

    def scene(self, snap_max_m: float, *, uses_steps: bool = True) -> Scene:
        """Return streets and doors joined."""
        network = self.network(uses_steps=uses_steps)
        return scene_of(network, self.buildings, snap_max_m=snap_max_m, elsewhere=self.stations)


@dataclass(frozen=True, eq=False)
class TownScene:
    """The town's ground, its scene for one kind of walker at one kind of hour, and who in it is served."""

    ground: TownGround
    scene: Scene
    served: Fresh[Bools] = field(default_factory=lambda: Fresh(kept_max=SERVED_KEPT))

    @cached_property
    def area_codes(self) -> npt.NDArray[np.object_]:
        """(b,) community of each building, in the scene's order."""
        return np.asarray(self.ground.buildings["area_code"].to_numpy(dtype=object))

    @cached_property
    def stations(self) -> Doors:
        """The stations, joined to the streets, in the order of their frame."""
        return self.scene.join(self.ground.stations)

    def counting(self, counts: Floats) -> "TownScene":
        """Return the town with other households and people, (b, 2)."""
        return TownScene(self.ground, counting(self.scene, counts))

    def counts_within(self, scope: str) -> Floats:
        """Return (b, 2) households and people of each building, none of those beyond a scope."""
        return np.asarray(self.scene.counts * self.is_within(scope)[:, None])

    def is_within(self, scope: str) -> Bools:
        """Return which buildings lie within a scope: leading digits of a division code, or * for all."""
        if scope == "*":
            return np.ones(len(self.area_codes), dtype=np.bool_)
        return np.array([code.startswith(scope) for code in self.area_codes], dtype=np.bool_)


def counting(scene: Scene, counts: Floats) -> Scene:
    """Return a scene with other households and people, (b, 2): the same streets and doors."""
    other = replace(scene, counts=counts)
    vars(other)["net"] = scene.net
    return other


class WalkScenes:
    """The scenes asked for last."""

    def __init__(self) -> None:
        self._grounds: Fresh[TownGround] = Fresh(kept_max=1)
        self._scenes: Fresh[TownScene] = Fresh(kept_max=KEPT)

    def get(self, conn: Connection, profile: Profile, walker: Walker, *, at: datetime | None = None) -> TownScene:
        """Return the town as it stands in the store, for a walker, with the gates that are open at a moment.

        Without a moment all gates are open but those that never are.
        """
        change = ground.edition(conn)
        stored = self._ground(conn, change)
        shut = shut_gates(stored.gates, at)

        def load() -> TownScene:
            held = stored.at(at)
            scene = held.scene(profile.walking.snap_max_m, uses_steps=walker.uses_steps)
            _ = scene.net  # made once, before anybody waits
            return TownScene(held, scene)

        return self._scenes.get((change, walker.uses_steps, shut), load, every_s=FOREVER_S)

    def ground(self, conn: Connection) -> TownGround:
        """Return the ground as it stands in the store, with the gates that are open at no certain moment."""
        return self._ground(conn, ground.edition(conn)).at(None)

    def _ground(self, conn: Connection, change: int) -> TownGround:
        return self._grounds.get(change, lambda: read_ground(conn), every_s=FOREVER_S)


def read_ground(conn: Connection) -> TownGround:
    """Return what walking depends on."""
    return TownGround(
        ground.read_streets(conn),
        ground.read_gates(conn),
        ground.read_compounds(conn),
        ground.read_barriers(conn),
        ground.read_buildings(conn),
        station_store.read_stations(conn),
    )


def shut_gates(gates: gpd.GeoDataFrame, at: datetime | None) -> tuple[int, ...]:
    """Return the gates that are shut at a moment, told in the town's own time; hours nobody can read mean open."""
    if at is None:
        return tuple(int(gate) for gate in gates.index[gates["hours"].eq("off")])
    return tuple(
        int(gate)
        for gate, hours in zip(gates.index, gates["hours"], strict=True)
        if is_open(None if pd.isna(hours) else hours, at, zone=ZONE) is False
    )


def open_stations(stations: gpd.GeoDataFrame, at: datetime | None) -> Sequence[bool]:
    """Return which stations are open at a moment; without one, and where hours cannot be read, they are."""
    if at is None:
        return [True] * len(stations)
    return [is_open(None if pd.isna(hours) else hours, at, zone=ZONE) is not False for hours in stations["hours"]]
