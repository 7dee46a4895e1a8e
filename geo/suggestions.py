"""Suggestions: what to look at next in a plan, and the fewest buildings whose move brings a grid into the band.

`fix` tries the moves between a grid and its neighbours completely, smallest first, so its first answer is the best
there is. A cell with households counts as a building. Frames as in docs/architecture.md, EPSG:4326, lengths in metres;
nothing is changed or stored. See docs/methods/redraw.md.
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import BadSettingError
from geo.partition.bands import Band, band_of
from geo.partition.compiled import compiled
from geo.partition.graph import Flags, Ints, tails_of
from geo.partition.ground import Ground, grounds_of
from geo.rebalance import Board, all_whole, beside, board_of, check_grids, labels_of, pieces_by_grid

# Cells without homes that may come along; answers; steps (a cell tried, or looked at) until the search ends.
MOST_MOVES, OPEN_MAX, ANSWERS, STEPS = 5, 3, 3, 5_000_000
STATES = {
    "found": ("网格 {grid}：找到 {found} 种调整方案", "Grid {grid}: {found} ways to bring it into the band"),
    "in_band": ("网格 {grid} 已在户数区间内，无需调整", "Grid {grid} is in the band: nothing to move"),
    "none": (
        "网格 {grid}：移动不超过 {buildings} 栋楼（及 {open} 块无住户地块）无法使其进入户数区间",
        "Grid {grid}: no move of up to {buildings} buildings (and {open} cells without homes) brings it into the band",
    ),
    "unfinished": (
        "网格 {grid}：在搜索限度内未找到方案，但不排除存在",
        "Grid {grid}: none was found before the search ended at its limit; there may be one",
    ),
}


class Move(NamedTuple):
    """One cell from one grid to another."""

    cell_id: Hashable
    from_grid: Hashable
    to_grid: Hashable


@dataclass(frozen=True)
class Fix:
    """One way to bring a grid into the band.

    Attributes
    ----------
    moves
        By cell_id.
    buildings, open_cells
        How many of the cells have households, and how many have none and come along so that no grid falls apart.
    households
        What each touched grid then holds, by label.
    is_in_band
        Whether all touched grids are then in band. False: one was out of band before, and is no farther from it.
    border_m
        By how much the borders between grids grow (below 0: shrink).
    """

    moves: tuple[Move, ...]
    buildings: int
    open_cells: int
    households: dict[Hashable, int]
    is_in_band: bool
    border_m: float


@dataclass(frozen=True)
class Fixes:
    """Ways to bring a grid into the band, the best first.

    Attributes
    ----------
    grid
        The grid's label.
    answers
        At most three.
    state
        found; in_band (nothing is to do); none (it is certain that there is none); unfinished (the search ended first).
    buildings_max
        The limit that was asked for.
    is_exhaustive
        Whether the search came to its end: then no better answer than those given exists.
    """

    grid: Hashable
    answers: tuple[Fix, ...]
    state: str
    buildings_max: int
    is_exhaustive: bool

    def text(self, language: str = "zh") -> str:
        """Return what came out in `language`: "zh" or "en"."""
        words = STATES[self.state][language != "zh"]
        return words.format(grid=self.grid, found=len(self.answers), buildings=self.buildings_max, open=OPEN_MAX)


def fix(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    assignment: pd.Series,
    grid: Hashable,
    *,
    band: tuple[int, int],
    locked: Collection[Hashable] = (),
    moves_max: int = 3,
) -> Fixes:
    """Return the smallest moves between a grid and its neighbours that bring it into the band.

    Parameters
    ----------
    cells, borders
        At least those of the grid and its neighbours; polygons in EPSG:4326.
    assignment
        Grid by ``cell_id``, of every cell; labels of one sort.
    grid
        Label of the grid. Below the band it takes cells in, above it gives cells away.
    band
        Fewest and most households, both allowed.
    locked
        Grids that neither give nor take (dedicated ones, too, which no band binds).
    moves_max
        Most buildings (cells with households) that move, 1 to 5; up to three cells without homes may come along.

    Returns
    -------
    Fixes
        Every answer brings the grid into the band. No other grid gets farther from it than it was, none is in more
        pieces on foot, communities are not crossed, and nothing could be left out. Fewest cells first, then households
        nearest to the middle of the band (distances of all grids added up), shortest new borders, lowest ids.

    Raises
    ------
    UnknownGridError, LockedGridError, CellWithoutGridError
        The grid is not there or is locked, or a cell has no grid.
    InputError
        Frames, band or `moves_max` cannot be used.

    Notes
    -----
    All sets of cells that grow from the rim of the receiving grids are tried by number of cells, each once (connected
    sets by exclusion: Wernicke, 2006), cut off where sums can no longer fit. Only grids that are neighbours on foot as
    the plan is give and take. The work is bounded, and `state` and `is_exhaustive` say so where the bound was met.
    Household units (`unit_id`) are not looked at.
    """
    bounds = band_of(band)
    if not 1 <= moves_max <= MOST_MOVES:
        raise BadSettingError(what="moves_max", value=moves_max, reason="1 to 5", reason_zh="应为 1 至 5")
    labels = labels_of(cells, assignment)
    check_grids(labels, [grid], locked)
    held = int(cells["households"][labels == grid].sum())
    if bounds.lo <= held <= bounds.hi:
        return Fixes(grid, (), "in_band", moves_max, is_exhaustive=True)
    near = np.sort(np.array(list(beside(cells, borders, labels, [grid], closed=locked)))).tolist()
    names = [grid, *near]
    chosen = cells[labels.isin(names)]
    inside = borders["cell_a"].isin(chosen.index) & borders["cell_b"].isin(chosen.index)
    (ground,) = grounds_of(chosen, borders[inside])
    own = pd.Index(names).get_indexer(pd.Index(labels[ground.cell_ids])).astype(np.int64)
    found, is_whole = smallest(board_of(ground, own, bounds), is_inward=held < bounds.lo, moves_max=moves_max)
    answers = tuple(fix_of(ground, own, names, rows, bounds) for rows in found)
    state = "found" if answers else "none" if is_whole else "unfinished"
    return Fixes(grid, answers, state, moves_max, is_whole)


def next_problems(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    assignment: pd.Series,
    *,
    band: tuple[int, int],
    vacant: Collection[Hashable] = (),
    exempt: Collection[Hashable] = (),
) -> pd.DataFrame:
    """Return the grids that need a planner, the worst first.

    Parameters
    ----------
    cells, borders, assignment, band
        As in `fix`; any number of communities.
    vacant
        Grids without a worker; those the plan does not have are left out.
    exempt
        Dedicated grids: no band binds them.

    Returns
    -------
    pandas.DataFrame
        By ``grid``: households, outside (households below the band as a negative number, above it as a positive one,
        else 0), pieces (of its land on foot; 0 where it is all water), is_vacant. Only grids with a problem: those in
        several pieces first, the most first; then by how far they are out of band; then vacant ones; then by label.
    """
    bounds = band_of(band)
    labels = labels_of(cells, assignment)
    names = pd.Index(np.unique(labels), name="grid")
    pieces = np.zeros(len(names), dtype=np.int64)
    for ground in grounds_of(cells, borders):
        own = names.get_indexer(pd.Index(labels[ground.cell_ids])).astype(np.int64)
        pieces += pieces_by_grid(ground.graph, own, ~ground.is_water, len(names))
    held = cells["households"].groupby(labels).sum().reindex(names).astype(np.int64)
    beyond = np.where(held > bounds.hi, held - bounds.hi, np.minimum(0, held - bounds.lo))
    table = pd.DataFrame({"households": held, "outside": beyond, "pieces": pieces}, index=names)
    table["is_vacant"] = names.isin(list(vacant))
    table.loc[names.isin(list(exempt)), "outside"] = 0
    order = np.lexsort((np.arange(len(names)), ~table["is_vacant"], -table["outside"].abs(), -np.maximum(1, pieces)))
    table = table.iloc[order]
    return table[(table["outside"] != 0) | (table["pieces"] > 1) | table["is_vacant"]]


def fix_of(ground: Ground, own: Ints, names: list[Hashable], rows: list[tuple[int, int]], band: Band) -> Fix:
    """Return an answer in the caller's words."""
    graph, now = ground.graph, own.copy()
    cells, to = (np.array(column) for column in zip(*rows, strict=True))
    now[cells] = to
    held = np.bincount(now, weights=graph.mass, minlength=len(names)).astype(np.int64)
    touched = np.union1d(own[cells], to)
    cut = [graph.length[side[tails_of(graph)] != side[graph.idx]].sum() / 2 for side in (own, now)]
    ids = ground.cell_ids[cells].tolist()
    return Fix(
        moves=tuple(
            Move(*move) for move in zip(ids, (names[i] for i in own[cells]), (names[i] for i in to), strict=True)
        ),
        buildings=int((graph.mass[cells] > 0).sum()),
        open_cells=int((graph.mass[cells] == 0).sum()),
        households={names[i]: int(held[i]) for i in touched},
        is_in_band=bool(((held[touched] >= band.lo) & (held[touched] <= band.hi)).all()),
        border_m=round(float(cut[1] - cut[0]), 3),
    )


