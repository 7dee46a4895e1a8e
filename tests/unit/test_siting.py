"""What siting says of a choice that is not proven: the gap it tells holds, against trying every choice."""

import numpy as np
import pytest

from geo import siting
from geo.network import walk_network
from geo.scene import Scene, scene_of
from geo.siting import GREEDY_GAP, SITES_MAX, Siting, site_stations, weighable
from tests.fixtures.walkground import XY, buildings, lattice_lines, stations, streets

MINUTES = 2.0
SIDE, SPACING_M = 7, 100.0


def town(seed: int) -> tuple[Scene, list[XY]]:
    """Sixty homes and eleven sites on a lattice with streets left out."""
    rng = np.random.default_rng(seed)
    lines = [line for line in lattice_lines(SIDE, SPACING_M) if rng.random() < 0.8]
    homes = [(float(x), float(y)) for x, y in rng.uniform(0, (SIDE - 1) * SPACING_M, (60, 2))]
    spots = [(float(x), float(y)) for x, y in rng.uniform(0, (SIDE - 1) * SPACING_M, (11, 2))]
    net = walk_network(streets(*lines), island_m=0.0)
    return scene_of(net, buildings(*homes, households=rng.integers(1, 40, 60).tolist())), spots


def sited(scene: Scene, spots: list[XY], count: int | None, **options: float) -> Siting:
    return site_stations(stations(*spots), stations(), scene, count=count, minutes=MINUTES, **options)


@pytest.mark.parametrize("way", ["no time", "too many links"])
@pytest.mark.parametrize("seed", range(6))
def test_the_gap_that_is_told_holds(seed: int, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, spots = town(seed)
    exact = {count: sited(scene, spots, count) for count in (2, 3, 4, None)}
    assert all(made.gap_share == 0 for made in exact.values())
    each = [sited(scene, [spot], 1).after for spot in spots]
    assert exact[2].after >= max(each)
    if way == "too many links":
        monkeypatch.setattr(siting, "LINKS_MAX", 0)
        monkeypatch.setattr(siting, "ALL_LINKS_MAX", 0)
    for count, best in exact.items():
        made = sited(scene, spots, count, **({"time_max_s": 1e-9} if way == "no time" else {}))
        if count is None:
            assert made.after == best.after
            assert len(best.sites) >= len(made.sites) * (1 - made.gap_share) - 1e-9
            assert 0 <= made.gap_share < 1
        else:
            assert made.after <= best.after <= made.after * (1 + made.gap_share) + 1e-6
            assert 0 <= made.gap_share <= GREEDY_GAP


def test_a_bound_is_no_worse_than_greedy_s_own_guarantee(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pytest.approx(0.582, abs=5e-4) == GREEDY_GAP
    scene, spots = town(0)
    monkeypatch.setattr(siting, "LINKS_MAX", 0)
    monkeypatch.setattr(siting, "ROUNDS", 1)  # a bound that was hardly led downhill
    assert sited(scene, spots, 3).gap_share <= GREEDY_GAP


def test_the_bound_is_led_near_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the optimum of the solver, which the laws hold against every choice."""
    towns = [town(seed) for seed in range(10)]
    best = [sited(scene, spots, 4).after for scene, spots in towns]
    monkeypatch.setattr(siting, "LINKS_MAX", 0)
    made = [sited(scene, spots, 4) for scene, spots in towns]
    assert all(
        one.after <= most <= one.after * (1 + one.gap_share) + 1e-6 for one, most in zip(made, best, strict=True)
    )
    assert np.median([one.gap_share for one in made]) < 0.05
    assert max(one.gap_share for one in made) < 0.15


def test_as_many_are_weighed_as_their_walks_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, spots = town(1)
    assert weighable(stations(*spots), scene, minutes=MINUTES) == SITES_MAX
    monkeypatch.setattr(siting, "WALKS_MAX", 100)
    few, fewer = (weighable(stations(*spots), scene, minutes=minutes) for minutes in (MINUTES, 3 * MINUTES))
    assert 0 < fewer < few < 100
    assert (
        weighable(stations((9_000, 9_000)), scene, minutes=MINUTES) == SITES_MAX
    )  # it joins no street: it walks nowhere
