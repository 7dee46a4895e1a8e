"""The map of a notice board: one grid with its streets, numbered buildings, compounds and stations, as paths of an SVG.

Coordinates come in metres of one local zone and leave in whole units of the drawing, y downwards. The same drawing
serves the poster (`POSTER`) and, lighter, the web board (`WEB`).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
import shapely.affinity
from numpy.typing import NDArray

from maps.map_labels import LabelRoom, MapLabel, label_along, label_beside, label_inside, text_width

MARGIN_SHARE, LEAST_M = 0.07, 140.0
SCALES_M = (10, 20, 50, 100, 200, 500, 1000, 2000)
WIDTHS_M = {"major": 13.0, "minor": 6.5, "path": 2.0}
SPECK = 6.0  # square units: smaller shapes are dust
SHORT = re.compile(r"(?:[0-9A-Za-z]+|[一二三四五六七八九十]+)(?:-\d+)?(?:号楼|[号栋幢座])$")
Place = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Named = tuple[shapely.Geometry, str]


@dataclass(frozen=True, slots=True)
class Footprint:
    """A building: polygon, what it is called, whether it lies in the grid."""

    shape: shapely.Geometry
    name: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Street:
    """A street: line, look (major, minor, path), name (may be empty)."""

    shape: shapely.Geometry
    look: str
    name: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A station: its number in the list, point, colour."""

    number: int
    shape: shapely.Geometry
    colour: str


@dataclass(frozen=True, slots=True)
class BoardGround:
    """What there is on the ground, in metres; neighbours and compounds with their names."""

    grid: shapely.Geometry
    neighbours: Sequence[Named] = ()
    buildings: Sequence[Footprint] = ()
    compounds: Sequence[Named] = ()
    streets: Sequence[Street] = ()
    water: Sequence[shapely.Geometry] = ()
    streams: Sequence[shapely.Geometry] = ()
    greens: Sequence[shapely.Geometry] = ()
    rails: Sequence[shapely.Geometry] = ()
    marks: Sequence[Mark] = ()


@dataclass(frozen=True, slots=True)
class MapLook:
    """How large it is drawn, in units; `letter`: the size of a building's number.

    `is_light`: buildings of others are left out, and outlines are simplified to `tolerance` units.
    """

    width: int
    height: int
    letter: float
    is_light: bool = False
    tolerance: float = 0.4


POSTER = MapLook(2730, 1740, 30)
WEB = MapLook(1000, 1000, 27, is_light=True, tolerance=1.2)


@dataclass(frozen=True, slots=True)
class BoardMap:
    """The drawing: SVG paths, labels and marks in a box of `width` x `height` units.

    Attributes
    ----------
    streets
        (units wide, path), paths first, main roads last.
    bar
        Metres and units of the scale bar.
    letter
        Size of a building's number: other sizes follow from it.
    """

    width: int
    height: int
    letter: float
    water: str
    streams: str
    greens: str
    rails: str
    streets: tuple[tuple[float, str], ...]
    others: str
    own: str
    compounds: str
    neighbours: str
    outside: str
    grid: str
    labels: tuple[MapLabel, ...]
    marks: tuple[tuple[int, float, float, str], ...]
    bar: tuple[int, float]


def window_of(grid: shapely.Geometry, look: MapLook) -> shapely.Polygon:
    """Return what of the ground the map shows: the grid, a margin, and what the drawing's shape adds. In metres."""
    west, south, east, north = shapely.bounds(grid)
    wide, high = (max(side, LEAST_M) * (1 + 2 * MARGIN_SHARE) for side in (east - west, north - south))
    wide, high = max(wide, high * look.width / look.height), max(high, wide * look.height / look.width)
    x, y = (west + east) / 2, (south + north) / 2
    window: shapely.Polygon = shapely.box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
    return window


