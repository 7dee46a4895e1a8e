"""Compounds: walled housing - rows of slabs or towers, lanes between them, a spine from gate to gate.

Also the schools, hospitals, works and offices that stand behind a wall of their own, and open blocks,
whose rows stand behind a front of shop-houses.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely

from data.demo import footprints
from data.demo.draft import Compound, Draft, Green, House, Path, Points, turned
from data.demo.footprints import Shape
from data.demo.rows import Bar, RowRule, Rows, facing, lay_rows, spans
from data.demo.site import Site, open_gate

TOWER_FLOORS = (11, 11, 15, 18, 18, 18, 24, 26, 30, 33)
FLATS_A_FLOOR = {11: 4, 15: 4, 18: 3, 24: 2, 26: 2, 30: 2, 33: 2}
STAIR_MOST = 60  # households on one stairwell
GREAT_UNITS = (9, 10)  # stairwells of the few very large buildings


@dataclass(frozen=True)
class Style:
    """How one kind of site is built: rows, footprint, floors, use, and what kind of compound it is."""

    rows: RowRule
    shape: Shape
    floors: tuple[int, ...]
    use: str
    compound: str | None
    flats_a_floor: int = 0
    margin_m: float = 6.0


@dataclass(frozen=True)
class Frame:
    """How a site's rows lie in the plane: turned by `angle` about `middle`.

    No way runs below `floor` (a playing field lies there), nor across the level `across`.
    """

    angle: float
    middle: Points
    floor: float
    across: float | None

    def moved(self, points: Points) -> Points:
        """Return points of the turned frame in the plane."""
        return np.asarray(turned(points, self.angle) + self.middle)


STYLES = {
    "walled": Style(RowRule((2, 4), (13.0, 15.5), (11.0, 13.0), (11.5, 16.0), 6.0), footprints.slab,
                    (6, 6, 6, 7, 7), "residential", "walled", flats_a_floor=2),
    "open": Style(RowRule((2, 3), (12.5, 15.0), (11.0, 12.5), (9.0, 12.0), 6.0), footprints.slab,
                  (5, 6, 6, 7), "residential", None, flats_a_floor=2, margin_m=18.0),
    "towers": Style(RowRule((1, 3), (20.0, 24.0), (16.0, 19.0), (19.0, 29.0), 13.0), footprints.tower,
                    TOWER_FLOORS, "residential", "towers", margin_m=7.0),
    "works": Style(RowRule((3, 6), (14.0, 18.0), (22.0, 36.0), (13.0, 18.0), 12.0, 0.93), footprints.plain,
                   (1, 1, 1, 2, 3), "works", "works", margin_m=7.0),
    "danwei": Style(RowRule((2, 4), (12.5, 14.5), (10.0, 11.5), (11.0, 14.0), 7.0), footprints.plain,
                    (4, 5, 5, 6), "residential", "walled", flats_a_floor=2),
    "school": Style(RowRule((3, 5), (13.0, 15.0), (15.0, 22.0), (20.0, 25.0), 14.0), footprints.winged,
                    (4, 5, 5), "school", "school", margin_m=7.0),
    "hospital": Style(RowRule((3, 4), (15.0, 18.0), (22.0, 28.0), (20.0, 26.0), 16.0), footprints.winged,
                      (5, 8, 12, 16), "hospital", "hospital", margin_m=8.0),
    "office": Style(RowRule((1, 1), (32.0, 40.0), (28.0, 34.0), (26.0, 32.0), 22.0), footprints.stepped,
                    (14, 18, 22, 26), "office", "office", margin_m=10.0),
    "government": Style(RowRule((4, 5), (14.0, 17.0), (16.0, 24.0), (22.0, 26.0), 16.0), footprints.winged,
                        (5, 6, 8), "office", "office", margin_m=9.0),
}  # fmt: skip


def build_compound(
    site: Site, draft: Draft, name: str | None, rng: np.random.Generator, *, great: bool = False
) -> None:
    """Build a site of one of `STYLES`: buildings, lanes, gates, compound.

    With ``great``, the longest row of a tower compound becomes one building of nine or ten stairwells.
    """
    style = STYLES[site.kind]
    ring = site.inner(style.margin_m)
    if ring is None:
        return
    angle = facing(ring)
    middle = ring.mean(axis=0)
    level = turned(ring - middle, -angle)
    compound = len(draft.compounds) if style.compound else -1
    field = _playing_field(site, level)
    rows = lay_rows(level if field is None else field[1], style.rows, rng)
    bars, across = _joined(rows.bars, rng) if great else (rows.bars, None)
    houses = [_house(bar, style, site, rng) for bar in bars]
    garden = _garden(houses, rng) if site.kind in ("walled", "towers") else None
    for house, bar in zip(houses, bars, strict=True):
        x, y = (turned(np.array([[bar.x, bar.y]]), angle)[0] + middle).tolist()
        house.ring = footprints.placed(house.ring, x, y, angle)
        house.spot, house.compound = (x, y, angle, bar.length), compound
    kept = [house for house in houses if house is not garden]
    for number, house in enumerate(kept, 1):
        house.place = f"{number}栋"
    draft.houses += kept
    if garden is not None:
        draft.greens.append(
            Green(shapely.Polygon(garden.ring).centroid.buffer(min(13.0, garden.spot[3] / 3.2)), "park", None)
        )
    if field is not None:
        draft.greens.append(Green(shapely.Polygon(turned(field[0], angle) + middle), "square", f"{name}操场"))
    floor = -1e9 if field is None else float(field[1][:, 1].min())
    _lead_in(site, draft, rows, Frame(angle, middle, floor, across), rng, compound=compound)
    if style.compound is not None:
        kind = "walled" if style.compound == "towers" else style.compound
        draft.compounds.append(Compound(site.polygon, kind, name or "", site.face))


def _house(bar: Bar, style: Style, site: Site, rng: np.random.Generator) -> House:
    floors = int(rng.choice(np.array(style.floors))) if bar.units < GREAT_UNITS[0] else 30
    stairs, households = 0, 0
    if style.use == "residential":
        stairs = bar.units
        flats = style.flats_a_floor or FLATS_A_FLOOR[floors]
        households = stairs * min(STAIR_MOST, floors * flats)
    return House(
        style.shape(bar.length, bar.depth, bar.units), site.face, style.use, floors, households, stairs, rank=0
    )


def _joined(bars: list[Bar], rng: np.random.Generator) -> tuple[list[Bar], float | None]:
    """Put the longest run of a row into one great building, where it is long enough; return its level too."""
    best: list[Bar] = []
    for level in sorted({bar.y for bar in bars}):
        row = sorted((bar for bar in bars if bar.y == level), key=lambda bar: bar.x)
        for start in range(len(row)):
            for stop in range(start + 2, len(row) + 1):
                run = row[start:stop]
                gaps = [b.x - b.length / 2 - a.x - a.length / 2 for a, b in pairwise(run)]
                if max(gaps) < 40 and len(run) > len(best):
                    best = run
    if not best:
        return bars, None
    west, east = best[0].x - best[0].length / 2, best[-1].x + best[-1].length / 2
    units = min(int(rng.integers(GREAT_UNITS[0], GREAT_UNITS[1] + 1)), int((east - west) / 15))
    if units < GREAT_UNITS[0]:
        return bars, None
    great = Bar((west + east) / 2, best[0].y, min(east - west, units * 19.0), best[0].depth, units)
    return [*(bar for bar in bars if bar not in best), great], great.y


def _garden(houses: list[House], rng: np.random.Generator) -> House | None:
    """Choose the building whose place becomes a garden in the middle of a large compound."""
    if len(houses) < 8 or rng.random() < 0.35:
        return None
    return houses[len(houses) // 2 + int(rng.integers(-1, 2))]


def _playing_field(site: Site, level: Points) -> tuple[Points, Points] | None:
    """Return a school's running track, and the ground north of it; None elsewhere or where it is too small."""
    if site.kind != "school":
        return None
    low, high = level[:, 1].min(), level[:, 1].max()
    room = shapely.Polygon(level)
    depth = min(0.42 * (high - low), 62.0)
    south = shapely.intersection(room, shapely.box(-1e4, low, 1e4, low + depth))
    north = shapely.intersection(room, shapely.box(-1e4, low + depth + 8, 1e4, high))
    if north.geom_type != "Polygon" or south.geom_type != "Polygon" or north.area < 1500 or depth < 24:
        return None
    spot = south.centroid
    for length in (120.0, 100.0, 80.0, 60.0, 45.0):
        track = footprints.stadium(length, min(depth * 0.8, length * 0.55)) + np.array([spot.x, spot.y])
        if south.contains(shapely.Polygon(track)):
            return track, np.asarray(shapely.get_coordinates(shapely.normalize(north)))[:-1]
    return None


