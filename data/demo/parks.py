"""Parks: greens in town with a path through them, and what is left of the old town wall."""

import numpy as np
import shapely

from data.demo.draft import Draft, Green, Path, Points, linestrings
from data.demo.rings import box
from data.demo.site import Site, open_gate

PARKS = (
    "人民公园",
    "滨河公园",
    "文峰公园",
    "体育公园",
    "儿童公园",
    "植物园",
    "湿地公园",
    "凤鸣公园",
    "桂花公园",
    "翠湖公园",
    "东山公园",
    "南坪公园",
)


def build_park(site: Site, draft: Draft, number: int, rng: np.random.Generator) -> None:
    """Turn a site into a park: lawn, and a bent path from one street to another."""
    round_off = shapely.buffer(shapely.buffer(site.polygon, -6, quad_segs=4), 6, quad_segs=4)
    draft.greens.append(Green(round_off if round_off.geom_type == "Polygon" else site.polygon, "park", _name(number)))
    middle, along, length, width = box(site.outline)
    ways = _walk(site, middle, along, length, width)
    if ways is None:
        return
    before = len(draft.paths)
    for end, beyond in ((ways[0], ways[0] - along * 0.3 * length), (ways[-1], ways[-1] + along * 0.3 * length)):
        open_gate(site, draft, end, rng, compound=-1, toward=beyond)
        way = shapely.LineString(draft.paths[-1].coords) if len(draft.paths) > before else shapely.LineString()
        if way.crosses(shapely.LineString(ways)):
            draft.paths.pop()
    if len(draft.paths) > before:
        draft.paths.append(Path(ways, "footway", _name(number) + "步道"))


def _walk(site: Site, middle: Points, along: Points, length: float, width: float) -> Points | None:
    """Return a walk through the middle, as bent as the park's outline allows."""
    share = np.linspace(-1, 1, 17)[:, None]
    across = np.array([-along[1], along[0]]) * width * np.sin(np.pi * share)
    ground = shapely.buffer(site.polygon, -2.0)
    for bend, reach in ((0.17, 0.3), (0.08, 0.28), (0.0, 0.25), (0.0, 0.15)):
        ways: Points = middle + share * along * reach * length + bend * across
        if ground.contains(shapely.LineString(ways)):
            return ways
    return None


def lay_town_wall(parks: list[Site], old_town: Points, draft: Draft) -> None:
    """Leave a stretch of the old town wall standing along one side of the park nearest the old town."""
    if not parks:
        return
    site = min(parks, key=lambda park: float(np.hypot(*(park.outline.mean(axis=0) - old_town))))
    middle, along, length, width = box(site.outline)
    across = np.array([-along[1], along[0]])
    spots = [middle + along * share * length + across * 0.3 * width for share in (-0.3, -0.1, 0.02, 0.3)]
    for first, last in ((0, 1), (2, 3)):
        line = shapely.LineString([spots[first], spots[last]])
        ways = shapely.multilinestrings(linestrings([path.coords for path in draft.paths]))
        if site.polygon.contains(line) and not line.intersects(ways):
            draft.barriers.append(("wall", "古城墙遗址", line))


def _name(number: int) -> str:
    return PARKS[number % len(PARKS)]