def board_map(ground: BoardGround, look: MapLook) -> BoardMap:
    """Return the drawing of a grid."""
    pen = _Pen(ground.grid, look)
    others = [] if look.is_light else [one.shape for one in ground.buildings if not one.is_own]
    grid, window = pen.drawn([ground.grid])[0], shapely.box(0, 0, look.width, look.height)
    return BoardMap(
        width=look.width, height=look.height, letter=look.letter,
        water=pen.path(ground.water), streams=pen.path(ground.streams),
        greens=pen.path(ground.greens), rails=pen.path(ground.rails),
        streets=tuple(
            (round(max(WIDTHS_M[kind] * pen.scale, look.letter / 5), 1), path)
            for kind in reversed(WIDTHS_M)
            if (path := pen.path([street.shape for street in ground.streets if street.look == kind]))
        ),
        others=pen.path(others), own=pen.path([one.shape for one in ground.buildings if one.is_own]),
        compounds=pen.path([shape for shape, _ in ground.compounds]),
        neighbours=pen.path([shape for shape, _ in ground.neighbours]),
        outside=_path(shapely.difference(window, grid)), grid=_path(grid),
        labels=tuple(_labels(ground, pen)), marks=tuple(_marks(ground.marks, pen)),
        bar=_bar(pen),
    )  # fmt: skip