def _lead_in(site: Site, draft: Draft, rows: Rows, frame: Frame, rng: np.random.Generator, *, compound: int) -> None:
    """Draw lanes and spine, and open a gate at both ends of the spine.

    A great building stands across the spine and parts it in two.
    """
    ends = _spine_ends(site, rows, frame)
    runs = [] if ends is None else _runs(rows, ends, frame)
    is_there = False
    for levels, outer in runs:
        spine = frame.moved(np.array([[rows.spine, y] for y in levels]))
        doors = [open_gate(site, draft, spine[end], rng, compound=compound) for end in outer]
        if any(doors):
            is_there = True
            draft.paths.append(Path(spine, "service", None, is_private=compound >= 0))
            draft.paths += _lanes(rows, levels, spine, frame, is_private=compound >= 0)
    if not is_there:
        _side_gate(site, draft, rng, compound=compound)


def _runs(rows: Rows, ends: tuple[float, float], frame: Frame) -> list[tuple[list[float], list[int]]]:
    """Return the levels of the spine's nodes, run by run, and at which end of each run a gate may be."""
    low, high = ends
    lanes = [level for level, _ in rows.lanes if low + 1 < level < high - 1]
    if frame.across is None:
        return [([low, *lanes, high], [-1] if low <= frame.floor else [-1, 0])]
    below = [low, *(level for level in lanes if level < frame.across)]
    above = [*(level for level in lanes if level > frame.across), high]
    return [(run, [end]) for run, end in ((below, 0), (above, -1)) if len(run) > 1]


