"""Limits: what each part of a division should hold, and how strongly each wish pulls while parts are shaped."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from geo.errors import InputError
from geo.partition.bands import Band
from geo.partition.graph import Floats, Graph, Ints

CUT, SPREAD, EVEN, KEEP = 1.0, 0.5, 0.5, 1000.0


class BadWeightError(InputError):
    """A weight is not a number from 0 to 100."""

    zh = "权重 {name} = {value} 不可用。请给出 0 到 100 之间的数：1 为默认强度，0 表示不考虑。"
    en = "The weight {name} = {value} cannot be used. Give a number from 0 (off) to 100; 1 is the default strength."


@dataclass(frozen=True)
class Weights:
    """How strongly each wish counts, beyond what must be: 1 is the default strength, 0 switches a wish off.

    Attributes
    ----------
    lines
        Borders run along roads, water, walls and rails.
    compact
        Grids are round rather than long.
    even
        Households of grids are near the middle of the band.
    compounds
        Borders keep out of compounds; those that fit are whole anyway where that is possible, unless this is 0.
    keep
        With an old plan: households stay in their grid, even at the price of shape.
    """

    lines: float = 1.0
    compact: float = 1.0
    even: float = 1.0
    compounds: float = 1.0
    keep: float = 1.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value <= 100:
                raise BadWeightError(name=name, value=value)


class Limits(NamedTuple):
    """By part: band of households and of people, households aimed at, and the side of a typical part (m)."""

    lo: Ints
    hi: Ints
    people_lo: Ints
    people_hi: Ints
    target: Floats
    side_m: Floats


class Pull(NamedTuple):
    """How strongly border, spread, evenness and the old plan pull; whether a part may lose its last node."""

    cut: float
    spread: float
    even: float
    keep: float
    may_empty: bool


def pull_of(weights: Weights, *, may_empty: bool) -> Pull:
    """Return the pull of planners' weights."""
    return Pull(CUT, SPREAD * weights.compact, EVEN * weights.even, KEEP * weights.keep, may_empty)


def limits_of(graph: Graph, labels: Ints, piece_of: Ints, band: Band) -> Limits:
    """Return the same band for every part; the side of a part is typical of its piece.

    Parameters
    ----------
    graph, labels
        A division into parts 0..k-1, -1 for nodes left out.
    piece_of
        Piece of each part.
    band
        Band of every part.
    """
    count = len(piece_of)
    inside = labels >= 0
    area = np.bincount(labels[inside], weights=graph.area[inside], minlength=count)
    pieces = int(piece_of.max(initial=-1)) + 1
    mean = np.bincount(piece_of, weights=area, minlength=pieces) / np.maximum(
        np.bincount(piece_of, minlength=pieces), 1
    )
    ones = np.ones(count, dtype=np.int64)
    return Limits(
        band.lo * ones,
        band.hi * ones,
        band.people_lo * ones,
        band.people_hi * ones,
        max(band.target, 1.0) * np.ones(count),
        np.sqrt(np.maximum(mean, 1.0))[piece_of],
    )
