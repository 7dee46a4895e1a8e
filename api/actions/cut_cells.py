"""Cut cells: from ground to the smallest pieces that can change hands, and what lies between them."""

from typing import Any

from sqlalchemy import Engine

from api.actions import Progress, silent
from data.postgis.engine import EVERYWHERE, reading, transaction
from data.profiles import Profile
from data.stores import areas as area_store
from data.stores import cells as cell_store
from data.stores import ground
from data.stores import town as town_store
from geo.adjacency import borders_between
from geo.cells import cells_from_ground


def cut_cells(
    engine: Engine,
    *,
    profile: Profile,
    actor: str,
    scope: str = EVERYWHERE,
    commit: bool = True,
    progress: Progress = silent,
) -> int:
    """Cut every community of `scope` into cells, write cells and borders, and return how many cells.

    Raises
    ------
    ConflictError
        A plan stands on the present cells.
    """
    progress(0.0, "reading the ground")
    with reading(engine) as connection:
        areas = area_store.read_areas(connection, level="community", within=scope)
        buildings = ground.read_buildings(connection, within=scope)
        streets = ground.read_streets(connection)
        barriers = ground.read_barriers(connection)
        compounds = ground.read_compounds(connection, within=scope)
        gates = ground.read_gates(connection)
        stairwells = ground.read_stairwells(connection, within=scope)
        source = town_store.read_deployment(connection).get("source", {})
    progress(0.2, "cutting cells")
    cells = cells_from_ground(
        areas, buildings, streets, barriers, compounds,
        stairwells=stairwells, households_max=profile.grid.households_max,
    )  # fmt: skip
    progress(0.6, "finding what lies between them")
    # Where a source maps only some gates, a wall without one is a gap in the map, not a prison.
    opens_gateless = not source.get("has_every_gate", True)
    borders = borders_between(cells, streets, barriers, gates, compounds, opens_gateless=opens_gateless)
    progress(0.8, f"writing {len(cells):,} cells")
    with transaction(engine, actor=actor, action="cut_cells", commit=commit) as connection:
        cell_store.write_cells(connection, cells, borders)
    progress(1.0, f"{len(cells):,} cells, {len(borders):,} borders{_notes(cells.attrs)}")
    return len(cells)


def _notes(attrs: dict[Any, Any]) -> str:
    """Return what a planner should know of the cells, in words; empty where all went by the book."""
    cut = attrs.get("cut", {})
    notes = (
        (len(attrs.get("outside", ())), "buildings lie outside every community"),
        (len(cut.get("stairwell", ())), "buildings above the band cut by stairwell"),
        (len(cut.get("share", ())), "buildings above the band cut in equal shares: their stairwells are not known"),
        (len(attrs.get("joined", ())), "buildings too small to draw share the cell they stand in"),
    )
    return "".join(f", {count:,} {what}" for count, what in notes if count)