class _Pen:
    """Turns metres into units of the drawing, cut to its frame."""

    def __init__(self, grid: shapely.Geometry, look: MapLook) -> None:
        self.look, self.window = look, window_of(grid, look)
        self.west, south, self.east, self.north = shapely.bounds(self.window)
        self.south = south
        self.scale = look.width / (self.east - self.west)

    def drawn(self, shapes: Sequence[shapely.Geometry]) -> NDArray[np.object_]:
        """Return shapes in units, cut to the frame and simplified; some may be empty."""
        if len(shapes) == 0:
            return np.array([], dtype=object)
        pad = 0.02 * (self.east - self.west)  # so that no outline runs along the frame
        cut = shapely.clip_by_rect(
            np.array(shapes, dtype=object), self.west - pad, self.south - pad, self.east + pad, self.north + pad
        )
        placed: NDArray[np.object_] = shapely.simplify(shapely.transform(cut, self._place), self.look.tolerance)
        return placed

    def path(self, shapes: Sequence[shapely.Geometry]) -> str:
        """Return shapes as one path."""
        return "".join(_path(shape) for shape in self.drawn(shapes))

    def _place(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([(points[:, 0] - self.west) * self.scale, (self.north - points[:, 1]) * self.scale])


def _bar(pen: _Pen) -> tuple[int, float]:
    length_m = max((one for one in SCALES_M if one * pen.scale <= pen.look.width / 5), default=SCALES_M[0])
    return length_m, round(length_m * pen.scale, 1)


def _marks(marks: Sequence[Mark], pen: _Pen) -> list[tuple[int, float, float, str]]:
    rows = []
    for mark, shape in zip(marks, pen.drawn([mark.shape for mark in marks]), strict=True):
        if shapely.is_empty(shape):
            continue
        ((x, y),) = shapely.get_coordinates(shape)
        if 0 < x < pen.look.width and 0 < y < pen.look.height:
            rows.append((mark.number, round(float(x), 1), round(float(y), 1), mark.colour))
    return rows


def _labels(ground: BoardGround, pen: _Pen) -> list[MapLabel]:
    """Return what is written, the most important placed first: stations, compass and scale keep their room."""
    letter, look = pen.look.letter, pen.look
    room = LabelRoom(look.width, look.height)
    for _, x, y, _ in _marks(ground.marks, pen):
        room.boxes.append((x - letter, y - letter, x + letter, y + letter))
    room.boxes.append((look.width - 4.5 * letter, 0, look.width, 5 * letter))
    room.boxes.append((0, look.height - 3 * letter, 2 * letter + _bar(pen)[1], look.height))
    grid = pen.drawn([ground.grid])[0]
    labels = _street_labels(ground.streets, pen, room)
    labels += _compound_labels(ground, pen, room, grid)
    labels += _building_labels(ground.buildings, pen, room)
    for shape, name in _seen(ground.neighbours, pen):
        placed = label_inside(room, shape, [name], [letter * 1.15, letter * 0.9], "grid", spill=0)
        labels += [placed] if placed else []
    return labels


def _street_labels(streets: Sequence[Street], pen: _Pen, room: LabelRoom) -> list[MapLabel]:
    """Return each named street's name once, on its longest stretch; main roads first."""
    rank = {"major": 0, "minor": 1, "path": 2}
    named: dict[str, list[Street]] = {}
    for street in streets:
        if street.name:
            named.setdefault(street.name, []).append(street)
    labels: list[MapLabel] = []
    for name, parts in sorted(named.items(), key=lambda item: (min(rank[one.look] for one in item[1]), item[0])):
        size = pen.look.letter * (1.1 if min(rank[one.look] for one in parts) == 0 else 0.9)
        lines = shapely.get_parts(shapely.line_merge(shapely.union_all(pen.drawn([one.shape for one in parts]))))
        for line in sorted(lines, key=shapely.length, reverse=True)[:3]:
            found = label_along(room, line, name, size) if line.geom_type == "LineString" else []
            labels += found
            if found:
                break
    return labels


def _compound_labels(ground: BoardGround, pen: _Pen, room: LabelRoom, grid: shapely.Geometry) -> list[MapLabel]:
    """Return the names of compounds over what the grid holds of them, a little off their middle where that is taken."""
    labels, letter = [], pen.look.letter
    for shape, name in _seen(ground.compounds, pen):
        part = shapely.intersection(shapely.make_valid(shape), grid)
        if not name or shapely.area(part) < 40 * letter * letter:
            continue
        for step in (0.0, -1.6, 1.6, -3.2, 3.2):
            moved = shapely.affinity.translate(part, yoff=step * letter)
            placed = label_inside(room, moved, [name], [letter * 1.25, letter], "compound", spill=0)
            if placed:
                labels.append(placed)
                break
    return labels


def _building_labels(buildings: Sequence[Footprint], pen: _Pen, room: LabelRoom) -> list[MapLabel]:
    """Return the numbers of the grid's own buildings, the largest first: on them, else beside, in short if need be."""
    own = [one for one in buildings if one.is_own and one.name]
    shapes = pen.drawn([one.shape for one in own])
    labels, letter = [], pen.look.letter
    solid = LabelRoom(
        pen.look.width, pen.look.height, [_bounds(shape) for shape in shapes if not shapely.is_empty(shape)]
    )
    for at in sorted(range(len(own)), key=lambda at: -float(shapely.area(shapes[at]))):
        if shapely.is_empty(shapes[at]) or shapely.area(shapes[at]) < SPECK:
            continue
        texts = short_names(own[at].name)
        sizes = (letter, letter * 0.82, letter * 0.68)
        placed = label_inside(room, shapes[at], texts[:1], sizes, "building", spill=0.05)
        for text in texts:
            placed = placed or label_beside(room, shapes[at], text, sizes[-1], "building", solid=solid)
        placed = placed or label_inside(room, shapes[at], texts[-1:], sizes[-1:], "building", spill=1.2)
        labels += [placed] if placed else []
    return labels


def _bounds(shape: shapely.Geometry) -> tuple[float, float, float, float]:
    west, north, east, south = (float(side) for side in shapely.bounds(shape))
    return west, north, east, south


def short_names(name: str) -> list[str]:
    """Return what a building may be called on the map, the fullest first: 云溪苑3栋 is 3栋, at the least 3."""
    found = SHORT.search(name)
    if not found:
        return [name]
    number = re.match(r"[0-9A-Za-z]+(?:-\d+)?", found.group())
    return [found.group(), *([number.group()] if number else [])]


def _seen(named: Sequence[Named], pen: _Pen) -> Iterable[Named]:
    """Return what is seen of each, in units."""
    shapes = pen.drawn([shape for shape, _ in named])
    frame = shapely.box(0, 0, pen.look.width, pen.look.height)
    for shape, (_, name) in zip(shapes, named, strict=True):
        seen = shapely.intersection(shapely.make_valid(shape), frame)
        if not shapely.is_empty(seen) and shapely.area(seen) > text_width(name, pen.look.letter) * pen.look.letter:
            yield seen, name


def _path(shape: shapely.Geometry) -> str:
    return "".join(
        _line(shapely.get_coordinates(line), isinstance(line, shapely.LinearRing))
        for part in shapely.get_parts(shape)
        for line in _lines(part)
    )


def _lines(part: shapely.Geometry) -> list[shapely.LineString]:
    if isinstance(part, shapely.Polygon):
        rings = [part.exterior, *part.interiors]
        return [ring for ring in rings if shapely.area(shapely.polygons(ring)) >= SPECK]
    return [part] if isinstance(part, shapely.LineString) else []


def _line(points: NDArray[np.float64], is_ring: bool) -> str:
    """Return a line in relative steps of whole units: a third of the bytes of absolute decimals."""
    whole = np.rint(points).astype(int)
    steps = np.diff(whole[:-1] if is_ring else whole, axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    if len(steps) < (2 if is_ring else 1):
        return ""
    told = " ".join(f"{x} {y}" for x, y in steps)
    return f"M{whole[0, 0]} {whole[0, 1]}l{told}{'z' if is_ring else ''}"
