"""Read what the front door and every map open with: figures of what is published, outlines, bounds."""

from typing import Any

from sqlalchemy import Engine, text

from api.actions.look_up import PublishedGrids
from data.calendar import today
from data.postgis.engine import reading
from data.stores import grids as grid_store
from maps.base import WHOLE_WORLD, MapView
from maps.picture import Outline

OUTLINES_MAX = 400
_SIMPLIFY_DEG = 1e-4

# Doors are where somebody lives or works: every building. The reader sees no households of a building,
# so this is a count of doors; households come from the grids, which are public.
_DOORS = text("SELECT count(*) FROM buildings")


def home_figures(published: PublishedGrids, engine: Engine) -> dict[str, Any]:
    """Return the figures of the front door, as `maps.pages.home.HomeContext` takes them."""
    snapshot = published.on(today())
    grids = snapshot.grids
    if grids.empty:
        return {"communities": 0, "grids": 0, "households": 0}
    contacts = published.contacts(today())
    with reading(engine) as conn:
        frame = grid_store.read_published(conn, today())
        doors = int(conn.scalar(_DOORS) or 0)
    answered = grids["grid_code"].isin(contacts.index)
    return {
        "communities": int(grids["area_code"].nunique()),
        "grids": len(grids),
        "households": int(grids["households"].sum()),
        "covered_share": published.doors_in(snapshot, set(grids.index[answered])) / doors if doors else None,
        "outlines": _outlines(frame),
    }


def view_of(published: PublishedGrids, scope: str = "*") -> MapView:
    """Return where a map opens: the communities of a scope."""
    communities = published.ground().communities
    mine = communities if scope == "*" else communities[communities.index.str.startswith(scope)]
    if mine.empty:
        return MapView(bounds=WHOLE_WORLD)
    west, south, east, north = (float(value) for value in mine.total_bounds)
    return MapView(bounds=(west, south, east, north))


def _outlines(frame: Any) -> tuple[Outline, ...]:
    return tuple(frame.geometry.head(OUTLINES_MAX).simplify(_SIMPLIFY_DEG))