class Reach(NamedTuple):
    """How far a search goes: whether grid 0 takes in, most cells with homes, the heaviest that can move."""

    is_inward: bool
    buildings: int
    heaviest: int


class Best(NamedTuple):
    """The best answers: how many (an array of one); size, balance and border of each; its moves (cell x grids + to)."""

    found: Ints
    rank: Ints
    items: Ints


def smallest(board: Board, *, is_inward: bool, moves_max: int) -> tuple[list[list[tuple[int, int]]], bool]:
    """Return the best answers as moves (cell, grid), and whether the search came to its end."""
    room = board.high[0] - board.held[0] if is_inward else board.held[0] - board.low[0]
    masses = board.graph.mass[(board.own > 0) == is_inward]
    reach = Reach(is_inward, moves_max, int(masses[masses <= room].max(initial=0)))
    best = Best(*(np.zeros(shape, dtype=np.int64) for shape in (1, (ANSWERS, 3), (ANSWERS, moves_max + OPEN_MAX))))
    left, grids = STEPS, len(board.held)
    for size in range(1, moves_max + OPEN_MAX + 1):
        left = tried(board, reach, size, best, left)
        if left <= 0 or best.found[0] == ANSWERS:
            break
    rows = [best.items[row, : best.rank[row, 0]].tolist() for row in range(best.found[0])]
    return [[divmod(item, grids) for item in row] for row in rows], left > 0


