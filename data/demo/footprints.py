"""Footprints: the shapes of buildings - slabs with stair bays, towers with notches, plain and winged blocks.

Rings are drawn around the origin with the long side level and the entrance side up, then turned and moved.
"""

from collections.abc import Callable

import numpy as np

from data.demo.draft import Points, turned

Shape = Callable[[float, float, int], Points]


def plain(length: float, depth: float, units: int) -> Points:
    """A rectangle (open ring, counter-clockwise)."""
    del units
    x, y = length / 2, depth / 2
    return np.array([[-x, -y], [x, -y], [x, y], [-x, y]])


def slab(length: float, depth: float, units: int) -> Points:
    """A row of flats with a bay for each stairwell on its north side."""
    x, y = length / 2, depth / 2
    points = [[-x, -y], [x, -y], [x, y - 1.2]]
    for unit in reversed(range(units)):
        middle = -x + (unit + 0.5) * length / units
        points += [[middle + 1.8, y - 1.2], [middle + 1.8, y], [middle - 1.8, y], [middle - 1.8, y - 1.2]]
    return np.array([*points, [-x, y - 1.2]])


def tower(length: float, depth: float, units: int) -> Points:
    """High-rise flats: notched corners where there is one stairwell, notched between stairwells else."""
    x, y = length / 2, depth / 2
    if units <= 1:
        a, b, c = x * 0.62, y * 0.5, y * 0.84
        half = [[a, -y], [a, -b], [x, -b], [x, b * 0.9], [a, b * 0.9], [a, c], [x * 0.22, c], [x * 0.22, y]]
        return np.array([*half, *[[-px, py] for px, py in reversed(half)]])
    south, north = [[-x, -y]], []
    for unit in range(1, units):
        middle = -x + unit * length / units
        south += [[middle - 2, -y], [middle - 2, -y + 2.6], [middle + 2, -y + 2.6], [middle + 2, -y]]
        north += [[middle - 2, y], [middle - 2, y - 1.8], [middle + 2, y - 1.8], [middle + 2, y]]
    return np.array([*south, [x, -y], [x, y], *reversed(north), [-x, y]])


def winged(length: float, depth: float, units: int) -> Points:
    """A block with two wings to the south, as schools, hospitals and offices have."""
    del units
    x, y, wing = length / 2, depth / 2, min(14.0, length / 4)
    deep = y - min(13.0, depth * 0.55)
    return np.array(
        [[-x, -y], [-x + wing, -y], [-x + wing, deep], [x - wing, deep], [x - wing, -y], [x, -y], [x, y], [-x, y]]
    )


def stepped(length: float, depth: float, units: int) -> Points:
    """A podium with cut corners, as malls have."""
    del units
    x, y = length / 2, depth / 2
    cut = min(x, y) * 0.3
    return np.array(
        [[-x + cut, -y], [x - cut, -y], [x, -y + cut], [x, y - cut * 0.5], [x * 0.5, y], [-x, y], [-x, -y + cut]]
    )


def placed(ring: Points, x: float, y: float, angle: float) -> Points:
    """Return a footprint turned by an angle (radians) and moved to (x, y)."""
    return np.asarray(turned(ring, angle) + np.array([x, y]))


def stadium(length: float, width: float) -> Points:
    """A running track: two half circles and two straights (open ring)."""
    radius = width / 2
    angles = np.linspace(-np.pi / 2, np.pi / 2, 10)
    right = np.column_stack([length / 2 - radius + radius * np.cos(angles), radius * np.sin(angles)])
    return np.vstack([right, -right])
