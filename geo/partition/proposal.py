"""The proposal: cells and borders in, every cell's grid out, with a reason for every rule broken.

Communities (`area_code`) are independent: each is divided alone, with a random stream of its own.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import InputError
from geo.lineage import carried_codes
from geo.partition.bands import Band, band_of
from geo.partition.community import CommunityPlan, Draft, Wishes, draft_of, plan_of
from geo.partition.counts import Pieces, bounds_of, counts_of, ordered_counts
from geo.partition.even import share_of
from geo.partition.exceptions import Order, exception_frame, findings_of, missing_count
from geo.partition.graph import Graph, Ints, pieces_on_foot
from geo.partition.ground import Ground, grounds_of
from geo.partition.limits import Weights
from geo.partition.solver import asked_for, divide_pieces
from geo.rng import generator

METHOD = "bisection-moves-trees/2"


class NothingAskedError(InputError):
    """What is asked for says nothing or contradicts itself: no band and no count, or grids that cannot be locked."""

    zh = "未给出可用的要求：{reason_zh}"
    en = "Nothing to go by: {reason}"


@dataclass(frozen=True, eq=False)
class GridProposal:
    """A proposed plan.

    Attributes
    ----------
    assignment
        Series ``grid`` by ``cell_id``, in the order of the cells handed in: integer labels 0..k-1,
        unique over all communities; by area code, then in reading order.
    grids
        Frame by ``grid``: area_code, kind (general, dedicated), households, people, carries (label of the
        old grid it carries on, None without one).
    exceptions
        Frame: grid, rule (band, contiguity), certificate, detail (dict); see `exceptions`.
    band
        Households of a general grid: as asked, or half an equal share to either side where only a number of grids was.
    method
        Name and version of the method.
    """

    assignment: pd.Series
    grids: pd.DataFrame
    exceptions: pd.DataFrame
    band: tuple[int, int]
    method: str = METHOD

    @property
    def dedicated(self) -> frozenset[int]:
        """Labels of the dedicated grids."""
        return frozenset(int(label) for label in self.grids.index[self.grids["kind"] == "dedicated"])


def propose_grids(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    *,
    band: tuple[int, int] | None = (300, 500),
    people_band: tuple[int, int] | None = None,
    count: int | None = None,
    dedicated_uses: Collection[str] = (),
    dedicated_min_m2: float = 0.0,
    weights: Weights | None = None,
    before: pd.Series | None = None,
    locked: Collection[object] = (),
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> GridProposal:
    """Propose grids: every cell in one grid of its community, in band, in one piece on foot.

    Parameters
    ----------
    cells
        Polygons in EPSG:4326 by ``cell_id``: area_code, kind, households, people, and, where known,
        use, building_id, compound_id (kept whole where it fits) and unit_id (never broken).
    borders
        cell_a, cell_b, length_m (metres), kind, is_walkable.
    band
        Fewest and most households of a general grid, both allowed. None, with `count`: grids as equal as can be.
    people_band
        Fewest and most people of a general grid, both allowed.
    count
        General grids in all; any number where none is given. Dedicated and locked grids do not count.
    dedicated_uses, dedicated_min_m2
        Uses that get a dedicated grid (exempt from the band), and its smallest ground in m2.
    weights
        How strongly each wish counts beyond the rules.
    before
        Old grid by ``cell_id``, null for none: as few households as possible change grid.
    locked
        Old grids that stay exactly as they are.
    seed
        Same cells, borders and seed: same plan, in whatever order the rows come.
    progress
        Called with (communities done, communities in all) after each community.

    Returns
    -------
    GridProposal
        Rules that could not be kept are listed with a certificate; nothing is raised for them.

    Raises
    ------
    InputError
        Frames, bands, count or weights cannot be used.
    """
    check_asked(band, people_band, count, before, locked)
    check_locked(cells, before, locked)
    weights = weights or Weights()
    grounds = list(grounds_of(cells, borders, weights=weights, before=before, locked=locked))
    asked = share_band(grounds, int(count or 1)) if band is None else band_of(band, people_band)
    wishes = Wishes(asked, count, band is None, weights, tuple(dedicated_uses), dedicated_min_m2)
    drafts, wishes = drafts_of(grounds, wishes)
    plans: list[CommunityPlan] = []
    for draft, counts in zip(drafts, counts_for(drafts, wishes), strict=True):
        plans.append(plan_of(draft, counts, wishes, rng=generator(seed, "partition", draft.ground.area_code)))
        if progress is not None:
            progress(len(plans), len(drafts))
    return proposal_of(cells, drafts, plans, wishes, before=before)


def divide_graph(
    graph: Graph,
    *,
    band: tuple[int, int] = (300, 500),
    groups: Ints | None = None,
    seed: int = 0,
    is_swift: bool = False,
) -> Ints:
    """Divide a ready graph, without frames: the engine alone.

    Parameters
    ----------
    graph
        Cells and borders of any number of pieces; as of `geo.partition.graph.graph_from_edges`.
    band
        Households of a part, both bounds allowed.
    groups
        Group of each cell, -1 for none: whole where that is possible.
    seed
        Same graph and seed: same labels.
    is_swift
        One start, a short schedule and little patience: for very large graphs, at a little cost in shape.

    Returns
    -------
    Ints
        Part of each cell, 0..k-1; cells above the band are parts of their own, and pieces without households.
    """
    asked = asked_for(band_of(band), Weights())._replace(is_swift=is_swift)
    towers = graph.mass > asked.band.hi
    pieces = pieces_on_foot(graph, ~towers)
    inside = pieces >= 0
    masses = np.bincount(pieces[inside], weights=graph.mass[inside]).astype(np.int64)
    counts = counts_of(masses, np.zeros_like(masses), asked.band)
    groups = np.full(graph.size, -1, dtype=np.int64) if groups is None else groups
    rng = generator(seed, "partition")
    labels = divide_pieces(graph, pieces, groups, counts, asked, rng=rng)
    labels[towers] = labels.max(initial=-1) + 1 + np.arange(towers.sum())
    return labels


def check_asked(
    band: tuple[int, int] | None,
    people_band: tuple[int, int] | None,
    count: int | None,
    before: pd.Series | None,
    locked: Collection[object],
) -> None:
    """Raise where what is asked for says nothing, or contradicts itself."""
    lost = [] if before is None else [label for label in locked if not (before == label).any()]
    for is_wrong, reason, reason_zh in (
        (band is None and count is None, "give a band, a number of grids, or both", "请给出户数区间、网格数量，或两者"),
        (
            band is None and people_band is not None,
            "a band of people needs a band of households beside it",
            "给出人口区间时，也请给出户数区间",
        ),
        (count is not None and count < 1, "the number of grids is below one", "网格数量小于一"),
        (
            band is None and before is not None,
            "an old plan can be kept only within a band",
            "保留原方案时必须给出户数区间",
        ),
        (
            before is None and len(locked) > 0,
            "grids are locked but no old plan is given",
            "有锁定的网格，但未给出原方案",
        ),
        (len(lost) > 0, f"locked grids are not in the old plan: {lost[:5]}", f"锁定的网格不在原方案中：{lost[:5]}"),
    ):
        if is_wrong:
            raise NothingAskedError(reason=reason, reason_zh=reason_zh)


def check_locked(cells: gpd.GeoDataFrame, before: pd.Series | None, locked: Collection[object]) -> None:
    """Raise where a locked grid lies in several communities: no grid may."""
    if before is None or len(locked) == 0:
        return
    held = before[before.isin(list(locked))]
    areas = cells["area_code"].reindex(held.index).groupby(held).nunique()
    across = sorted(map(str, areas.index[areas > 1]))[:5]
    if across:
        raise NothingAskedError(
            reason=f"locked grids lie in several communities: {across}; lock grids of one community each",
            reason_zh=f"锁定的网格跨越多个社区：{across}，请只锁定位于同一社区的网格",
        )


def share_band(grounds: list[Ground], count: int) -> Band:
    """Return the wide band around an equal share of all households."""
    pieces = []
    for ground in grounds:
        piece = pieces_on_foot(ground.graph, ~ground.is_water)
        inside = piece >= 0
        pieces.append(np.bincount(piece[inside], weights=ground.households[inside], minlength=1).astype(np.int64))
    cells = np.concatenate([ground.households for ground in grounds])
    masses = np.concatenate(pieces)
    return share_of(cells, masses[masses > 0], count)


def drafts_of(grounds: list[Ground], wishes: Wishes) -> tuple[list[Draft], Wishes]:
    """Return the drafts, and the wishes anew: if equal shares leave no grid of its own to what is too heavy."""
    drafts = [draft_of(ground, wishes) for ground in grounds]
    if wishes.is_even and alone(drafts) + len(pieces_in(drafts).masses) > int(wishes.asked or 0):
        total = sum(int(ground.households.sum()) for ground in grounds)
        wishes = wishes._replace(band=Band(1, max(1, total), centre=wishes.band.target))
        drafts = [draft_of(ground, wishes) for ground in grounds]
    return drafts, wishes


def alone(drafts: list[Draft]) -> int:
    """Return how many grids are sure before any piece is divided: cells above the band and empty communities."""
    return sum(draft.towers + draft.is_empty for draft in drafts)


def pieces_in(drafts: list[Draft]) -> Pieces:
    """Return the pieces of all drafts, one after the other."""
    return Pieces(*(np.concatenate([getattr(draft, name) for draft in drafts]) for name in Pieces._fields))


def counts_for(drafts: list[Draft], wishes: Wishes) -> list[Ints]:
    """Return how many grids each peopled piece of each community makes."""
    pieces = pieces_in(drafts)
    if wishes.asked is None:
        counts = counts_of(pieces.masses, pieces.peoples, wishes.band)
    else:
        counts = ordered_counts(pieces, wishes.band, wishes.asked - alone(drafts))
    return np.split(counts, np.cumsum([len(draft.masses) for draft in drafts])[:-1])


def proposal_of(
    cells: gpd.GeoDataFrame,
    drafts: list[Draft],
    plans: list[CommunityPlan],
    wishes: Wishes,
    *,
    before: pd.Series | None,
) -> GridProposal:
    """Put the plans of all communities together, numbered one after the other, with what breaks a rule."""
    firsts = np.cumsum([0, *(len(plan.dedicated) for plan in plans)])
    labels = [
        pd.Series(first + plan.labels, index=draft.ground.cell_ids)
        for draft, plan, first in zip(drafts, plans, firsts, strict=False)
    ]
    assignment = pd.concat(labels).reindex(cells.index).astype("int64").rename("grid")
    assignment.index.name = cells.index.name or "cell_id"
    grids = pd.concat([grid_frame(*parts) for parts in zip(drafts, plans, firsts, strict=False)])
    carried = {} if before is None else carried_codes(before, assignment, cells["households"])
    grids["carries"] = pd.Series([carried.get(grid) for grid in grids.index], index=grids.index, dtype=object)
    band, order = wishes.band, order_of(drafts, plans, wishes)
    rows = [
        {**finding._asdict(), "grid": int(first + finding.grid)}
        for draft, plan, first in zip(drafts, plans, firsts, strict=False)
        for finding in findings_of(draft.ground, plan.labels, plan.dedicated, band, order)
    ]
    return GridProposal(assignment, grids, exception_frame(rows + missing_count(order)), (band.lo, band.hi))


def grid_frame(draft: Draft, plan: CommunityPlan, first: int) -> pd.DataFrame:
    """Return one community's grids with their sums."""
    count, ground = len(plan.dedicated), draft.ground
    return pd.DataFrame(
        {
            "area_code": ground.area_code,
            "kind": np.where(plan.dedicated, "dedicated", "general"),
            "households": np.bincount(plan.labels, weights=ground.households, minlength=count).astype(np.int64),
            "people": np.bincount(plan.labels, weights=ground.people, minlength=count).astype(np.int64),
        },
        index=pd.RangeIndex(first, first + count, name="grid"),
    )


def order_of(drafts: list[Draft], plans: list[CommunityPlan], wishes: Wishes) -> Order | None:
    """Return the number of grids that was asked for, that came out, and that could be; None if none was asked for."""
    if wishes.asked is None:
        return None
    made = sum(int((~plan.dedicated).sum()) - draft.locked for draft, plan in zip(drafts, plans, strict=True))
    fewest, most = (alone(drafts) + int(bounds.sum()) for bounds in bounds_of(pieces_in(drafts), wishes.band))
    return Order(wishes.asked, made, fewest, most)
