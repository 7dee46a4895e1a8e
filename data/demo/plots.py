"""Plots: fine ground, cut again and again - the old quarter, the urban village, shop fronts along streets."""

from dataclasses import dataclass

import numpy as np
import shapely

from data.demo.draft import Draft, House, Points, following, largest, open_ring, polygons
from data.demo.rings import Size, box, divide
from data.demo.site import Site


@dataclass(frozen=True)
class PlotRule:
    """How a quarter's plots are cut and built upon."""

    size: Size
    inset_m: tuple[float, float]
    floors: tuple[int, ...]
    flats: tuple[int, ...]
    empty_share: float
    court_share: float


RULES = {
    "old_quarter": PlotRule(Size(95.0, 210.0, 7.0, askew=0.07, spread=0.14), (0.35, 0.9), (1, 2, 2, 2, 3, 3, 4),
                            (1, 1, 1, 2, 2, 3), 0.05, 0.3),
    "urban_village": PlotRule(Size(105.0, 200.0, 8.0, askew=0.035, spread=0.08), (0.6, 1.1), (3, 4, 5, 5, 6, 7),
                              (2, 3, 4, 4, 5, 6), 0.03, 0.0),
}  # fmt: skip
FRONT_FLOORS = (3, 4, 5, 5, 6, 6, 7)


def build_plots(site: Site, draft: Draft, rng: np.random.Generator, *, compound: int) -> None:
    """Build a site of the old quarter or the urban village: a house a plot, wall to wall."""
    rule = RULES[site.kind]
    plots, _ = divide(site.outline, rule.size, rng=rng)
    insets = rng.uniform(*rule.inset_m, len(plots))
    drawn_in = shapely.buffer(polygons(plots), -insets, join_style="mitre")
    for shape in drawn_in[rng.random(len(plots)) >= rule.empty_share]:
        ground = largest(shape)
        if ground.area < 32:
            continue
        ring = open_ring(ground)
        if rng.random() < rule.court_share:
            ring = _with_court(ring, rng)
        floors = int(rng.choice(np.array(rule.floors)))
        flats = int(rng.choice(np.array(rule.flats)))
        use = "mixed" if rng.random() < 0.12 else "residential"
        draft.houses.append(House(ring, site.face, use, floors, flats, compound=compound, rank=1))


def _with_court(ring: Points, rng: np.random.Generator) -> Points:
    """Return a house built around a court that opens to one side."""
    middle, along, length, width = box(ring)
    if width < 9:
        return ring
    across = np.array([-along[1], along[0]]) * rng.choice([-1.0, 1.0])
    at = middle + along * rng.uniform(-0.15, 0.15) * length + across * 0.4 * width
    a, b = along * min(0.19 * length, 3.4), across * 0.36 * width
    court = shapely.Polygon([at - a - b, at + a - b, at + a + 3 * b, at - a + 3 * b])
    built = shapely.difference(shapely.Polygon(ring), court)
    return open_ring(built) if built.geom_type == "Polygon" and built.area > 50 else ring


def build_front(site: Site, draft: Draft, rng: np.random.Generator) -> None:
    """Line a site's streets with shop-houses, side by side along every edge of its outline."""
    ring = open_ring(shapely.simplify(site.polygon, 1.2))
    along = following(ring) - ring
    reach = np.hypot(along[:, 0], along[:, 1])
    heading = along / reach[:, None]
    ahead = np.roll(heading, -1, axis=0)
    turn = np.arctan2(heading[:, 0] * ahead[:, 1] - heading[:, 1] * ahead[:, 0], np.sum(heading * ahead, axis=1))
    for edge in np.flatnonzero(reach > 12).tolist():
        corner = 14.5 if turn[edge] > 0.5 else 0.4  # the next edge's front needs a sharp corner for itself
        _line_edge((ring[edge], heading[edge], float(reach[edge]) - corner), site, draft, rng)


def _line_edge(edge: tuple[Points, Points, float], site: Site, draft: Draft, rng: np.random.Generator) -> None:
    start, along, reach = edge
    inward = np.array([-along[1], along[0]])
    at = float(rng.uniform(0.2, 1.0))
    while at < reach - 7:
        width = min(float(rng.uniform(9.0, 19.0)), reach - at)
        if width < 7:
            break
        if rng.random() > 0.05:
            depth, back = float(rng.uniform(10.5, 13.5)), float(rng.choice([0.0, 0.0, 0.6, 1.5]))
            left, right = start + along * (at + 0.25), start + along * (at + width - 0.25)
            ring = np.array([left, right, right + inward * depth, left + inward * depth]) + inward * back
            floors = int(rng.choice(np.array(FRONT_FLOORS)))
            flats = max(1, (floors - 1) * max(1, round(width / 9.5)))
            draft.houses.append(House(ring, site.face, "mixed", floors, flats, rank=2))
        at += width


def build_hall(site: Site, draft: Draft, name: str, rng: np.random.Generator, *, use: str, compound: int) -> None:
    """Build one great hall over most of a site: a mall, or a market with shops around."""
    ring = site.inner(9.0 if use == "mall" else 20.0)
    if ring is None:
        return
    ground = _block_in(ring) if use != "mall" else shapely.simplify(shapely.Polygon(ring), 3.0)
    if use == "mall":
        ground = largest(shapely.buffer(shapely.buffer(ground, -9, join_style="mitre"), 9, join_style="bevel"))
    if ground.area < 300:
        return
    whole = open_ring(ground)
    floors = int(rng.integers(4, 7)) if use == "mall" else 2
    spot = ground.representative_point()
    _, along, length, _ = box(whole)
    angle = float(np.arctan2(along[1], along[0]))
    draft.houses.append(
        House(
            whole, site.face, use, floors, 0, spot=(spot.x, spot.y, angle, length), compound=compound, name=name, rank=0
        )
    )


def _block_in(ring: Points) -> shapely.Polygon:
    """Return the largest rectangle of a few sizes that fits inside a ring."""
    middle, along, length, width = box(ring)
    ground, across = shapely.Polygon(ring), np.array([-along[1], along[0]])
    for share in np.arange(0.95, 0.3, -0.05).tolist():
        a, b = along * length / 2 * share, across * width / 2 * share
        hall = shapely.Polygon([middle - a - b, middle + a - b, middle + a + b, middle - a + b])
        if ground.contains(hall):
            return hall
    return shapely.Polygon()
