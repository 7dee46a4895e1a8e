"""Found: what stands at a point on a day, among the plans in memory - before anybody is told in words."""

from datetime import date
from typing import Any, NamedTuple

import numpy as np

from api.published import Moment
from geo.datums import to_wgs84
from geo.lookup import UNSURE, GridIndex

# A place known more roughly than this, or that so many grids may hold, is asked for again instead of guessed.
COARSE_M = 100.0
CHOICES_MAX = 5


class Question(NamedTuple):
    """Where, how sure of it, and which day. Degrees in `datum`; `accuracy_m` is a radius in metres."""

    lon: float
    lat: float
    on: date
    accuracy_m: float = 0.0
    datum: str = "wgs84"

    @property
    def wgs84(self) -> tuple[float, float]:
        """The point as the store has it: lon, lat in WGS 84.

        Raises
        ------
        InputError
            The point cannot be in the datum it is said to be in.
        """
        if self.datum == "wgs84":
            return self.lon, self.lat
        lon, lat = to_wgs84(np.array([self.lon]), np.array([self.lat]), datum=self.datum)
        return float(lon[0]), float(lat[0])


class Found(NamedTuple):
    """What a point lies in.

    Attributes
    ----------
    kind
        assigned, near_border, several, outside or no_active_plan; whether anybody answers is not looked at.
    grids
        Ids of the grids it may lie in, nearest first.
    certain
        It lies wholly in the one grid, or, known to the metre, wholly outside.
    zone
        Id of the one zone it can only be in.
    coming
        Id of the grid that comes next, where it lies wholly in it.
    """

    kind: str
    grids: tuple[Any, ...]
    certain: bool
    zone: Any = None
    coming: Any = None

    def is_coarse(self, accuracy_m: float) -> bool:
        """Return whether the place is known too roughly to name one grid, or a few to choose from."""
        return not self.certain and len(self.grids) > 1 and (accuracy_m > COARSE_M or len(self.grids) > CHOICES_MAX)


def find(moment: Moment, point: tuple[float, float], accuracy_m: float) -> Found:
    """Return what stands at a point (lon, lat in WGS 84) known to so many metres."""
    planned = moment.snapshot.planned
    kind, grids, certain = _grids(moment, point, accuracy_m)
    zone = _only(planned.zone_index, point, accuracy_m, certainly=False) if len(grids) == 1 else None
    coming = _only(planned.coming_index, point, accuracy_m, certainly=True) if len(grids) <= 1 else None
    return Found(kind, grids, certain, zone, coming)


def _grids(moment: Moment, point: tuple[float, float], accuracy_m: float) -> tuple[str, tuple[Any, ...], bool]:
    index = moment.snapshot.index
    if index is not None:
        place = index.place(*point, accuracy_m)
        if place >= 0:
            return "assigned", (index.ids.item(place),), True
        if place == UNSURE:
            found = index.find(*point, accuracy_m=accuracy_m)
            return found.kind, found.ids, found.certain
    community = moment.ground.community_at(*point)
    is_planned = community is None or community in moment.snapshot.planned.communities
    return ("outside" if is_planned else "no_active_plan"), (), accuracy_m == 0


def _only(index: GridIndex | None, point: tuple[float, float], accuracy_m: float, *, certainly: bool) -> Any:
    """Return the one polygon's id that a disc touches, or, `certainly`, lies wholly in; else None."""
    if index is None:
        return None
    place = index.place(*point, accuracy_m)
    if place >= 0:
        return index.ids.item(place)
    if certainly or place != UNSURE:
        return None
    ids = index.touched(*point, accuracy_m=accuracy_m)
    return ids[0] if len(ids) == 1 else None
