"""One community's plan: what is set aside first, pieces divided, the rest attached, grids numbered."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from geo.naming import reading_order
from geo.partition.attachment import attached, longest_borders
from geo.partition.bands import Band
from geo.partition.dedicated import dedicated_units
from geo.partition.even import evened
from geo.partition.graph import Flags, Floats, Ints, contracted, in_order, pieces_on_foot, subgraph
from geo.partition.ground import Ground
from geo.partition.limits import Weights
from geo.partition.renewal import renewed
from geo.partition.solver import asked_for, divide_pieces, whole_groups


class Wishes(NamedTuple):
    """What a plan is asked for: see `geo.partition.propose_grids`."""

    band: Band
    asked: int | None
    is_even: bool
    weights: Weights
    dedicated_uses: Collection[str]
    dedicated_min_m2: float


class Draft(NamedTuple):
    """A community before its division: grids set aside (dedicated ones first), and the peopled pieces that are left.

    `sizes` is how many cells of each piece are peopled.
    """

    ground: Ground
    labels: Ints
    dedicated: int
    locked: int
    towers: int
    pieces: Ints
    masses: Ints
    peoples: Ints
    sizes: Ints

    @property
    def is_empty(self) -> bool:
        """Whether nobody lives on what is left, and it makes a grid all the same."""
        free = self.labels[~self.ground.is_locked]
        return len(free) > 0 and bool((free < 0).all()) and len(self.masses) == 0


class CommunityPlan(NamedTuple):
    """Grid of each cell (0..k-1 in reading order), and whether each grid is dedicated."""

    labels: Ints
    dedicated: Flags


def draft_of(ground: Ground, wishes: Wishes) -> Draft:
    """Set aside dedicated and locked grids and cells above the band; number the peopled pieces that are left."""
    labels = np.full(ground.graph.size, -1, dtype=np.int64)
    units = dedicated_units(
        ground, ~ground.is_locked, uses=wishes.dedicated_uses, min_m2=wishes.dedicated_min_m2, band=wishes.band
    )
    for number, members in enumerate(units):
        labels[members] = number
    labels[ground.is_locked] = len(units) + in_order(ground.old[ground.is_locked])
    set_aside = int(labels.max(initial=-1)) + 1
    labels = with_towers(ground, labels, wishes.band)
    towers = int(labels.max(initial=-1)) + 1 - set_aside
    return Draft(ground, labels, len(units), set_aside - len(units), towers, *peopled_pieces(ground, labels))


def plan_of(draft: Draft, counts: Ints, wishes: Wishes, *, rng: np.random.Generator) -> CommunityPlan:
    """Return a plan in which every cell of the community is in exactly one grid.

    `counts` is how many grids each peopled piece should make.
    """
    ground = draft.ground
    labels = with_divisions(draft, counts, wishes, rng=rng)
    labels = with_attachments(ground, labels)
    middles = middles_of(ground, labels)
    rank = np.empty(len(middles), dtype=np.int64)
    rank[reading_order(middles[:, 0], middles[:, 1])] = np.arange(len(middles))
    dedicated = np.zeros(len(middles), dtype=np.bool_)
    dedicated[rank[: draft.dedicated]] = True
    return CommunityPlan(rank[labels], dedicated)


def peopled_pieces(ground: Ground, labels: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Return the peopled piece (0.., -1 elsewhere) of each cell without a grid; households, people, peopled cells."""
    pieces = pieces_on_foot(ground.graph, (labels < 0) & ~ground.is_water)
    inside = pieces >= 0
    count = int(pieces.max(initial=-1)) + 1
    masses = np.bincount(pieces[inside], weights=ground.households[inside], minlength=count).astype(np.int64)
    peoples = np.bincount(pieces[inside], weights=ground.people[inside], minlength=count).astype(np.int64)
    sizes = np.bincount(pieces[inside], weights=ground.households[inside] > 0, minlength=count).astype(np.int64)
    number = np.cumsum(masses > 0) - 1
    pieces[inside] = np.where(masses > 0, number, -1)[pieces[inside]]
    return pieces, masses[masses > 0], peoples[masses > 0], sizes[masses > 0]


