"""The scan of a map, with its 999 repeats, and of map and time; also ours, one a process.

Usage of the latter: python -m bench.hotspots.scan OUT.npz CASES.npz (space | spacetime | first) REPEATS

The goal is a time: 3,600 cells, circles out to ten cells, 999 repeats within three seconds. Beside it stands pyscan,
which makes one pass without repeats, over circles of a family of its own. The circle it names is valued by our formula
and must not be worth more than ours (what pyscan 1.0.2 itself says of it is a hundredth off). It is asked where it is
installed.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.hotspots.points import REPORT_SEEDS, TOWN_M, invented
from bench.hotspots.runs import HotspotCaller
from bench.reach.runs import CORES, interleaved, ratio
from bench.reach.timing import best, hand_back
from geo.hotspots.mesh import counts, mesh_over
from geo.hotspots.scan import scan
from geo.hotspots.spacetime import spacetime
from geo.rng import generator

Floats = npt.NDArray[np.float64]

SIZES, QUICK_SIZES = (10_000, 100_000, 1_000_000), (10_000,)
PERIODS, QUICK_PERIODS = (26, 52), (26,)
CELL_M, RADIUS_CELLS, REPEATS = 200.0, 10, 999
GOAL_S, FIRST_GOAL_S = 3.0, 3.0
MIX_CASES, SAME = 20_000, 1e-6


def measure(*, quick: bool) -> Iterator[dict[str, Any]]:
    """Return the lines of invented towns: maps, then maps and time, then the first answer of a process."""
    with tempfile.TemporaryDirectory(prefix="wangge-bench-") as name:
        folder = Path(name)
        for seed in REPORT_SEEDS[:1] if quick else REPORT_SEEDS:
            for count in QUICK_SIZES if quick else SIZES:
                yield from of_space(folder, count, seed)
            for periods in QUICK_PERIODS if quick else PERIODS:
                yield from of_time(folder, periods, seed)
        yield first_answer(folder)


def town(folder: Path, count: int, seed: int) -> tuple[Path, dict[str, int]]:
    """Write middles, cases and exposure of a town; every cell is exposed alike, as pyscan is told."""
    mesh = mesh_over((0.0, 0.0, TOWN_M, TOWN_M), cell_m=CELL_M)
    found = counts(mesh, invented(count, seed))
    row, column = np.divmod(np.arange(mesh.cells), mesh.columns)
    file = folder / f"town_{count}_{seed}.npz"
    np.savez(file, xy=(np.stack([column, row], axis=1) + 0.5) * CELL_M, cases=found, exposure=np.ones(mesh.cells))
    return file, {"cases": count, "cells": mesh.cells, "repeats": REPEATS}


def calendar(folder: Path, periods: int, seed: int, *, is_even: bool) -> tuple[Path, dict[str, int]]:
    """Write a town whose cases fall anywhere at any time; cells stand in rows, or each somewhere in its square."""
    rng, side = generator(seed, "calendar"), int(TOWN_M / CELL_M)
    row, column = np.divmod(np.arange(side**2), side)
    middles = (np.stack([column, row], axis=1) + (0.5 if is_even else rng.uniform(0, 1, (side**2, 2)))) * CELL_M
    exposure = np.round(rng.lognormal(3.5, 1, side**2))
    chance = np.repeat(exposure / exposure.sum() / periods, periods)
    cases = rng.multinomial(MIX_CASES, chance).reshape(-1, periods)
    file = folder / f"calendar_{periods}_{seed}_{is_even:d}.npz"
    np.savez(file, xy=middles, cases=cases, exposure=exposure)
    return file, {"cases": MIX_CASES, "cells": side**2, "periods": periods, "repeats": REPEATS}


def of_space(folder: Path, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Return the line of a map, beside pyscan."""
    file, size = town(folder, count, seed)
    callers = [
        HotspotCaller("ours", "scan", (str(file), "space", "3"), is_ours=True, threads=CORES),
        HotspotCaller("pyscan", "peers.scan", (str(file), str(RADIUS_CELLS * CELL_M), str(CELL_M))),
    ]
    found = interleaved(callers, folder, rounds=1)
    ours, peer = found["ours"], found["pyscan"]
    cost = ours.cost("whole")
    is_same, facts = (None, {"failed": peer.failed}) if peer.failed else same(ours.answer, peer.answer, file)
    one_pass = ours.cost("one_pass")
    yield {
        "task": "scan", "data": f"invented {count}, seed {seed}", "size": size, "ours": cost,
        "peer": "pyscan, one pass", "peer_cost": peer.cost("one_pass"), "threads": {"ours": CORES, "peer": 1},
        "ratio": ratio(peer.cost("one_pass"), one_pass, "wall_s"), "goal": f"{REPEATS} repeats in {GOAL_S:g} s",
        "holds": cost is not None and cost["wall_s"] <= GOAL_S, "answers_equal": is_same,
        "quality": facts | {"ours_one_pass": one_pass, "ours_failed": ours.failed},
    }  # fmt: skip