@compiled
def tried(board: Board, reach: Reach, size: int, best: Best, steps: int) -> int:
    """Try all sets of `size` moves, each once; return the steps that are left."""
    own, mass, grids = board.own, board.graph.mass, len(board.held)
    label, held = own.copy(), board.held.copy()
    items, listed = np.empty(len(own) * grids, np.int64), np.zeros(len(own) * grids, np.bool_)
    # By depth: the move chosen, the next to try, where the list ends, buildings moved, what the borders grow by (mm).
    chosen, at, ends = np.zeros(size + 1, np.int64), np.zeros(size + 1, np.int64), np.zeros(size + 1, np.int64)
    homes, border = np.zeros(size + 1, np.int64), np.zeros(size + 1, np.int64)
    for cell in range(len(own)):
        ends[0] = listed_beside(board, reach, label, cell, (items, listed, ends[0]))
    depth = 0
    while steps > 0:
        if depth < size and at[depth] < ends[depth]:
            item = items[at[depth]]
            at[depth] += 1
            steps -= 1
            cell, to = item // grids, item % grids
            if may_move(board, reach, label, held, item, (homes[depth], depth - homes[depth], size - depth - 1)):
                chosen[depth] = item
                homes[depth + 1] = homes[depth] + (mass[cell] > 0)
                border[depth + 1] = border[depth] + longer_by(board, label, cell, to)
                held[own[cell]] -= mass[cell]
                held[to] += mass[cell]
                label[cell] = to
                at[depth + 1], ends[depth + 1] = at[depth], ends[depth]
                if depth + 1 < size:
                    ends[depth + 1] = listed_beside(board, reach, label, cell, (items, listed, ends[depth]))
                depth += 1
            continue
        if depth == size:
            steps -= weighed(board, label, held, chosen[:size], border[size], best)
        if depth == 0:
            break
        listed[items[ends[depth - 1] : ends[depth]]] = False
        depth -= 1
        cell, to = chosen[depth] // grids, chosen[depth] % grids
        label[cell] = own[cell]
        held[own[cell]] += mass[cell]
        held[to] -= mass[cell]
    return steps


