"""Rows: straight rows of buildings inside an outline, with lanes between them and a spine across.

Worked in a frame turned so that rows run level: rows face the sun as far as the block allows, and are
spaced evenly from wall to wall, as planned housing is.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from data.demo.draft import Points, following

Span = tuple[float, float]
PHASES = 8  # beginnings of the first row that are tried


@dataclass(frozen=True)
class RowRule:
    """How rows of one kind of building stand, in metres; a building is `units` of `unit_m` long."""

    units: tuple[int, int]
    unit_m: tuple[float, float]
    depth_m: tuple[float, float]
    aisle_m: tuple[float, float]
    gap_m: float
    odds: float = 1.0


@dataclass(frozen=True)
class Bar:
    """One building of a row, in the turned frame."""

    x: float
    y: float
    length: float
    depth: float
    units: int


@dataclass(frozen=True)
class Rows:
    """Buildings, the heights of the lanes between rows with their spans, and the spine's x."""

    bars: list[Bar]
    lanes: list[tuple[float, Span]]
    spine: float


def facing(ring: Points) -> float:
    """Return the angle of rows: along the outline's sides, as near to east-west as they allow (radians)."""
    edges = following(ring) - ring
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    turns = np.exp(4j * np.arctan2(edges[:, 1], edges[:, 0]))  # sides and their right angles count as one
    return float(np.angle(np.sum(lengths * turns)) / 4)


def spans(ring: Points, y: float) -> list[Span]:
    """Return where the level line at `y` lies inside an open ring, west to east."""
    after = following(ring)
    cross = (ring[:, 1] > y) != (after[:, 1] > y)
    a, b = ring[cross], after[cross]
    at = np.sort(a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0]))
    return list(zip(at[0::2].tolist(), at[1::2].tolist(), strict=False))


def shared(first: list[Span], second: list[Span]) -> list[Span]:
    """Return where two lists of spans overlap."""
    both = ((max(a, c), min(b, d)) for a, b in first for c, d in second)
    return [(low, high) for low, high in both if high > low]


def lay_rows(ring: Points, rule: RowRule, rng: np.random.Generator, *, spine: float | None = None) -> Rows:
    """Fill an open ring (already turned level) with rows.

    Parameters
    ----------
    ring
        The ground that may be built on.
    rule
        Sizes.
    rng
        The random stream.
    spine
        Where the path across the rows runs; in the middle where not given.
    """
    spine = _spine(ring, rule, rng) if spine is None else spine
    depth, aisle = rng.uniform(*rule.depth_m), rng.uniform(*rule.aisle_m)
    levels = _levels(ring, (depth, aisle), rule.units[0] * rule.unit_m[0] + 1, spine)
    bars: list[Bar] = []
    for level in levels:
        free = shared(spans(ring, level - depth / 2 + 0.3), spans(ring, level + depth / 2 - 0.3))
        for start, end in (piece for span in free for piece in _beside(span, spine)):
            bars += _packed(start, end, (level, depth), rule, rng)
    lanes = [(a + b) / 2 for a, b in pairwise(levels)]
    return Rows(bars, _crossed(ring, lanes, spine), spine)


def _levels(ring: Points, size: Span, least_m: float, spine: float) -> list[float]:
    """Return the levels of rows, a depth and an aisle apart, begun where they have most room altogether."""
    depth, aisle = size
    low, high = float(ring[:, 1].min()), float(ring[:, 1].max())
    steps = np.arange(low + depth / 2, high - depth / 2 + 0.01, (depth + aisle) / PHASES)
    room = [
        sum(
            b - a
            for span in shared(spans(ring, level - depth / 2 + 0.3), spans(ring, level + depth / 2 - 0.3))
            for a, b in _beside(span, spine)
            if b - a > least_m
        )
        for level in steps.tolist()
    ]
    totals = [sum(room[phase::PHASES]) for phase in range(PHASES)]
    best = int(np.argmax(totals))
    return [level for level, width in zip(steps[best::PHASES].tolist(), room[best::PHASES], strict=True) if width > 0]


def _spine(ring: Points, rule: RowRule, rng: np.random.Generator) -> float:
    """Return where the spine runs: near the middle, or along the side of ground too narrow for two rows."""
    west, east = float(ring[:, 0].min()), float(ring[:, 0].max())
    least = rule.units[0] * rule.unit_m[0]
    if east - west < 2 * least + 24:
        return west + 5.0 if rng.random() < 0.5 else east - 5.0
    return (west + east) / 2 + float(rng.uniform(-0.08, 0.08)) * (east - west - 2 * least)


def _beside(span: Span, spine: float, half_m: float = 4.5) -> list[Span]:
    start, end = span
    if not start < spine < end:
        return [span]
    return [(start, spine - half_m), (spine + half_m, end)]


def _crossed(ring: Points, lanes: list[float], spine: float) -> list[tuple[float, Span]]:
    found = []
    for level in lanes:
        around = [span for span in spans(ring, level) if span[0] + 3 < spine < span[1] - 3]
        found += [(level, span) for span in around]
    return found


def _packed(start: float, end: float, place: Span, rule: RowRule, rng: np.random.Generator) -> list[Bar]:
    """Stand buildings side by side from `start` to `end`, and share what room is left between them."""
    level, depth = place
    room = end - start
    chosen: list[tuple[int, float]] = []
    while True:
        units = int(rng.integers(rule.units[0], rule.units[1] + 1))
        unit = rng.uniform(*rule.unit_m)
        gap = rule.gap_m if chosen else 0.0
        while units > rule.units[0] and gap + units * unit > room:
            units -= 1
        if gap + units * unit > room:
            break
        chosen.append((units, units * unit))
        room -= gap + units * unit
    slack = room / max(1, len(chosen) - 1) if len(chosen) > 1 else 0.0
    slack = min(slack, 9.0)
    at = start + (room - slack * max(0, len(chosen) - 1)) * rng.uniform(0.2, 0.8)
    bars = []
    for units, length in chosen:
        if rng.random() < rule.odds:
            bars.append(Bar(at + length / 2, level, length, depth, units))
        at += length + rule.gap_m + slack
    return bars
