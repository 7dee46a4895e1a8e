"""Plan edits: what a planner may ask for, and by which rules it is done."""

from dataclasses import dataclass
from typing import Any, Literal

from geo.partition import Weights

Level = Literal["grids", "zones", "units"]


@dataclass(frozen=True)
class Rules:
    """What redrawing aims at: the profile's numbers of a grid.

    Attributes
    ----------
    band
        Fewest and most households, both allowed.
    people_band
        The same of people, where a profile has it.
    weights
        How strongly each wish counts beyond the rules; None: as the partition has them.
    """

    band: tuple[int, int]
    people_band: tuple[int, int] | None = None
    weights: Weights | None = None


@dataclass(frozen=True)
class Edit:
    """What a planner asks for.

    Attributes
    ----------
    revision
        Of the plan that was looked at.
    verb
        move, merge, split, rebalance, redraw, rename, lock, unlock.
    level
        What it is about: grids, or the zones or household units inside one grid.
    codes
        Of zones or units: merge two or more, the first goes on; split, rename: one zone.
    grid_codes
        merge: two or more, the first goes on; split, rename: one; rebalance: some; lock, unlock: some, none for all.
    cells, buildings
        move: what moves.
    to
        move: the code of the grid, zone or unit they come to; None for a new one.
    moves
        move: cells that go to several, (cell_id, code) each, instead of `cells` and `to`.
    households
        move between units: so many of each cell; None for all.
    name
        rename, and of a new grid.
    line
        split: (lon, lat) of a drawn line; or, along streets,
    streets
        split: their numbers or names; or, in equal shares,
    count
        split: in how many parts.
    area_code
        redraw: the community.
    of_revision
        restore: which revision (`api.actions.undo_edit.restore`).
    """

    revision: int
    verb: str
    level: Level = "grids"
    codes: tuple[str, ...] = ()
    grid_codes: tuple[str, ...] = ()
    cells: tuple[int, ...] = ()
    buildings: tuple[int, ...] = ()
    to: str | None = None
    moves: tuple[tuple[int, str], ...] = ()
    households: int | None = None
    name: str | None = None
    line: tuple[tuple[float, float], ...] = ()
    streets: tuple[int | str, ...] = ()
    count: int | None = None
    area_code: str | None = None
    of_revision: int | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """What is kept of it."""
        told = {key: value for key, value in vars(self).items() if value and key not in ("revision", "verb")}
        if self.level == "grids":
            del told["level"]
        return {key: list(value) if isinstance(value, tuple) else value for key, value in told.items()}
