"""Roads: the bones of the town in valley coordinates - ring, main roads, bridges, country roads.

A ring closes the town; main roads run along the valley inside it, cross roads climb from bank to bank;
country roads leave through the tile's borders at fixed places, so that the next town's meet them.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from data.demo.draft import Path, Points
from data.demo.valley import BANK_M, LATTICE_M, TRACK_M, Valley

ALONG = ("人民路", "中山路", "文化路", "环城北路")
ACROSS = ("解放路", "建设路", "云岭大道", "振兴路", "育才路", "迎宾路", "麒麟大道", "朝阳路")


@dataclass(frozen=True)
class Bones:
    """The roads, all in valley coordinates, and the ground the ring encloses."""

    paths: list[Path]
    core: shapely.Polygon
    old_town: Points


def lay_roads(valley: Valley, rng: np.random.Generator) -> Bones:
    """Return the main roads of a tile. Lines may cross; they are cut at crossings later."""
    north, south = _ring(valley, rng)
    core = shapely.Polygon(np.vstack([north, south]))
    old_u = valley.middle_m - rng.uniform(0.04, 0.12) * valley.core_m
    highway = _highway(valley, rng)
    paths = [
        Path(north, "primary", "环城北路"),
        *_over_rail(Path(south, "primary", "环城南路"), valley),
        *_along(valley, core, rng),
        *_across(valley, core, old_u, rng),
        *highway,
        *_country(valley, north, south, highway, rng),
    ]
    return Bones(paths, core, np.array([old_u, BANK_M + 0.3 * (valley.north_m - BANK_M)]))


def _wave(at: Points, height_m: float, rng: np.random.Generator) -> Points:
    lengths = rng.uniform(420, 1500, 3)
    return np.asarray(
        height_m * sum(np.sin(2 * np.pi * at / length + rng.uniform(0, 6.28)) for length in lengths) / 1.7
    )


def _ring(valley: Valley, rng: np.random.Generator) -> tuple[Points, Points]:
    angles = np.linspace(np.pi, 0, 2 * max(20, round(valley.core_m / 90)) + 1)
    along = np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** (2 / 3.6)
    rise = np.abs(np.sin(angles)) ** (2 / 3.0)
    u = valley.middle_m + along * valley.core_m / 2
    swell = 1 + 0.09 * np.sin(2 * np.pi * u / 1700 + rng.uniform(0, 6.28))
    reach = valley.north_m - BANK_M
    north = np.column_stack([u, BANK_M + reach * rise * swell + _wave(u, 0.04 * reach, rng) * rise])
    reach = valley.south_m - BANK_M
    south = np.column_stack([u, -BANK_M - reach * rise + _wave(u, 0.03 * reach, rng) * rise])
    return north, south[::-1].copy()


def _within(line: Points, ground: shapely.Polygon) -> list[Points]:
    inside = shapely.intersection(shapely.LineString(line), ground)
    parts = [part for part in shapely.get_parts(inside) if part.geom_type == "LineString" and part.length > 40]
    return [np.asarray(shapely.get_coordinates(part)) for part in parts]


def _over_rail(path: Path, valley: Valley) -> list[Path]:
    """Cut a way into what lies beside the railway and what goes over or under it."""
    track = shapely.box(-1e5, -valley.rail_m - TRACK_M, 1e5, -valley.rail_m + TRACK_M)
    line = shapely.LineString(path.coords)
    made = []
    for shape, is_bridge in ((shapely.difference(line, track), False), (shapely.intersection(line, track), True)):
        parts = [part for part in shapely.get_parts(shape) if part.geom_type == "LineString" and part.length > 0.1]
        made += [
            Path(np.asarray(shapely.get_coordinates(part)), path.road_class, path.name, is_bridge=is_bridge)
            for part in parts
        ]
    return made


def _along(valley: Valley, core: shapely.Polygon, rng: np.random.Generator) -> list[Path]:
    """Embankments, the roads along the valley, and the lanes beside the railway."""
    u = np.arange(valley.core_from - 60, valley.core_to + 60, 60.0)
    count = max(1, round((valley.north_m - BANK_M) / 215))
    lines = [(BANK_M, 0.0, "tertiary", "河滨北路"), (-BANK_M, 0.0, "tertiary", "河滨南路")]
    for number in range(2, count):
        level = BANK_M + (valley.north_m - BANK_M) * number / count
        lines.append((level, 26.0, "secondary", ALONG[number % len(ALONG)]))
    for number in range(1, max(1, round((valley.rail_m - BANK_M) / 260))):
        lines.append((-BANK_M - 200 * number, 15.0, "secondary", "振兴大道"))
    lines += [(-valley.rail_m + side * TRACK_M, 0.0, "service", "铁路巷") for side in (1, -1)]
    paths = []
    for level, height, road_class, name in lines:
        line = np.column_stack([u, level + (_wave(u, height, rng) if height else 0 * u)])
        paths += [Path(part, road_class, name) for part in _within(line, core)]
    return paths


def _highway(valley: Valley, rng: np.random.Generator) -> list[Path]:
    """The road through the valley, from border to border; inside the town it is its main street."""
    level = BANK_M + (valley.north_m - BANK_M) / max(2, round((valley.north_m - BANK_M) / 215))
    u = np.linspace(0, valley.length_m, round(valley.length_m / 50) + 1)
    calm = np.minimum(u, valley.length_m - u) / valley.core_from
    share = np.clip(calm, 0, 1) ** 1.5
    v = 2 * LATTICE_M * (1 - share) + level * share + _wave(u, 28.0, rng) * np.clip(calm * 1.5, 0, 1)
    v[[0, -1]] = 2 * LATTICE_M
    parts = ((u <= valley.core_from + 30, "云麟公路"), (u >= valley.core_to - 30, "云麟公路"))
    line = np.column_stack([u, v])
    first, last = int(parts[0][0].sum()), len(u) - int(parts[1][0].sum())
    return [
        Path(line[: first + 1], "primary", parts[0][1]),
        Path(line[first : last + 1], "primary", "人民路"),
        Path(line[last:], "primary", parts[1][1]),
    ]


def _across(valley: Valley, core: shapely.Polygon, old_u: float, rng: np.random.Generator) -> list[Path]:
    """Cross roads: some with a bridge over the river, some over or under the railway; a footbridge."""
    count = max(1, round(valley.core_m / 950))
    at = valley.core_from + valley.core_m * (np.arange(count) + 0.5 + rng.uniform(-0.14, 0.14, count)) / count
    names = [ACROSS[index % len(ACROSS)] for index in rng.permutation(max(count, len(ACROSS)))]
    paths = []
    for number in range(count):
        has_bridge = count < 3 or number != count - 2
        paths += _cross_road(valley, core, float(at[number]), (names[number], has_bridge, number % 2 == count % 2), rng)
    gaps = np.concatenate([[valley.core_from], at, [valley.core_to]])
    middles = (gaps[1:] + gaps[:-1]) / 2
    foot = float(middles[np.argmin(np.abs(middles - old_u))])
    footbridge = np.array([[foot, BANK_M], [foot + 6, -BANK_M]])
    ends = [np.array([[u, BANK_M], [u, -BANK_M]]) for u in (valley.core_from, valley.core_to)]
    return [
        *paths,
        Path(footbridge, "footway", "风雨桥", is_bridge=True),
        *(Path(end, "") for end in ends),  # not roads: they part the town's river from the country's
    ]


def _cross_road(
    valley: Valley, core: shapely.Polygon, at: float, plan: tuple[str, bool, bool], rng: np.random.Generator
) -> list[Path]:
    name, has_bridge, has_underpass = plan
    v = np.arange(-valley.south_m - 100, valley.north_m + 160, 40.0)
    u = at + rng.normal(0, 0.1) * v + _wave(v, 16.0, rng)
    limits = [
        (BANK_M, 1e4, False, True, 0.0),
        (-BANK_M, BANK_M, True, has_bridge, 0.0),
        (-valley.rail_m + TRACK_M, -BANK_M, False, True, 0.0 if has_bridge else rng.choice([-90.0, 90.0])),
        (-valley.rail_m - TRACK_M, -valley.rail_m + TRACK_M, True, has_underpass, 0.0),
        (-1e4, -valley.rail_m - TRACK_M, False, True, 0.0 if has_underpass else 120.0),
    ]
    paths = []
    for low, high, is_bridge, is_there, shift in limits:
        if is_there:
            band = np.unique(np.clip(np.concatenate([v, [low, high]]), max(low, v[0]), min(high, v[-1])))
            line = np.column_stack([np.interp(band, v, u) + shift, band])
            parts = [line] if is_bridge else _within(line, core)
            paths += [Path(part, "secondary", name, is_bridge=is_bridge) for part in parts]
    return paths


def _country(valley: Valley, north: Points, south: Points, highway: list[Path], rng: np.random.Generator) -> list[Path]:
    """Roads over the hills to the next valleys, and two loops through the villages."""
    half, end, middle = valley.half_m, valley.length_m, valley.middle_m
    top, bottom = north[len(north) // 2], south[len(south) // 2]
    west = _smooth(np.array([[0, -LATTICE_M], [valley.core_from * 0.5, -LATTICE_M * 1.1], south[-1]]))
    east = _smooth(np.array([south[0], [end - valley.core_from * 0.5, -LATTICE_M * 0.9], [end, -LATTICE_M]]))
    paths = [
        Path(_winding(top, np.array([middle, half]), 0.16, rng), "tertiary", "云北公路"),
        Path(_winding(bottom, np.array([middle, -half]), 0.16, rng), "tertiary", "南坪公路"),
        Path(west, "tertiary", "溪南公路"),
        Path(east, "tertiary", "溪南公路"),
    ]
    up = valley.north_m + 0.42 * (half - valley.north_m)
    down = -valley.south_m - 0.42 * (half - valley.south_m)
    loop = _loop(valley, (highway[0].coords, highway[-1].coords), up, rng)
    other = _loop(valley, (west, east), down, rng)
    paths.append(Path(loop, "residential", "环山村道"))
    return [*paths, *_over_rail(Path(other, "residential", "南坪村道"), valley)]


def _loop(valley: Valley, roads: tuple[Points, Points], level: float, rng: np.random.Generator) -> Points:
    """A village road that leaves one road west of the town and comes back to another east of it."""
    start, stop = 0.42 * valley.core_from, valley.length_m - 0.42 * valley.core_from
    first = roads[0][np.argmin(np.abs(roads[0][:, 0] - start))]
    last = roads[1][np.argmin(np.abs(roads[1][:, 0] - stop))]
    share = np.array([[0.3, 1.0], [0.5, 1.07], [0.7, 1.0]]) * [valley.length_m, level]
    off = np.array([0.0, 0.14 * level])  # it leaves and comes back square to the road
    via = np.vstack([first, first + off, [start, 0.55 * level], share, [stop, 0.55 * level], last + off, last])
    return _winding_through(via, rng)


def _winding(start: Points, end: Points, height_share: float, rng: np.random.Generator) -> Points:
    """A road that climbs in bends from one place to another."""
    reach = float(np.hypot(*(end - start)))
    t = np.linspace(0, 1, max(8, round(reach / 20)))
    across = np.array([-(end - start)[1], (end - start)[0]]) / reach
    bends = np.sin(2 * np.pi * t * max(1.0, reach / 620) + rng.uniform(0, 6.28))
    swing = bends * np.sin(np.pi * t) * min(110.0, height_share * reach)
    return np.asarray(start + t[:, None] * (end - start) + swing[:, None] * across)


def _smooth(points: Points) -> Points:
    """A curve through a few points (Catmull-Rom)."""
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack([*pieces, points[-1:]])


def _winding_through(points: Points, rng: np.random.Generator) -> Points:
    """A road through a few places that wavers a little on its way."""
    line = _smooth(points)
    steps = np.hypot(*np.diff(line, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(steps)])
    height = min(26.0, 0.006 * float(at[-1]))
    calm = np.sin(np.pi * at / at[-1])
    wiggle = np.column_stack([_wave(at, height, rng), _wave(at, height, rng)])
    return np.asarray(line + wiggle * calm[:, None])
