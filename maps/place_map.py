"""The small map of an answer: the grid, or the grids to choose from, the streets around, and the place asked for.

It is a light SVG in the page, so it is there before any map library, and without scripts. What is drawn of the ground
is drawn once a grid (`PlaceGround`); the place itself is put on it for each answer and kept nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from markupsafe import Markup
from numpy.typing import NDArray

from maps.board_map import BoardGround, BoardMap, MapLook, Named, Street, board_map, window_of
from maps.map_labels import MapLabel
from maps.words import environment

LOOK = MapLook(1000, 520, 40, is_light=True, tolerance=3.0)
BYTES_MAX = 5_500
TOLERANCES = (3.0, 6.0, 10.0)
LANE_M = 8.0
HALF = 24.0  # of a letter of a grid to choose, in units
LABELS = ("street", "compound", "grid")
LEAST_RADIUS, MOST_RADIUS = 26.0, 420.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A grid on the map: its outline as a path, what it is called and where that is written (units)."""

    path: str
    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Pin:
    """The place asked for, in units, and how far off it may be."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class PlaceGround:
    """What is drawn whatever place is asked for.

    Attributes
    ----------
    window
        What of the ground is shown: a box in metres.
    scale
        Units a metre.
    """

    drawn: BoardMap
    choices: tuple[Choice, ...]
    window: shapely.Polygon
    scale: float

    @classmethod
    def of(cls, ground: BoardGround, grids: Sequence[Named]) -> "PlaceGround":
        """Draw the ground around grids; `ground.grid` is their union, in metres as they are."""
        window = window_of(ground.grid, LOOK)
        west, _, east, north = shapely.bounds(window)
        scale = LOOK.width / (east - west)
        choices = tuple(_choice(shape, name, west=west, north=north, scale=scale) for shape, name in grids)
        drawn = _light(ground, names={name for _, name in grids})
        if len(choices) > 1:
            drawn = replace(drawn, labels=tuple(label for label in drawn.labels if not _is_covered(label, choices)))
        return cls(drawn, choices, window, scale)

    def pin(self, x: float, y: float, accuracy_m: float) -> Pin | None:
        """Return where a place lies (metres in, units out); None where the map does not show it."""
        if not shapely.contains_xy(self.window, x, y):
            return None
        west, _, _, north = shapely.bounds(self.window)
        radius = min(max(accuracy_m * self.scale, LEAST_RADIUS), MOST_RADIUS)
        return Pin(round((x - west) * self.scale, 1), round((north - y) * self.scale, 1), round(radius, 1))


def place_map(ground: PlaceGround, pin: Pin | None, title: str) -> Markup:
    """Return the map as an SVG; `title` is what a screen reader says of it."""
    return _svg(ground.drawn, ground.choices, pin, title)


def _light(ground: BoardGround, *, names: set[str]) -> BoardMap:
    """Return the drawing, coarser until it is light, at last without houses."""
    ground = replace(ground, greens=_sheets(ground.greens), streets=_whole(ground.streets))
    for tolerance in TOLERANCES:
        drawn = _drawn(ground, replace(LOOK, tolerance=tolerance), names)
        if len(_svg(drawn, (), None, "").encode()) <= BYTES_MAX:
            return drawn
    return _drawn(replace(ground, buildings=()), replace(LOOK, tolerance=TOLERANCES[-1]), names)


def _sheets(shapes: Sequence[shapely.Geometry]) -> list[shapely.Geometry]:
    """Return greens with the lanes between them closed: many fields are a few sheets."""
    if not shapes:
        return []
    whole = shapely.union_all(shapely.buffer(np.array(shapes, dtype=object), LANE_M, join_style="mitre"))
    return [shapely.buffer(whole, -LANE_M, join_style="mitre")]


def _whole(streets: Sequence[Street]) -> list[Street]:
    """Return each street in as few lines as it has; paths are left out."""
    named: dict[tuple[str, str], list[shapely.Geometry]] = {}
    for street in streets:
        if street.look != "path":
            named.setdefault((street.look, street.name), []).append(street.shape)
    return [
        Street(shapely.line_merge(shapely.union_all(np.array(shapes, dtype=object))), look, name)
        for (look, name), shapes in named.items()
    ]


def _drawn(ground: BoardGround, look: MapLook, names: set[str]) -> BoardMap:
    drawn = board_map(ground, look)
    kept = tuple(label for label in drawn.labels if label.kind in LABELS and label.text not in names)
    return replace(drawn, labels=kept)


def _is_covered(label: MapLabel, choices: Sequence[Choice]) -> bool:
    """Return whether the name of a grid to choose lies where a label would."""
    return any(
        abs(label.y - choice.y) < LOOK.letter and abs(label.x - choice.x) < (len(label.text) + len(choice.name)) * HALF
        for choice in choices
    )  # fmt: skip


def _choice(shape: shapely.Geometry, name: str, *, west: float, north: float, scale: float) -> Choice:
    def placed(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([(points[:, 0] - west) * scale, (north - points[:, 1]) * scale])

    drawn = shapely.simplify(shapely.transform(shape, placed), LOOK.tolerance)
    middle = shapely.point_on_surface(drawn)
    return Choice(_path(drawn), name, round(middle.x, 1), round(middle.y, 1))


def _path(shape: shapely.Geometry) -> str:
    rings = [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)]
    return "".join(_ring(np.rint(shapely.get_coordinates(ring)).astype(int)) for ring in rings)


def _ring(points: NDArray[np.int_]) -> str:
    return "M" + " ".join(f"{x} {y}" for x, y in points[:-1]) + "z"


def _svg(drawn: BoardMap, choices: Sequence[Choice], pin: Pin | None, title: str) -> Markup:
    html = environment("zh").get_template("_place_map.svg").render(
        map=drawn, choices=choices, pin=pin, map_title=title
    )  # fmt: skip
    return Markup(html)  # noqa: S704  # our own template, which escapes what it is given