def same(ours: dict[str, Any], peer: dict[str, Any], file: Path) -> tuple[bool, dict[str, Any]]:
    """Return whether no circle of the peer's is worth more than ours."""
    arrays = np.load(file)
    x, y, radius_m = peer["circle"].tolist()
    inside = np.hypot(*(arrays["xy"] - (x, y)).T) <= radius_m + 1e-3
    total, shares = arrays["cases"].sum(), inside.mean()
    c = arrays["cases"][inside].sum() / total
    worth = total * (c * np.log(c / shares) + (1 - c) * np.log((1 - c) / (1 - shares)))
    facts = {"ours": float(ours["ratio"]), "peer_says": float(peer["value"] * total), "peer_is_worth": float(worth)}
    return bool(ours["ratio"] >= worth * (1 - SAME)), facts


def of_time(folder: Path, periods: int, seed: int) -> Iterator[dict[str, Any]]:
    """Return the lines of map and time; nobody else does this here, so there is no ratio."""
    for is_even in (True, False):
        file, size = calendar(folder, periods, seed, is_even=is_even)
        found = interleaved(
            [HotspotCaller("ours", "scan", (str(file), "spacetime", "1"), is_ours=True)], folder, rounds=1
        )
        for name in ("any time", "alive", "any time, shuffled", "alive, shuffled"):
            yield {
                "task": f"scan of space and time, {name}", "size": size, "ours": found["ours"].cost(name),
                "data": f"{periods} periods, cells {'in rows' if is_even else 'anywhere'}, seed {seed}",
                "peer": "none", "holds": None, "quality": {"failed": found["ours"].failed},
            }  # fmt: skip


def first_answer(folder: Path) -> dict[str, Any]:
    """Return how long a new process takes until it has scanned, compiled code at hand, imports counted."""
    file, size = town(folder, SIZES[0], REPORT_SEEDS[0])
    caller = HotspotCaller("ours", "scan", (str(file), "first", "1"), is_ours=True, threads=CORES)
    caller.once(folder / "first.npz")
    at = time.perf_counter()
    caller.once(folder / "first.npz")
    wall_s = round(time.perf_counter() - at, 3)
    return {
        "task": "scan, first answer", "data": f"invented {SIZES[0]}", "size": size, "ours": {"wall_s": wall_s},
        "peer": "none", "goal": f"under {FIRST_GOAL_S:g} s", "holds": wall_s < FIRST_GOAL_S, "quality": {},
    }  # fmt: skip


def main(out: Path, arrays: dict[str, Any], task: str, repeats: int) -> None:
    """Run ours on one town."""
    xy, cases, exposure = arrays["xy"], arrays["cases"], arrays["exposure"]
    options = {"seed": 1, "radius_max_m": RADIUS_CELLS * CELL_M, "repeats": REPEATS}
    if task == "spacetime":
        costs: dict[str, Any] = {}
        for name, kept, is_alive in (
            ("any time", exposure, False), ("alive", exposure, True),
            ("any time, shuffled", None, False), ("alive, shuffled", None, True),
        ):  # fmt: skip
            spacetime(xy, cases, kept, is_alive=is_alive, **(options | {"repeats": 1}))
            found, costs[name] = best(
                lambda kept=kept, is_alive=is_alive: spacetime(xy, cases, kept, is_alive=is_alive, **options),
                repeats=repeats,
            )
        hand_back(out, costs, maxima=found.maxima)
        return
    if task == "space":
        scan(xy, cases, exposure, **(options | {"repeats": 1}))
    found, whole = best(lambda: scan(xy, cases, exposure, **options), repeats=repeats)
    one, one_pass = best(lambda: scan(xy, cases, exposure, **(options | {"repeats": 1})), repeats=repeats)
    first = one.clusters.loc[0]
    hand_back(out, {"whole": whole, "one_pass": one_pass}, ratio=first["log_likelihood_ratio"], maxima=found.maxima)


if __name__ == "__main__":
    main(Path(sys.argv[1]), dict(np.load(sys.argv[2])), sys.argv[3], int(sys.argv[4]))
