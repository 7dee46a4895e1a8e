"""Words on a map: where names of streets, buildings and places go so that none lies over another.

Everything is in the units of the drawing, y downwards. Whoever is placed first keeps the place; what finds none is left
out. Method: greedy placing in order of importance, as hand-made plans are lettered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

Kind = Literal["building", "street", "compound", "grid"]
Box = tuple[float, float, float, float]
NARROW_EM, LINE_EM = 0.58, 1.15  # of a letter that is no Chinese character; of a line
STEEP_DEG = 55.0  # a street steeper than this carries its name letter under letter, as Chinese maps do
STRAIGHT_SHARE = 0.97
SPOTS = (0.5, 0.35, 0.65, 0.2, 0.8)


@dataclass(frozen=True, slots=True)
class MapLabel:
    """One text: its middle, its size in units, how it is turned (degrees, clockwise)."""

    text: str
    x: float
    y: float
    size: float
    kind: Kind
    angle: float = 0.0


def text_width(text: str, size: float) -> float:
    """Return how wide a text is set, about."""
    return size * sum(1.0 if ord(letter) > 0x2E7F else NARROW_EM for letter in text)


@dataclass
class LabelRoom:
    """The paper that is left: boxes taken so far, inside a frame."""

    width: float
    height: float
    boxes: list[Box] = field(default_factory=list)

    def take(self, wanted: Sequence[Box]) -> bool:
        """Take boxes, all or none; return whether they were free and inside the frame."""
        if any(not self.is_free(box) for box in wanted):
            return False
        self.boxes.extend(wanted)
        return True

    def is_free(self, box: Box) -> bool:
        """Return whether a box lies inside the frame and over nothing that is taken."""
        left, top, right, bottom = box
        if left < 4 or top < 4 or right > self.width - 4 or bottom > self.height - 4:
            return False
        return not any(left < r and right > x and top < b and bottom > y for x, y, r, b in self.boxes)


def label_inside(
    room: LabelRoom, shape: shapely.Geometry, texts: Sequence[str], sizes: Iterable[float], kind: Kind, *, spill: float
) -> MapLabel | None:
    """Place the first of `texts` that fits over a shape, at the largest of `sizes`; None where none does.

    Parameters
    ----------
    spill
        How far it may reach beyond the shape's box in all, in letters.
    """
    west, north, east, south = shapely.bounds(shape)
    middle = _middle(shape)
    for text in dict.fromkeys(texts):
        for size in sizes:
            wide = text_width(text, size)
            if not text or wide > east - west + spill * size or size > south - north + spill * size:
                continue
            if room.take([_box(*middle, wide, size * LINE_EM)]):
                return MapLabel(text, *middle, size, kind)
    return None


def label_beside(
    room: LabelRoom, shape: shapely.Geometry, text: str, size: float, kind: Kind, *, solid: LabelRoom
) -> MapLabel | None:
    """Place a text right of a small shape, left of it, below or above, over nothing solid; None where none is free."""
    west, north, east, south = (float(side) for side in shapely.bounds(shape))
    wide, high, gap = text_width(text, size), size * LINE_EM, size * 0.25
    x, y = (west + east) / 2, (north + south) / 2
    for place in (
        (east + gap + wide / 2, y), (west - gap - wide / 2, y), (x, south + high / 2), (x, north - high / 2),
    ):  # fmt: skip
        box = _box(*place, wide, high)
        if solid.is_free(box) and room.take([box]):
            return MapLabel(text, round(place[0], 1), round(place[1], 1), size, kind)
    return None


def label_along(room: LabelRoom, line: shapely.LineString, text: str, size: float) -> list[MapLabel]:
    """Place a street's name on a straight stretch of it, or nothing; on a steep one letter by letter."""
    length, wide = shapely.length(line), text_width(text, size)
    if length < wide * 1.3:
        return []
    for spot in SPOTS:
        reach = (length * spot - wide / 2, length * spot + wide / 2)
        if reach[0] < 0 or reach[1] > length:
            continue
        ends = shapely.get_coordinates(shapely.line_interpolate_point(line, reach))
        labels = _along(ends, text, size)
        if labels and room.take([_box(one.x, one.y, size, size) for one in _letters(ends, text, size)]):
            return labels
    return []


def _along(ends: NDArray[np.float64], text: str, size: float) -> list[MapLabel]:
    """Return the name between two points, left to right, or letter under letter; nothing where they are no stretch."""
    chord = ends[1] - ends[0]
    if np.hypot(*chord) < STRAIGHT_SHARE * text_width(text, size):
        return []
    angle = float(np.degrees(np.arctan2(chord[1], chord[0])))
    angle = (angle + 90) % 180 - 90
    if abs(angle) > STEEP_DEG:
        return _letters(ends, text, size)
    x, y = (ends[0] + ends[1]) / 2
    return [MapLabel(text, round(float(x), 1), round(float(y), 1), size, "street", round(angle, 1))]


def _letters(ends: NDArray[np.float64], text: str, size: float) -> list[MapLabel]:
    """Return each letter upright on the way between two points: from the left, on steep ways from the top."""
    first, last = ends
    is_steep = abs(last[1] - first[1]) > abs(last[0] - first[0])
    if (last[1] < first[1]) if is_steep else (last[0] < first[0]):
        first, last = last, first
    steps = (np.arange(len(text)) + 0.5) / len(text)
    places = first + steps[:, None] * (last - first)
    return [
        MapLabel(letter, round(float(x), 1), round(float(y), 1), size, "street")
        for letter, (x, y) in zip(text, places, strict=True)
    ]


def _middle(shape: shapely.Geometry) -> tuple[float, float]:
    """Return a point inside a shape, its centroid where that lies inside."""
    centre = shapely.centroid(shape)
    inside = centre if shapely.covers(shape, centre) else shapely.point_on_surface(shape)
    ((x, y),) = shapely.get_coordinates(inside)
    return round(float(x), 1), round(float(y), 1)


def _box(x: float, y: float, wide: float, high: float) -> Box:
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2
