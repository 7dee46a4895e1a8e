"""Vector tiles: the ground and the published grids for everybody, plans and walks for staff."""

from typing import Any

from fastapi import Request, Response

from api.actions.read_plans import require_plan
from api.answers import MVT, tile_answer
from api.deps import AccountDep, RowId, ServicesDep, TileNumber, Zoom
from api.routes import guarded_router, problems
from data.calendar import today
from data.postgis.engine import reading
from data.stores import tiles
from geo.errors import InputError

residents = guarded_router("residents")
planning = guarded_router("planning")
_TILE: dict[int | str, dict[str, Any]] = {200: {"content": {MVT: {}}}, 204: {"description": "nothing there"}}


class NoSuchTileError(InputError):
    """A tile number beyond its zoom level."""

    zh = "第 {z} 级没有瓦片 {x}/{y}，编号应小于 {limit}。"
    en = "Zoom level {z} has no tile {x}/{y}; numbers stay below {limit}."


def check_tile(z: int, x: int, y: int) -> None:
    """Raise NoSuchTileError where a tile number is beyond its zoom level."""
    if x >= 2**z or y >= 2**z:
        raise NoSuchTileError(z=z, x=x, y=y, limit=2**z)


@residents.get("/tiles/base/{z}/{x}/{y}.mvt", response_class=Response, responses={**_TILE, **problems()})
def base_tile(request: Request, services: ServicesDep, z: Zoom, x: TileNumber, y: TileNumber) -> Response:
    """Draw the ground: greens, water, rail, walls, streets, buildings, places."""
    check_tile(z, x, y)

    def draw() -> bytes:
        with reading(services.public) as conn:
            return tiles.base_tile(conn, z, x, y)

    return tile_answer(request, services.tiles.get(("base", z, x, y), draw), reader="public", is_revised=True)


@residents.get("/tiles/published/{z}/{x}/{y}.mvt", response_class=Response, responses={**_TILE, **problems()})
def published_tile(request: Request, services: ServicesDep, z: Zoom, x: TileNumber, y: TileNumber) -> Response:
    """Draw the grids that hold today: code and name, nothing else."""
    check_tile(z, x, y)

    def draw() -> bytes:
        with reading(services.public) as conn:
            return tiles.published_tile(conn, today(), z, x, y)

    # Keyed by what is published: another plan is another tile, at once.
    key = ("published", services.published.on(today()).key, z, x, y)
    return tile_answer(request, services.tiles.get(key, draw), reader="public", is_revised=True)


@planning.get(
    "/tiles/grids/{plan_id}/{z}/{x}/{y}.mvt", response_class=Response, responses={**_TILE, **problems(401, 404)}
)
def grids_tile(
    *,
    request: Request,
    services: ServicesDep,
    account: AccountDep,
    plan_id: RowId,
    z: Zoom,
    x: TileNumber,
    y: TileNumber,
) -> Response:
    """Draw a plan's grids, zones and labels."""
    check_tile(z, x, y)
    with services.read(account) as conn:
        require_plan(conn, account, plan_id)
        tile = tiles.grids_tile(conn, plan_id, z, x, y, band=services.profile.grid.band, within=account.scope)
    return tile_answer(request, tile, reader="staff", is_revised=True)


@planning.get("/tiles/walks/{z}/{x}/{y}.mvt", response_class=Response, responses={**_TILE, **problems(401)})
def walks_tile(
    request: Request, services: ServicesDep, account: AccountDep, z: Zoom, x: TileNumber, y: TileNumber
) -> Response:
    """Draw buildings by minutes on foot to their nearest station."""
    check_tile(z, x, y)
    with services.read(account) as conn:
        return tile_answer(request, tiles.walks_tile(conn, z, x, y, within=account.scope), reader="staff")