def _lanes(rows: Rows, levels: list[float], spine: Points, frame: Frame, *, is_private: bool) -> list[Path]:
    paths = []
    for level, (west, east) in rows.lanes:
        if level in levels:
            lane = frame.moved(np.array([[west + 2, level], [rows.spine, level], [east - 2, level]]))
            lane[1] = spine[levels.index(level)]  # the same bits, so that they are one junction
            paths.append(Path(lane, "service", None, is_private=is_private))
    return paths


def _side_gate(site: Site, draft: Draft, rng: np.random.Generator, *, compound: int) -> None:
    """Open a gate with a short way in, where no spine can be reached."""
    ring = site.inner(4.0)
    if ring is None:
        return
    inner = shapely.LinearRing(ring)
    for door in site.doors[np.argsort(shapely.distance(shapely.points(site.doors), inner), kind="stable")]:
        at = shapely.line_interpolate_point(inner, inner.project(shapely.Point(door)))
        if open_gate(site, draft, np.asarray(shapely.get_coordinates(at))[0], rng, compound=compound):
            return


def _spine_ends(site: Site, rows: Rows, frame: Frame) -> tuple[float, float] | None:
    ring = site.inner(3.0)
    if ring is None:
        return None
    level = turned(ring - frame.middle, -frame.angle)
    found = spans(level[:, ::-1], rows.spine)
    if not found:
        return None
    low, high = max(found, key=lambda span: span[1] - span[0])
    low = max(low, frame.floor)
    return (low, high) if high - low > 6 else None
