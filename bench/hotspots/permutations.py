"""p by permutation beside esda, warm: 999 draws, one thread and two workers; and what its ties do to counts."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.hotspots.points import REPORT_SEEDS, TOWN_M, invented, told
from bench.hotspots.runs import HotspotCaller, compared
from bench.reach.runs import Outcome, interleaved
from geo.rng import generator

DRAWS = 999
GOAL = 1.0
POINTS, CELLS_M, QUICK_CELLS_M = 1_000_000, (200.0, 50.0), (200.0,)
FAR_SD = 6.0
LARGE = 10_000


def measure(*, quick: bool) -> Iterator[dict[str, Any]]:
    """Return the lines of towns of a million incidents, and of a sparse one."""
    with tempfile.TemporaryDirectory(prefix="wangge-bench-") as name:
        folder = Path(name)
        for seed in REPORT_SEEDS[:1] if quick else REPORT_SEEDS:
            for cell_m in QUICK_CELLS_M if quick else CELLS_M:
                yield from beside_esda(folder, POINTS, cell_m, seed, jobs=(1,) if quick else (1, 2))
            yield from beside_esda(folder, 2_000, CELLS_M[0], seed, jobs=(1,))


def beside_esda(folder: Path, count: int, cell_m: float, seed: int, *, jobs: tuple[int, ...]) -> Iterator[dict]:
    """Return the lines of one town: ours has one thread in all of them."""
    file, mesh, size = told(folder, invented(count, seed), cell_m, is_masked=False)
    arrays = dict(np.load(file))
    households = generator(seed, "households").gamma(2.0, 100.0, mesh.cells)
    np.savez(file, **arrays | {"rates": (arrays["counts"] + 0.5) / households})  # no two rates tie
    repeats = "2" if size["cells"] > LARGE else "5"
    callers = [HotspotCaller("ours", "ours", (str(file), "permutations", repeats), is_ours=True)]
    for workers in jobs:
        told_ = (str(file), "permutations", repeats, str(workers))
        callers.append(HotspotCaller(f"esda {workers}", "peers.autocorrelated", told_, threads=1))
    found = interleaved(callers, folder, rounds=1 if size["cells"] > LARGE else 2)
    ours, data = found["ours"], f"invented {count} in {(TOWN_M / cell_m) ** 2:.0f} cells, seed {seed}"
    for workers in jobs:
        esda = found[f"esda {workers}"]
        if ours.failed or esda.failed:
            failed = {"failed": ours.failed or esda.failed, "holds": None if ours.failed is None else False}
            yield {"task": "permutations", "data": data, "peer": f"esda, {workers} jobs", "size": size} | failed
            continue
        is_same, facts = same(ours, esda)
        facts |= {"ours_99999": ours.cost("many"), "moran": esda.cost("moran"), "of_rates": esda.cost("rates")}
        row = compared(
            "999 permutations", data, size, ours=ours.cost("counts"), peer=f"esda G_Local warm, n_jobs={workers}",
            peer_cost=esda.cost("counts"), answers_equal=is_same, goal=GOAL, threads=(1, workers), quality=facts,
        )  # fmt: skip
        # the processor seconds of esda's workers are not seen from its process
        yield row if workers == 1 else row | {"ratio_cpu": None}


def same(ours: Outcome, esda: Outcome) -> tuple[bool, dict[str, Any]]:
    """Return whether p of rates, which do not tie, agree as well as two runs of 999 draws can; and facts on counts."""
    mine, peer = ours.answer, esda.answer
    half = mine["rates"] / 2
    off = [np.abs(half - peer[name]) / spread(half, peer[name]) for name in ("rates", "moran")]
    facts = {
        "rates_apart_sd": [round(float(sd.max()), 2) for sd in off],
        "rates_median_apart_sd": round(float(np.median(off[0])), 2),
        "counts_below_0.05": {"ours": int((mine["counts"] < 0.05).sum()), "esda_p_sim": below(peer["counts"], 0.05)},
        "counts_below_0.05_two_sided": {
            "ours": below(mine["counts"], 0.05),
            "esda_doubled": below(peer["counts"], 0.025),
        },
    }
    return bool(max(sd.max() for sd in off) < FAR_SD), facts


def below(p: Any, limit: float) -> int:
    """Return how many p are below a limit."""
    return int((p < limit).sum())


def spread(one: Any, other: Any) -> Any:
    """Return the standard deviation of the difference of two shares, each of 999 draws."""
    share = np.clip((one + other) / 2, 1 / (DRAWS + 1), 0.5)
    return np.sqrt(2 * share * (1 - share) / DRAWS)
