"""Published: all that the public may be told on a day, of one moment - grids, zones, who answers, what comes next.

A snapshot is read in one transaction and never changed, so an answer is wholly old or wholly new. It is read anew when
the database tells that something changed (`data.postgis.listening`); where nobody is sure to hear that, when it is a
second old.
"""

import math
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from operator import is_not
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import Connection, Engine

from api.fresh import Fresh
from api.planned import PlannedGrids, index_of, key_of, read_planned
from data.calendar import today
from data.postgis.engine import reading
from data.postgis.listening import Listener
from data.stores import areas as area_store
from data.stores import doors, people, town
from data.stores import grids as grid_store
from data.stores import ground as ground_store
from data.stores import stations as station_store
from geo.lookup import UNSURE, GridIndex
from geo.nearby import Nearby

Written = dict[Hashable, Any]

CHANNEL = "wangge_public"
CHECK_EVERY_S = 1.0
GROUND_EVERY_S = 60.0
SNAPSHOTS_KEPT = 6


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What holds on a day and who answers for it, as one transaction saw it.

    Attributes
    ----------
    answers
        Whom an answer names, by (role, code of the grid or zone): name (masked), duty_line (`people.public_answers`).
    edition
        How often people and duties had changed before it was read.
    written
        What was written of it already (`api.written`); it ends with the snapshot.
    """

    planned: PlannedGrids
    answers: Mapping[tuple[str, str], dict[str, Any]]
    edition: int
    written: Written = field(default_factory=dict)

    def answering(self, role: str, code: str) -> dict[str, Any] | None:
        """Return who answers in a role for a grid or zone: name (masked), duty_line; None where nobody does."""
        return self.answers.get((role, code))

    @cached_property
    def contacts(self) -> pd.DataFrame:
        """Whom the public may call: index grid_code; name (masked), duty_line. A grid without a row is vacant."""
        rows = {code: told for (role, code), told in self.answers.items() if role == "worker"}
        codes = pd.Index(rows, dtype=object, name="grid_code")
        return pd.DataFrame(list(rows.values()), index=codes, columns=["name", "duty_line"], dtype=object)

    @property
    def key(self) -> str:
        """Changes with the plans that hold."""
        return self.planned.key

    @property
    def grids(self) -> gpd.GeoDataFrame:
        """The grids that hold, by grid_id."""
        return self.planned.grids

    @property
    def index(self) -> GridIndex | None:
        """Index of the grids that hold."""
        return self.planned.index


@dataclass(frozen=True)
class Ground:
    """What does not depend on a plan: the communities, the stations, and what the town says of itself."""

    communities: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    deployment: dict[str, Any]

    def community_at(self, lon: float, lat: float) -> str | None:
        """Return the code of a community that a point lies in, or on the border of; None where there is none."""
        place = UNSURE if self.index is None else self.index.place(lon, lat, 0.0)
        if place >= 0:
            return str(self._outlined.index[place])
        if place != UNSURE:
            return None
        hits = self._outlined.sindex.query(shapely.Point(lon, lat), predicate="intersects")
        return str(self._outlined.index[hits.min()]) if len(hits) else None

    @cached_property
    def index(self) -> GridIndex | None:
        """Index of the communities that have an outline; None where one crosses itself, which no table forbids."""
        outlines = self._outlined.geometry
        return index_of(self._outlined) if (outlines.is_valid & ~outlines.is_empty).all() else None

    @cached_property
    def _outlined(self) -> gpd.GeoDataFrame:
        return self.communities[~self.communities.geometry.isna()].sort_index()


@dataclass(frozen=True, eq=False)
class Around:
    """Doors, and the stations about them: as `data.stores.stations` reads them, ready to be asked, and `written`."""

    stations: gpd.GeoDataFrame
    nearby: Nearby
    written: Written = field(default_factory=dict)

    @cached_property
    def station_rows(self) -> list[dict[str, Any]]:
        """What is told of each station, in their order: name, category."""
        rows: list[dict[str, Any]] = self.stations[["name", "category"]].to_dict("records")
        return rows


class Moment(NamedTuple):
    """All that one answer is made of; taken once, because ids found in one snapshot mean nothing in the next."""

    snapshot: Snapshot
    around: Around
    ground: Ground


class PublishedGrids:
    """Snapshots by day, shared by all threads; a stale one is replaced, never changed."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._days: Fresh[Snapshot] = Fresh(kept_max=SNAPSHOTS_KEPT)
        self._plans: Fresh[PlannedGrids] = Fresh(kept_max=SNAPSHOTS_KEPT)
        self._ground: Fresh[Ground] = Fresh(kept_max=1)
        self._around: Fresh[Around] = Fresh(kept_max=1)
        # What was made of which edition: what is read again is the same where nothing changed.
        self._arounds: Fresh[Around] = Fresh(kept_max=1)
        self._grounds: Fresh[Ground] = Fresh(kept_max=1)
        self._last: PlannedGrids | None = None  # most of what is read next is in it
        self._listener: Listener | None = None
        self._starting = threading.Lock()
        self._large: tuple[object, ...] = (None, None, None)
        # Called when much else than before is in memory; whoever has the process to itself tidies up then.
        self.changed: Callable[[], None] = lambda: None

    def on(self, day: date) -> Snapshot:
        """Return what holds on a day; the one before while a new one loads."""
        every_s = math.inf if self.is_sure else CHECK_EVERY_S
        return self._days.get(day, lambda: self._load(day), every_s=every_s)

    def moment(self, day: date) -> Moment:
        """Return all that answers of a day are made of."""
        return Moment(self.on(day), self.around(), self.ground())

    def held(self, day: date) -> Moment | None:
        """Return `moment` where it is in memory and sure to be true; never waits."""
        if not self.is_sure:
            return None
        snapshot, around, ground = self._days.held(day), self._around.held("around"), self._ground.held("ground")
        return None if snapshot is None or around is None or ground is None else Moment(snapshot, around, ground)

    @property
    def is_sure(self) -> bool:
        """Whether changes are heard of."""
        return self._listener is not None and self._listener.is_sure

    def contacts(self, day: date) -> pd.DataFrame:
        """Return whom the public may call on a day, by grid code."""
        return self.on(day).contacts

    def ground(self) -> Ground:
        """Return communities and stations."""
        every_s = math.inf if self.is_sure else GROUND_EVERY_S
        return self._ground.get("ground", self._load_ground, every_s=every_s)

    def around(self) -> Around:
        """Return doors and stations."""
        every_s = math.inf if self.is_sure else GROUND_EVERY_S
        return self._around.get("around", self._load_around, every_s=every_s)

    def listen(self) -> None:
        """Hear of changes from now on."""
        with self._starting:
            if self._listener is None:
                self._listener = Listener(self.engine, CHANNEL, self.refresh).start()

    def refresh(self) -> None:
        """Read anew what is kept, and what will be asked for first, before anybody does."""
        self._days.renew()
        self._ground.renew()
        self._around.renew()
        told = self.moment(today())
        _ = told.snapshot.index is None or told.snapshot.index.overlaps  # not in somebody's request
        large = (told.snapshot.planned, told.around, told.ground)
        if any(map(is_not, large, self._large)):
            self._large = large
            self.changed()

    def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.stop()

    def _load(self, day: date) -> Snapshot:
        """Return what holds on a day, the very one that is kept where nothing it is made of has changed since."""
        with reading(self.engine) as conn:
            edition, told = people.edition(conn), grid_store.told_published(conn, day)
            held, key = self._days.held(day), key_of(told)
            if held is not None and (held.key, held.edition) == (key, edition):
                return held
            before = self._last
            planned = self._plans.get(key, lambda: read_planned(conn, day, told, before=before), every_s=math.inf)
            self._last = planned
            if held is not None and held.edition == edition:
                return Snapshot(planned, held.answers, edition)
            return Snapshot(planned, people.public_answers(conn, day), edition)

    def _load_ground(self) -> Ground:
        with reading(self.engine) as conn:
            edition = ground_store.edition(conn), area_store.edition(conn)
            return self._grounds.get(edition, lambda: _ground(conn), every_s=math.inf)

    def _load_around(self) -> Around:
        with reading(self.engine) as conn:
            edition = ground_store.edition(conn)
            return self._arounds.get(edition, lambda: _around(conn), every_s=math.inf)


def _ground(conn: Connection) -> Ground:
    made = Ground(
        communities=area_store.read_areas(conn, level="community"),
        stations=station_store.read_stations(conn),
        deployment=town.read_deployment(conn),
    )
    _ = made.index  # now, not in somebody's request
    return made


def _around(conn: Connection) -> Around:
    stations = station_store.read_stations(conn)
    return Around(stations, Nearby.from_frames(doors.read_footprints(conn), stations, doors.read_walks(conn)))
