"""Read a board: what the notice board of a grid says on a day, and the ground it shows. Nothing of it is private.

Names are masked by the database (`public_contacts`, `public_posts`) and counts rounded here, before anything else sees
them. Any role may ask, the public's too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection

from api.auth import EVERYWHERE
from api.board_ground import BoardPlace, ground_of
from api.board_near import Near
from api.board_words import natural, place_words, titled, worker_post
from data.profiles import Label, Profile
from data.stores import boards as board_store
from data.stores import people as people_store
from data.stores import stations as station_store
from data.stores.town import read_deployment
from geo.errors import NotFoundError
from maps.board import Board, NearBy, Post, Words, rounded
from maps.board_map import BoardGround

Drawn = tuple[Board, BoardGround]


@dataclass(frozen=True, eq=False)
class BoardSources:
    """What boards of one day have in common, read once for all of them.

    Attributes
    ----------
    contacts, posts
        Who answers, masked: of `people.public_contacts` and `boards.read_posts`.
    stations
        All of them, EPSG:4326.
    public_url
        Where browsers reach the service.
    """

    on: date
    profile: Profile
    contacts: pd.DataFrame
    posts: pd.DataFrame
    stations: gpd.GeoDataFrame
    deployment: dict[str, Any]
    public_url: str

    @classmethod
    def read(
        cls, conn: Connection, on: date, *, profile: Profile, public_url: str, within: str = EVERYWHERE
    ) -> "BoardSources":
        """Read what the boards of an area have in common on a day."""
        return cls(
            on, profile, people_store.public_contacts(conn, on), board_store.read_posts(conn, on, within=within),
            station_store.read_stations(conn), read_deployment(conn), public_url,
        )  # fmt: skip

    def posts_of(self, role: str, code: str) -> tuple[Post, ...]:
        """Return who of a role answers for a grid."""
        rows = self.posts[(self.posts["role"] == role) & (self.posts["code"] == code)].to_dict("records")
        return tuple(Post(titled(row["name"], row["kind"], role), row["duty_line"]) for row in rows)

    def worker_of(self, code: str) -> Post | None:
        """Return whom the public may call for a grid; None: nobody at present."""
        if code not in self.contacts.index:
            return None
        name, line = self.contacts.loc[code, ["name", "duty_line"]]
        return worker_post(str(name), None if line is None else str(line))


def read_board(conn: Connection, grid_code: str, on: date, *, profile: Profile, public_url: str) -> Drawn:
    """Return what the board of a grid says on a day, and its ground in metres.

    Raises
    ------
    NotFoundError
        No plan that holds that day has such a grid.
    """
    found = board_store.read_board_grids(conn, on=on, grid_code=grid_code)
    if found.empty:
        raise NotFoundError(what="grid", key=grid_code)
    sources = BoardSources.read(conn, on, profile=profile, public_url=public_url, within=grid_code[:12])
    return next(_boards(conn, found, sources))


def read_boards(
    conn: Connection, area_code: str, on: date, *, profile: Profile, public_url: str
) -> tuple[int, Iterator[Drawn]]:
    """Return how many grids of an area hold on a day, and their boards by code, each read when it is its turn.

    Raises
    ------
    NotFoundError
        None holds there.
    """
    found = board_store.read_board_grids(conn, on=on, within=area_code)
    if found.empty:
        raise NotFoundError(what="grid in", key=area_code)
    sources = BoardSources.read(conn, on, profile=profile, public_url=public_url, within=area_code)
    return len(found), _boards(conn, found, sources)


def board_body(board: Board, language: str) -> dict[str, Any]:
    """Return a board as ``GET /api/v1/boards/{grid_code}`` tells it in "zh" or "en"."""

    def told(value: Any) -> Any:
        if isinstance(value, Words):
            return value.told(language)
        if isinstance(value, tuple):
            return [told(one) for one in value]
        if isinstance(value, Post | NearBy):
            return {name: told(getattr(value, name)) for name in value.__dataclass_fields__}
        return value

    return {name: told(getattr(board, name)) for name in board.__dataclass_fields__}


def _boards(conn: Connection, grids: gpd.GeoDataFrame, sources: BoardSources) -> Iterator[Drawn]:
    for code, row in zip(grids.index.astype(str), grids.to_dict("records"), strict=True):
        place = BoardPlace.read(conn, code, row["geometry"], on=sources.on)
        yield _board(conn, row, place, sources)


def _board(conn: Connection, row: dict[str, Any], place: BoardPlace, sources: BoardSources) -> Drawn:
    code, public = place.code, sources.profile.public
    near = Near.read(conn, place, sources.stations, sources.profile)
    board = Board(
        grid_code=code, name=row["name"], community=row["community"], street=row["street"] or "",
        place=place_words(sources.deployment, sources.profile), on=sources.on, valid_from=row["valid_from"],
        document_number=row["document_number"], is_dedicated=row["kind"] == "dedicated",
        households_about=rounded(int(row["households"])),
        people_about=rounded(int(row["people"])), buildings=int(place.is_own.sum()), worker=sources.worker_of(code),
        heads=sources.posts_of("grid_head", code), police=sources.posts_of("police", code),
        lawyers=sources.posts_of("lawyer", code), units=_units(conn, row["plan_id"], code, sources),
        building_heads=_building_heads(place, sources), hours=_words(public.board.hours),
        duties=tuple(Words(duty.zh, duty.en) for duty in public.board.duties), stations=near.stations,
        walks_from=near.walks_from, walk_max_min=near.walk_max_min,
        desk=Words(public.desk_name.zh, public.desk_name.en), desk_phone=public.desk_phone,
        url=f"{sources.public_url}/board/{code}", attribution=_source(sources.deployment),
    )  # fmt: skip
    return board, ground_of(place, near.marks)


def _units(conn: Connection, plan_id: int, code: str, sources: BoardSources) -> tuple[Post, ...]:
    """Return the units answerable for the grid's zones, where the place names them to the public."""
    if not sources.profile.public.board.shows_units:
        return ()
    names = board_store.read_zone_names(conn, plan_id, code)
    return tuple(
        Post(post.name, post.duty_line, name)
        for zone, name in names.items()
        for post in sources.posts_of("answerable_unit", zone)
    )


def _building_heads(place: BoardPlace, sources: BoardSources) -> tuple[Post, ...]:
    """Return the heads of the grid's buildings, by building as people count; without a number to call."""
    names = {f"b{key}": name for key, name in place.buildings["name"].items() if isinstance(name, str)}
    rows = sources.posts[(sources.posts["role"] == "building_head") & sources.posts["code"].isin(names)]
    heads = [
        Post(titled(row["name"], row["kind"], "building_head"), None, names[row["code"]])
        for row in rows.to_dict("records")
    ]
    return tuple(sorted(heads, key=lambda post: natural(post.place)))


def _words(label: Label | None) -> Words | None:
    return None if label is None else Words(label.zh, label.en)


def _source(deployment: dict[str, Any]) -> str:
    source = deployment.get("source") or {}
    return str(source.get("attribution") or source.get("authority") or "")