@compiled
def listed_beside(board: Board, reach: Reach, label: Ints, cell: int, moves: tuple[Ints, Flags, int]) -> int:
    """List the moves to the grid of `cell` that it makes possible beside it; return where the list then ends."""
    graph, to, grids = board.graph, label[cell], len(board.held)
    items, listed, end = moves
    if (to == 0) == reach.is_inward:
        for p in range(graph.ptr[cell], graph.ptr[cell + 1]):
            item = graph.idx[p] * grids + to
            if graph.foot[p] and (board.own[graph.idx[p]] > 0) == reach.is_inward and not listed[item]:
                items[end], listed[item] = item, True
                end += 1
    return end


@compiled
def may_move(board: Board, reach: Reach, label: Ints, held: Ints, item: int, done: tuple[int, int, int]) -> bool:
    """Return whether a move keeps all sums in reach; `done`: buildings and others moved, moves to come after it."""
    cell, to, here = item // len(held), item % len(held), board.own[item // len(held)]
    mass, low, high = board.graph.mass[cell], board.low, board.high
    homes, bare, more = done
    left = reach.buildings - homes - (mass > 0)
    if label[cell] != here or left < 0 or bare + (mass == 0) > OPEN_MAX:
        return False
    still = min(left, more) * reach.heaviest
    if reach.is_inward:
        return bool(held[here] - mass >= low[here] and low[0] - still <= held[0] + mass <= high[0])
    return bool(held[to] + mass <= high[to] and low[0] <= held[0] - mass <= high[0] + still)


@compiled
def longer_by(board: Board, label: Ints, cell: int, to: int) -> int:
    """Return by how many millimetres the borders between grids grow if a cell goes to another grid."""
    grown = 0
    for p in range(board.graph.ptr[cell], board.graph.ptr[cell + 1]):
        there = label[board.graph.idx[p]]
        grown += board.length_mm[p] * (int(there == label[cell]) - int(there == to))
    return grown


@compiled
def weighed(board: Board, label: Ints, held: Ints, chosen: Ints, border: int, best: Best) -> int:
    """Keep a set of moves if it is an answer and among the best; return the steps that took."""
    size, low, high = len(chosen), board.low[0], board.high[0]
    if held[0] < low or held[0] > high:
        return 1
    items, rank = np.sort(chosen), (size, np.abs(2 * held - low - high).sum(), border)
    row = best.found[0]
    while row > 0 and comes_before(best, row - 1, rank, items):
        row -= 1
    if row == ANSWERS:
        return size
    # An answer that can do without some of its cells without homes is another, smaller one.
    bare, steps = items[board.graph.mass[items // len(held)] == 0], len(label)
    if not all_whole(board, label, items, False):
        return steps
    for without in range(1, 1 << len(bare)):
        left = label.copy()
        for place in range(len(bare)):
            if without >> place & 1:
                left[bare[place] // len(held)] = board.own[bare[place] // len(held)]
        steps += len(label)
        if all_whole(board, left, items, True):
            return steps
    best.found[0] = min(best.found[0] + 1, ANSWERS)
    for last in range(best.found[0] - 1, row, -1):
        best.rank[last], best.items[last] = best.rank[last - 1], best.items[last - 1]
    best.rank[row, 0], best.rank[row, 1], best.rank[row, 2] = rank
    best.items[row, :size] = items
    return steps


@compiled
def comes_before(best: Best, row: int, rank: tuple[int, int, int], items: Ints) -> bool:
    """Return whether a set of moves is better than a kept one; among equals the lower cells."""
    for place in range(len(rank)):
        if best.rank[row, place] != rank[place]:
            return bool(rank[place] < best.rank[row, place])
    for place in range(len(items)):
        if best.items[row, place] != items[place]:
            return bool(items[place] < best.items[row, place])
    return False
