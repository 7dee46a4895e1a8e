"""Laws of siting, against trying every choice of sites on random nets."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.network import walk_network
from geo.scene import Scene, scene_of
from geo.searches import sums_within, walks_all
from geo.siting import site_stations, thinned
from tests.fixtures.walkground import XY, buildings, lattice_lines, stations, streets

SIDE, SPACING_M = 5, 120.0
ALL = lattice_lines(SIDE, SPACING_M)
few = settings(max_examples=15)

nets = st.lists(st.booleans(), min_size=len(ALL), max_size=len(ALL)).map(
    lambda keep: [ALL[0], *(line for line, kept in zip(ALL[1:], keep[1:], strict=True) if kept)]
)
inside = st.floats(-30.0, (SIDE - 1) * SPACING_M + 30.0)
places = st.lists(st.tuples(inside, inside), min_size=1, max_size=14, unique=True)
sites = st.lists(st.tuples(inside, inside), min_size=1, max_size=7, unique=True)
posts = st.lists(st.tuples(inside, inside), min_size=0, max_size=2, unique=True)
MINUTES, PACE = 3.0, 1.2


def ground(lines: list[tuple[XY, XY]], doors: list[XY]) -> Scene:
    households = [1 + 7 * at % 5 for at in range(len(doors))]
    return scene_of(walk_network(streets(*lines), island_m=0.0), buildings(*doors, households=households))


def served(scene: Scene, posts: list[XY]) -> np.ndarray:
    """Which homes some post reaches."""
    found = np.zeros(len(scene.ids), dtype=bool)
    for post in posts:
        joined = scene.join(stations(post))
        found[walks_all(scene.net, joined, limit_m=MINUTES * 60 * PACE * (1 + 1e-9)).door] = True
    return found


@few
@given(nets, places, sites, posts, st.integers(1, 3))
def test_no_choice_of_as_many_sites_serves_more_households(
    lines: list[tuple[XY, XY]], doors: list[XY], spots: list[XY], existing: list[XY], count: int
) -> None:
    scene = ground(lines, doors)
    made = site_stations(stations(*spots), stations(*existing), scene, count=count, minutes=MINUTES, speed_m_per_s=PACE)
    before = served(scene, existing)
    street = [spot for spot in spots if scene.join(stations(spot)).edge[0] >= 0]
    each = [served(scene, [spot]) | before for spot in street]
    households = scene.counts[:, 0]
    best = max(
        households[np.logical_or.reduce([before, *choice])].sum()
        for choice in combinations(each, min(count, len(each)))
    )
    assert made.before == households[before].sum()
    assert made.after == best
    assert made.gap_share == 0
    assert len(made.sites) <= count
    assert (made.sites["gain"] > 0).all()
    assert made.sites["gain"].sum() == made.after - made.before


@few
@given(nets, places, sites, posts)
def test_no_fewer_sites_serve_all_that_can_be_served(
    lines: list[tuple[XY, XY]], doors: list[XY], spots: list[XY], existing: list[XY]
) -> None:
    scene = ground(lines, doors)
    made = site_stations(stations(*spots), stations(*existing), scene, count=None, minutes=MINUTES, speed_m_per_s=PACE)
    before, households = served(scene, existing), scene.counts[:, 0]
    street = [spot for spot in spots if scene.join(stations(spot)).edge[0] >= 0]
    each = [served(scene, [spot]) | before for spot in street]
    can_be = np.logical_or.reduce([*each, before])
    assert made.after == households[can_be].sum()
    assert made.beyond == households[~can_be].sum()
    for fewer in range(len(made.sites)):
        for choice in combinations(each, fewer):
            assert households[np.logical_or.reduce([*choice, before])].sum() < made.after


@few
@given(nets, places, sites)
def test_the_first_site_is_the_one_that_serves_most_alone(
    lines: list[tuple[XY, XY]], doors: list[XY], spots: list[XY]
) -> None:
    scene, candidates = ground(lines, doors), stations(*spots)
    made = site_stations(candidates, stations(), scene, count=1, minutes=MINUTES, speed_m_per_s=PACE)
    joined = scene.join(candidates)
    alone = sums_within(scene.net, joined, scene.counts, limits_m=np.array([MINUTES * 60 * PACE]))[:, 0, 0]
    alone[joined.edge < 0] = 0
    assert made.after == alone.max(initial=0)
    kept = thinned(candidates, scene, spacing_m=1e6)
    assert 1 <= len(kept) <= 4
    assert set(kept.index) <= set(candidates.index)