def with_towers(ground: Ground, labels: Ints, band: Band) -> Ints:
    """Give every cell above the band its own grid, with the scraps of ground that only it connects.

    A scrap is a piece, left when those cells are set aside, that is unpeopled, or so small (under half
    the lower bound) that alone it would be further out of band than it puts its neighbour.
    """
    now = labels.copy()
    is_tower = (now < 0) & ~ground.is_water & ((ground.households > band.hi) | (ground.people > band.people_hi))
    if not is_tower.any():
        return now
    now[is_tower] = now.max() + 1 + np.arange(is_tower.sum())
    pieces = pieces_on_foot(ground.graph, (now < 0) & ~ground.is_water)
    inside = pieces >= 0
    masses = np.bincount(pieces[inside], weights=ground.households[inside], minlength=1)
    host = np.full(len(masses), -1, dtype=np.int64)
    beside = ground.graph.foot & is_tower[ground.graph.idx]
    for piece, label in longest_borders(ground.graph, now, pieces, arcs=beside).items():
        host[piece] = label if 2 * masses[piece] < band.lo else -1
    now[inside] = host[pieces[inside]]
    return now


def with_divisions(draft: Draft, counts: Ints, wishes: Wishes, *, rng: np.random.Generator) -> Ints:
    """Divide every peopled piece; unpeopled ground everywhere makes one grid of its own."""
    ground, now = draft.ground, draft.labels.copy()
    if len(counts):
        parts = divided(draft, counts, wishes, rng=rng)
        now = np.where(parts >= 0, now.max() + 1 + parts, now)
    is_open = ~ground.is_locked
    if is_open.any() and (now[is_open] < 0).all():
        now[largest_ground(ground, is_open)] = now.max() + 1
    return now


def divided(draft: Draft, counts: Ints, wishes: Wishes, *, rng: np.random.Generator) -> Ints:
    """Return the part of each cell of the peopled pieces, -1 elsewhere; units are single nodes throughout."""
    ground = draft.ground
    node_of = whole_groups(ground.graph, np.where(draft.pieces >= 0, ground.unit, -1), wishes.band)
    first = np.unique(node_of, return_index=True)[1]
    graph = contracted(ground.graph, node_of) if len(first) < ground.graph.size else ground.graph
    pieces, groups, old = draft.pieces[first], ground.compound[first], ground.old[first]
    if wishes.weights.compounds == 0:
        groups = np.full(len(first), -1, dtype=np.int64)
    asked = asked_for(wishes.band, wishes.weights, is_fixed=wishes.asked is not None)
    if wishes.is_even:
        parts = evened(graph, pieces, counts, asked, rng=rng)
    elif (old[pieces >= 0] >= 0).any():
        parts = renewed(graph, pieces, groups, old, counts, asked, rng=rng)
    else:
        parts = divide_pieces(graph, pieces, groups, counts, asked, rng=rng)
    return parts[node_of]


def largest_ground(ground: Ground, among: Flags) -> Ints:
    """Return the cells of the largest piece of land, or all cells where there is only water."""
    pieces = pieces_on_foot(ground.graph, among & ~ground.is_water)
    if not (pieces >= 0).any():
        return np.flatnonzero(among)
    areas = np.bincount(pieces[pieces >= 0], weights=ground.graph.area[pieces >= 0])
    return np.flatnonzero(pieces == np.argmax(areas))


def with_attachments(ground: Ground, labels: Ints) -> Ints:
    """Give every water cell and unpeopled piece to the grid along its longest border; locked grids take nothing in."""
    if (labels >= 0).all():
        return labels
    is_open, now = np.flatnonzero(~ground.is_locked), labels.copy()
    pieces = pieces_on_foot(ground.graph, (labels < 0) & ~ground.is_water & ~ground.is_locked)
    water = np.flatnonzero(ground.is_water)
    pieces[water] = pieces.max() + 1 + np.arange(len(water))
    graph = ground.graph if len(is_open) == len(labels) else subgraph(ground.graph, is_open)
    now[is_open] = attached(graph, labels[is_open], pieces[is_open])
    return now


def middles_of(ground: Ground, labels: Ints) -> Floats:
    """Return the middle of the land of each grid in metres (of all its cells, if it has no land)."""
    weight = np.where(ground.is_water, 1e-9, 1.0) * ground.graph.area
    total = np.bincount(labels, weights=weight)
    x = np.bincount(labels, weights=weight * ground.graph.x) / total
    y = np.bincount(labels, weights=weight * ground.graph.y) / total
    return np.column_stack([x, y])
