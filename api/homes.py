"""Homes: where households live, in memory - what incidents are held against."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from api.auth import EVERYWHERE
from api.fresh import Fresh
from data.ledger import Floats, metres
from data.stores import ground

FOREVER_S = 1e9


class Homes(NamedTuple):
    """Inhabited buildings: lon, lat in degrees, households, and the community of each."""

    lon: Floats
    lat: Floats
    households: Floats
    area_code: npt.NDArray[np.object_]

    def within(self, scope: str) -> "Homes":
        """Return those within a scope."""
        if scope == EVERYWHERE:
            return self
        is_own = pd.Series(self.area_code, dtype=object).str.startswith(scope).to_numpy(dtype=bool)
        return Homes(self.lon[is_own], self.lat[is_own], self.households[is_own], self.area_code[is_own])

    def xy_m(self, zone: int) -> Floats:
        """Return (n, 2) metres in a zone."""
        return metres(self.lon, self.lat, zone)


class TownHomes:
    """The town's homes, read again when its ground has changed."""

    def __init__(self) -> None:
        self._kept: Fresh[Homes] = Fresh(kept_max=1)

    def get(self, conn: Connection) -> Homes:
        """Return the homes as the store has them."""
        return self._kept.get(ground.edition(conn), lambda: _read(conn), every_s=FOREVER_S)


def _read(conn: Connection) -> Homes:
    rows = ground.read_homes(conn)
    lon, lat, households = (rows[name].to_numpy(dtype=np.float64) for name in ("lon", "lat", "households"))
    return Homes(lon, lat, households, rows["area_code"].to_numpy(dtype=object))
