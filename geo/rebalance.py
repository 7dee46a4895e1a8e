"""Rebalance: some grids and those around them drawn anew, so that all are in band and few households move.

The engine is renewal (`geo.partition.renewal`), asked about the ground of these grids alone: nothing else is touched,
and old labels are carried on by households in common. What all redrawing stands on is here, too: which grids lie beside
one another, what they may hold, whether they stay whole, and parts of one piece made as equal as can be. Frames as in
docs/architecture.md. See docs/methods/redraw.md.
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.cover import LabelAcrossAreasError
from geo.errors import BadSettingError, ConflictError, InputError
from geo.partition import Weights, propose_grids
from geo.partition.bands import Band, band_of, masses_of, outside
from geo.partition.compiled import compiled
from geo.partition.even import CERTAIN_CELLS, Wander, closer_division, closer_than, deviation, recombine
from geo.partition.graph import Flags, Graph, Ints, pieces_on_foot, subgraph
from geo.partition.ground import Ground, places_of, some
from geo.zones import CellWithoutGridError

IDLE_A_PART, NODES_WALKED = 500, 300_000


class UnknownGridError(InputError):
    """A grid is named that the plan does not have."""

    zh = "方案中没有网格：{grids}。请刷新方案后重试。"
    en = "The plan has no grid {grids}. Load the plan again."


class LockedGridError(ConflictError):
    """A locked grid is to be changed."""

    zh = "网格 {grids} 已锁定，不能改动。请先解锁。"
    en = "Grids {grids} are locked and take no edit. Unlock them first."


@dataclass(frozen=True, eq=False)
class Rebalance:
    """What a redrawing gives.

    Attributes
    ----------
    assignment
        Series ``grid`` by ``cell_id``, sorted: the new label of every cell of the grids drawn anew.
    grids
        Frame by ``grid``, old and new ones: households_before, households_after (0 where there was or is none),
        is_in_band_before, is_in_band_after (False where there was or is none).
    households_moved
        Households of the cells whose label is another now.
    exceptions
        Frame grid, rule, certificate, detail, as of `geo.partition.propose_grids`: why what is out of band or in pieces
        could not be mended. A certificate speaks of this ground alone: a larger ring may do what this one cannot.
    """

    assignment: pd.Series
    grids: pd.DataFrame
    households_moved: int
    exceptions: pd.DataFrame

    @property
    def is_in_band(self) -> bool:
        """Whether every grid there is now is in band."""
        return bool(self.grids.loc[self.assignment.unique(), "is_in_band_after"].all())


def rebalance(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    assignment: pd.Series,
    grids: Collection[int],
    *,
    band: tuple[int, int],
    people_band: tuple[int, int] | None = None,
    weights: Weights | None = None,
    locked: Collection[int] = (),
    seed: int = 0,
    ring: int = 1,
) -> Rebalance:
    """Redraw grids and those around them so that all are in band; few households change grid.

    Parameters
    ----------
    cells, borders
        Of one or more communities; polygons in EPSG:4326.
    assignment
        Grid (whole number) by ``cell_id``, of every cell.
    grids
        The grids to redraw.
    band
        Fewest and most households, both allowed.
    people_band, weights
        As of `geo.partition.propose_grids`.
    locked
        Grids that stay as they are (dedicated ones, too, which no band binds).
    seed
        Same cells, borders, plan and seed: same answer.
    ring
        How many steps on foot from grid to grid the redrawing reaches beyond `grids`, inside their communities and
        not through locked grids; 0 for `grids` alone.

    Returns
    -------
    Rebalance
        New grids have labels above all of `assignment`. Water stays in its grid while there is that grid.

    Raises
    ------
    UnknownGridError, LockedGridError, CellWithoutGridError
        A grid to redraw is not there or is locked, or a cell has no grid.
    InputError
        Frames, band or ring cannot be used.
    """
    bounds = band_of(band)
    if ring < 0:
        raise BadSettingError(what="ring", value=ring, reason="0 or more", reason_zh="不能为负")
    labels = labels_of(cells, assignment).astype(np.int64)
    check_grids(labels, grids, locked)
    around = beside(cells, borders, labels, grids, closed=locked, steps=ring)
    before = labels[labels.isin([*grids, *around])].sort_index()
    chosen = cells.loc[before.index]
    inside = borders["cell_a"].isin(before.index) & borders["cell_b"].isin(before.index)
    plan = propose_grids(
        chosen, borders[inside], band=band, people_band=people_band, weights=weights, before=before, seed=seed
    )
    names = names_of(plan.grids["carries"], first=int(labels.max()) + 1)
    now = plan.assignment.map(names)
    is_kept = (chosen["kind"] == "water") & before.isin(now[chosen["kind"] != "water"])
    now = now.mask(is_kept, before).astype(np.int64)
    return Rebalance(
        now,
        told(chosen["households"], before, now, bounds),
        int(chosen["households"][now != before].sum()),
        plan.exceptions.assign(grid=plan.exceptions["grid"].map(lambda grid: names.get(grid, grid)).astype(np.int64)),
    )


def names_of(carries: pd.Series, *, first: int) -> dict[int, int]:
    """Return the old label that each new grid carries on, or labels from `first` on where it carries on none."""
    fresh = carries.index[carries.isna()]
    names = {int(grid): first + number for number, grid in enumerate(fresh)}
    kept = carries.dropna()
    return names | dict(zip(kept.index.tolist(), kept.astype(np.int64).tolist(), strict=True))


def told(households: pd.Series, before: pd.Series, now: pd.Series, band: Band) -> pd.DataFrame:
    """Return what each grid held before and holds now, and whether that is in band."""
    held = {"before": households.groupby(before).sum(), "after": households.groupby(now).sum()}
    grids = pd.Index(np.union1d(before, now), name="grid")
    table = pd.DataFrame(index=grids)
    for when, sums in held.items():
        table[f"households_{when}"] = sums.reindex(grids, fill_value=0).astype(np.int64)
    for when, sums in held.items():
        mass = table[f"households_{when}"].to_numpy()
        table[f"is_in_band_{when}"] = grids.isin(sums.index) & (outside(mass, np.zeros_like(mass), band) == 0)
    return table


def evened_parts(graph: Graph, pieces: Ints, labels: Ints, *, rng: np.random.Generator) -> Ints:
    """Return parts of each piece that are nearer to its equal share.

    Parameters
    ----------
    graph, pieces
        Piece 0.. of each node, connected on foot; -1 for nodes left out.
    labels
        Part of each node, connected on foot and inside one piece.
    rng
        What trees are drawn by.

    Returns
    -------
    Ints
        As many parts, in one piece each. The largest deviation is never larger, and smaller where that is found.

    Notes
    -----
    Recombination (DeFord, Duchin and Solomon, 2021), 300,000 nodes walked at most; pieces of up to 40 cells are then
    searched for a closer division. Of larger ones it is not certain that there is none.
    """
    now = labels.copy()
    for piece in range(int(pieces.max(initial=-1)) + 1):
        own = np.flatnonzero(pieces == piece)
        names, local = np.unique(labels[own], return_inverse=True)
        if len(names) > 1:
            now[own] = names[evened_piece(subgraph(graph, own), local.astype(np.int64), rng=rng)]
    return now


def evened_piece(graph: Graph, labels: Ints, *, rng: np.random.Generator) -> Ints:
    """Return as many parts of one piece, as equal as is found."""
    best, now, count = labels, labels.copy(), int(labels.max()) + 1
    target = float(graph.mass.sum()) / count
    recombine(graph, now, masses_of(graph, now), target, Wander(IDLE_A_PART * count, NODES_WALKED), rng)
    if deviation(graph, now, target) < deviation(graph, best, target):
        best = now
    while graph.size <= CERTAIN_CELLS:
        band = closer_than(graph, best, target)
        closer = closer_division(graph, band._replace(lo=max(1, band.lo)), count) if band.lo <= band.hi else None
        if closer is None or deviation(graph, closer, target) >= deviation(graph, best, target):
            break
        best = closer
    return best


def labels_of(cells: gpd.GeoDataFrame, assignment: pd.Series) -> pd.Series:
    """Return the grid of each cell, by cell_id; or raise where one has none, or a grid lies in two communities."""
    labels = assignment[~assignment.index.duplicated()].reindex(cells.index)
    if labels.isna().any():
        raise CellWithoutGridError(ids=some(labels.index[labels.isna()]))
    across = cells["area_code"].groupby(labels).nunique() > 1
    if across.any():
        raise LabelAcrossAreasError(labels=some(across.index[across]))
    return labels.astype(assignment.dtype)


def check_grids(labels: pd.Series, grids: Collection[Hashable], locked: Collection[Hashable]) -> None:
    """Raise where a grid to be changed is not there, or is locked."""
    lost = [grid for grid in grids if not (labels == grid).any()]
    if lost or not grids:
        raise UnknownGridError(grids=some(pd.Index(lost)))
    shut = [grid for grid in grids if grid in set(locked)]
    if shut:
        raise LockedGridError(grids=some(pd.Index(shut)))


def beside(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    labels: pd.Series,
    grids: Collection[Hashable],
    *,
    closed: Collection[Hashable] = (),
    steps: int = 1,
) -> set[Hashable]:
    """Return the other grids that one comes to on foot within so many steps, none of them or between them closed."""
    ends = places_of(cells.index, borders)
    area, is_land = pd.factorize(cells["area_code"])[0][ends], (cells["kind"] != "water").to_numpy()[ends].all(axis=1)
    on_foot = borders["is_walkable"].to_numpy(dtype=np.bool_) & is_land & (area[:, 0] == area[:, 1])
    code, names = pd.factorize(pd.Index(labels))
    pairs = np.unique(code[ends[on_foot]], axis=0)
    reached, shut = names.isin(list(grids)), names.isin(list(closed))
    for _ in range(min(steps, len(names))):
        met = np.concatenate([pairs[reached[pairs[:, 0]], 1], pairs[reached[pairs[:, 1]], 0]])
        reached[met[~shut[met]]] = True
    return set(names[reached]) - set(grids)


def pieces_by_grid(graph: Graph, own: Ints, is_land: Flags, count: int) -> Ints:
    """Return in how many pieces on foot the land of each grid is."""
    pieces = pieces_on_foot(graph, is_land, within=own)
    firsts = np.unique(pieces[is_land], return_index=True)[1]
    return np.bincount(own[is_land][firsts], minlength=count).astype(np.int64)


class Board(NamedTuple):
    """Grids that exchange cells: grid of each cell (0..k-1), and what every grid holds, may hold and is in pieces."""

    graph: Graph
    own: Ints
    is_land: Flags
    length_mm: Ints
    held: Ints
    low: Ints
    high: Ints
    pieces: Ints


def board_of(ground: Ground, own: Ints, band: Band) -> Board:
    """Return grids that exchange cells so that grid 0 comes into the band, and no other farther from it than it is."""
    graph, is_land = ground.graph, ~ground.is_water
    held = np.bincount(own, weights=graph.mass).astype(np.int64)
    off = outside(held, np.zeros_like(held), band)
    off[0] = 0
    length_mm = np.rint(graph.length * 1000).astype(np.int64)
    pieces = pieces_by_grid(graph, own, is_land, len(held))
    return Board(graph, own, is_land, length_mm, held, band.lo - off, band.hi + off, pieces)


@compiled
def stays_whole(board: Board, label: Ints, grid: int) -> bool:
    """Return whether a grid has land, in no more pieces than it was."""
    graph, met = board.graph, np.zeros(len(label), np.bool_)
    stack, pieces = np.empty(len(label), np.int64), 0
    for start in range(len(label)):
        if label[start] != grid or met[start] or not board.is_land[start]:
            continue
        pieces += 1
        met[start], stack[0], height = True, start, 1
        while height > 0:
            height -= 1
            u = stack[height]
            for p in range(graph.ptr[u], graph.ptr[u + 1]):
                v = graph.idx[p]
                if graph.foot[p] and label[v] == grid and not met[v]:
                    met[v], stack[height] = True, v
                    height += 1
    return bool(1 <= pieces <= board.pieces[grid])


@compiled
def all_whole(board: Board, label: Ints, items: Ints, asks_takers: bool) -> bool:
    """Return whether the grids that give cells (a move: cell x grids + to), or take them, too, stay whole."""
    for grid in range(len(board.held)):
        for item in items:
            if board.own[item // len(board.held)] == grid or (asks_takers and item % len(board.held) == grid):
                if not stays_whole(board, label, grid):
                    return False
                break
    return True
