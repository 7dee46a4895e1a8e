"""Gi* and local Moran beside esda: from counts, from points, and the first answer of a new process."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.hotspots.points import BOSTON, REPORT_SEEDS, TOWN_M, boston, invented, told
from bench.hotspots.runs import HotspotCaller, compared
from bench.reach.runs import Outcome, interleaved

SIZES, QUICK_SIZES = (10_000, 100_000, 1_000_000), (10_000,)
CELLS_M = (200.0, 50.0)
BOSTON_M = 250.0
COUNTS_GOAL, POINTS_GOAL, FIRST_GOAL_S = 50.0, 15.0, 1.0
GOAL_CELLS = (3_600, 57_600)
SAME_Z, LARGE = 1e-9, 10_000
QUADRANT_OF = np.array([0, 1, 4, 2, 3])


def measure(*, quick: bool) -> Iterator[dict[str, Any]]:
    """Return the lines of invented towns and of Boston, then of first answers."""
    with tempfile.TemporaryDirectory(prefix="wangge-bench-") as name:
        folder = Path(name)
        for seed in REPORT_SEEDS[:1] if quick else REPORT_SEEDS:
            for count in QUICK_SIZES if quick else SIZES:
                for cell_m in CELLS_M:
                    file, _, size = told(folder, invented(count, seed), cell_m, is_masked=False)
                    data = f"invented {count} in {(TOWN_M / cell_m) ** 2:.0f} cells, seed {seed}"
                    yield from beside_esda(folder, file, data, size)
        if BOSTON.exists():
            file, _, size = told(folder, boston(), BOSTON_M, is_masked=True)
            yield from beside_esda(folder, file, f"boston, {BOSTON_M:.0f} m, cells with requests", size)
        yield from first_answers(folder, invented(100_000 if quick else 1_000_000, REPORT_SEEDS[0]))


def beside_esda(folder: Path, file: Path, data: str, size: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Return the lines of one set of points: answers are compared first."""
    repeats = "60" if size["cells"] > LARGE else "200"
    callers = [
        HotspotCaller("ours", "ours", (str(file), "local", repeats), is_ours=True),
        HotspotCaller("esda", "peers.autocorrelated", (str(file), "local", repeats)),
    ]
    found = interleaved(callers, folder, rounds=3)
    ours, esda = found["ours"], found["esda"]
    if ours.failed or esda.failed:
        yield {"task": "local", "data": data, "size": size, "failed": ours.failed or esda.failed, "holds": False}
        return
    is_same, facts = same(ours, esda)
    facts |= {
        "usually_called": esda.cost("usual"), "its_weights": esda.cost("weights", "graph"), "q": ours.cost("q"),
        "ours_by_lists": ours.cost("z_by_lists"),
    }  # fmt: skip
    ready = esda.cost("ready")
    yield compared(
        "gi*, z from counts", data, size, ours=ours.cost("z"), peer="esda G_Local, its one-sided p counted",
        peer_cost=ready, answers_equal=is_same, goal=COUNTS_GOAL if size["cells"] in GOAL_CELLS else None,
        quality=facts,
    )  # fmt: skip
    yield compared(
        "gi*, z and p from counts", data, size, ours=ours.cost("z", "p"), peer="esda G_Local", peer_cost=ready,
        answers_equal=is_same,
    )  # fmt: skip
    goal = POINTS_GOAL if size["points"] >= 1_000_000 else None
    for peer, step, asked in (("numpy.histogram2d", "histogram", goal), ("bincount by hand", "by_hand", None)):
        yield compared(
            "gi*, z and p from points", data, size, ours=ours.cost("counts", "z", "p"), peer=f"{peer} + esda",
            peer_cost=esda.cost(step, "ready"), answers_equal=is_same, goal=asked,
        )  # fmt: skip
    yield compared(
        "local moran", data, size, ours=ours.cost("moran"), peer="esda Moran_Local(permutations=0)",
        peer_cost=esda.cost("moran"), answers_equal=is_same,
    )  # fmt: skip


def same(ours: Outcome, esda: Outcome) -> tuple[bool, dict[str, Any]]:
    """Return whether counts are equal, and z and I to the billionth; and how far apart they are."""
    mine, peer = ours.answer, esda.answer
    facts = {
        "counts_differ": int((mine["counts"] != peer["histogram"]).sum() + (mine["counts"] != peer["by_hand"]).sum()),
        "z_apart": float(np.abs(mine["z"] - peer["z"]).max()),
        "z_by_lists_apart": float(np.abs(mine["z_by_lists"] - peer["z"]).max()),
        "p_apart": float(np.abs(mine["p"] - 2 * peer["p"]).max()),
        "i_apart": float(np.abs(mine["i"] - peer["i"]).max()),
        "quadrants_differ": int((mine["quadrant"] != QUADRANT_OF[peer["quadrant"]])[mine["quadrant"] > 0].sum()),
        "hot_by_p": int(((mine["p"] < 0.05) & (mine["z"] > 0)).sum()),
        "hot_by_q": int(((mine["q"] < 0.05) & (mine["z"] > 0)).sum()),
    }
    apart = [value for name, value in facts.items() if name.endswith("apart")]
    return max(apart) <= SAME_Z and facts["counts_differ"] == facts["quadrants_differ"] == 0, facts


def first_answers(folder: Path, xy: Any) -> Iterator[dict[str, Any]]:
    """Return how long a new process takes until it has answered, imports and reading counted."""
    file, _, size = told(folder, xy, CELLS_M[0], is_masked=False)
    for task, permutations in (("gi*", 0), ("gi* and 999 permutations", 999)):
        ours = HotspotCaller("ours", "ours", (str(file), "first", str(permutations)), is_ours=True)
        bare = folder / f"nothing_{permutations}"
        bare.mkdir()
        warm_s, answer = started(ours, folder)
        cold_s, _ = started(ours, folder, NUMBA_CACHE_DIR=str(bare))
        peer = HotspotCaller("esda", "peers.autocorrelated", (str(file), "first", str(permutations)))
        peer_s, _ = started(peer, folder, repeats=1 if permutations else 3)
        yield {
            "task": f"first answer, {task}", "data": f"invented {len(xy)}", "size": size, "ours": {"wall_s": warm_s},
            "peer": "histogram2d + esda", "peer_cost": {"wall_s": peer_s}, "ratio": round(peer_s / warm_s, 1),
            "goal": f"under {FIRST_GOAL_S:g} s", "holds": max(warm_s, cold_s) < FIRST_GOAL_S, "answers_equal": None,
            "quality": {"without_a_cache_of_compiled_code_s": cold_s, "has_numba": answer.get("has_numba")},
        }  # fmt: skip


def started(caller: HotspotCaller, folder: Path, *, repeats: int = 5, **env: str) -> tuple[float, dict[str, Any]]:
    """Return the least seconds of some new processes, and what the last said."""
    before, least, answer = os.environ.copy(), float("inf"), {}
    os.environ.update(env)
    for _ in range(repeats):
        at = time.perf_counter()
        answer = caller.once(folder / "first.npz")
        least = min(least, time.perf_counter() - at)
    os.environ.clear()
    os.environ.update(before)
    if "failed" in answer:
        raise RuntimeError(answer["failed"])
    return round(least, 3), answer
