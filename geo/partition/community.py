"""One community's plan: dedicated grids, cells above the band, pieces divided, the rest attached."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from geo.naming import reading_order
from geo.partition.attachment import attached, longest_borders
from geo.partition.bands import Band
from geo.partition.dedicated import dedicated_units
from geo.partition.exceptions import Finding, findings_of
from geo.partition.graph import Flags, Floats, Ints, pieces_on_foot, subgraph
from geo.partition.ground import Ground
from geo.partition.solver import divide_in_band


class Wishes(NamedTuple):
    """What a plan is asked for: band, uses that get dedicated grids, and how large those must be."""

    band: Band
    dedicated_uses: Collection[str]
    dedicated_min_m2: float


class CommunityPlan(NamedTuple):
    """Grid of each cell (0..k-1 in reading order), whether each grid is dedicated, exceptions."""

    labels: Ints
    dedicated: Flags
    findings: list[Finding]


def plan_of(ground: Ground, wishes: Wishes, *, rng: np.random.Generator) -> CommunityPlan:
    """Return a plan in which every cell of the community is in exactly one grid."""
    labels = np.full(ground.graph.size, -1, dtype=np.int64)
    units = dedicated_units(ground, uses=wishes.dedicated_uses, min_m2=wishes.dedicated_min_m2, band=wishes.band)
    for number, members in enumerate(units):
        labels[members] = number
    labels = with_towers(ground, labels, wishes.band)
    labels = with_divisions(ground, labels, wishes.band, rng=rng)
    labels = with_attachments(ground, labels)
    middles = middles_of(ground, labels)
    rank = np.empty(len(middles), dtype=np.int64)
    rank[reading_order(middles[:, 0], middles[:, 1])] = np.arange(len(middles))
    dedicated = np.zeros(len(middles), dtype=np.bool_)
    dedicated[rank[: len(units)]] = True
    return CommunityPlan(rank[labels], dedicated, findings_of(ground, rank[labels], dedicated, wishes.band))


def with_towers(ground: Ground, labels: Ints, band: Band) -> Ints:
    """Give every cell above the band its own grid, with the scraps of ground that only it connects.

    A scrap is a piece, left when those cells are set aside, that is unpeopled, or so small (under half
    the lower bound) that alone it would be further out of band than it puts its neighbour.
    """
    now = labels.copy()
    is_tower = (now < 0) & ~ground.is_water & (ground.households > band.hi)
    now[is_tower] = now.max() + 1 + np.arange(is_tower.sum())
    pieces = pieces_on_foot(ground.graph, (now < 0) & ~ground.is_water)
    masses = np.bincount(pieces[pieces >= 0], weights=ground.households[pieces >= 0])
    beside = ground.graph.foot & is_tower[ground.graph.idx]
    for piece, label in longest_borders(ground.graph, now, pieces, arcs=beside).items():
        if 2 * masses[piece] < band.lo:
            now[pieces == piece] = label
    return now


def with_divisions(ground: Ground, labels: Ints, band: Band, *, rng: np.random.Generator) -> Ints:
    """Divide every peopled piece that is left; unpeopled ground everywhere makes one grid of its own."""
    now = labels.copy()
    pieces = pieces_on_foot(ground.graph, (now < 0) & ~ground.is_water)
    masses = np.bincount(pieces[pieces >= 0], weights=ground.households[pieces >= 0])
    for piece in np.flatnonzero(masses):
        members = np.flatnonzero(pieces == piece)
        parts = divide_in_band(subgraph(ground.graph, members), ground.compound[members], band=band, rng=rng)
        now[members] = now.max() + 1 + parts
    if (now < 0).all():
        now[largest_ground(ground, pieces)] = 0
    return now


def largest_ground(ground: Ground, pieces: Ints) -> Ints:
    """Return the cells of the largest piece, or all cells where there is only water."""
    if not (pieces >= 0).any():
        return np.arange(len(pieces))
    areas = np.bincount(pieces[pieces >= 0], weights=ground.graph.area[pieces >= 0])
    return np.flatnonzero(pieces == np.argmax(areas))


def with_attachments(ground: Ground, labels: Ints) -> Ints:
    """Give every water cell and unpeopled piece to the grid along its longest border."""
    pieces = pieces_on_foot(ground.graph, ~ground.is_water)
    water = np.flatnonzero(ground.is_water)
    pieces[water] = pieces.max() + 1 + np.arange(len(water))
    return attached(ground.graph, labels, pieces)


def middles_of(ground: Ground, labels: Ints) -> Floats:
    """Return the middle of the land of each grid in metres (of all its cells, if it has no land)."""
    weight = np.where(ground.is_water, 1e-9, 1.0) * ground.graph.area
    total = np.bincount(labels, weights=weight)
    x = np.bincount(labels, weights=weight * ground.graph.x) / total
    y = np.bincount(labels, weights=weight * ground.graph.y) / total
    return np.column_stack([x, y])
