"""Labels from a ready graph without barriers: invented cities and Tokyo, growth, memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import log10
from pathlib import Path
from typing import Any

from bench.partition.bare import BAND
from bench.partition.city import REPORT_SEEDS, invented, tokyo
from bench.partition.ground import Arrays, ground_of, polygons_of, written
from bench.partition.quality import quality_of
from bench.partition.report import Report
from bench.partition.runs import Caller, Outcome, interleaved, ratio

SHARE = str(sum(BAND) / 2)
PEER, CALLS = "METIS well", ("well", "costs", "default")
COMPARABLE = "same graph, households and number of zones asked; band, contiguity and shape of both by one function"
SPEED, SPEED_TOKYO, SHAPE_DEFAULT = 8.0, 4.0, 1.3
MILLION, MILLION_S, PER_DECADE, BYTES_A_CELL = 1_000_000, 10.0, 12.0, 500.0
SPEED_SIZE, SHAPE_SIZE, CALLS_SIZE = 100_000, 10_000, 200_000
PLENTY = 35


@dataclass
class Ran:
    """One data set's outcomes and their quality, by caller."""

    size: int
    found: dict[str, Outcome]
    quality: dict[str, Any]

    @property
    def ours(self) -> Outcome:
        """Our own outcome."""
        return self.found["ours"]


def callers(graph: Path, size: int) -> list[Caller]:
    """Return ours and METIS's three calls; above 200k cells only the well-called one, which takes half a minute."""
    calls = CALLS if size <= CALLS_SIZE * 2 else CALLS[:1]
    metis = [Caller(f"METIS {call}", "peers.metis", (str(graph), call, SHARE)) for call in calls]
    return [Caller("ours", "ours", (str(graph), "labels"), is_ours=True), *metis]


def ran(report: Report, name: str, arrays: Arrays, folder: Path) -> Ran:
    """Run all callers on one ground, compare the answers, then the times."""
    size = len(arrays["mass"])
    graph = written(folder / f"{name}.npz", arrays)
    found = interleaved(callers(graph, size), folder, rounds=1 if size >= MILLION else 3)
    cells = polygons_of(arrays)
    quality = {
        caller: quality_of(arrays, outcome.labels, BAND, cells)
        for caller, outcome in found.items()
        if outcome.failed is None
    }
    graph.unlink()
    run = Ran(size, found, quality)
    for caller, peer in found.items():
        if caller != "ours":
            report.compared("labels", name, size, ours=run.ours, peer=peer, comparable=COMPARABLE, quality=quality)
    judged(report, name, run)
    return run


def judged(report: Report, name: str, run: Ran) -> None:
    """Print what the issue asks of one data set."""
    ours = run.quality.get("ours")
    if ours is None:
        report.floor("labels", name, goal="an answer", seen=run.ours.failed, holds=False)
        return
    broken = ours["out_of_band"] + ours["in_pieces"] + ours["without_zone"]
    limit = 2 if name.startswith("tokyo") else 0
    report.floor("grids out of band or in pieces", name, goal=f"<= {limit}", seen=broken, holds=broken <= limit)
    if run.size < SHAPE_SIZE:
        return
    shape_floors(report, name, run)
    speed_floor(report, name, run)


def shape_floors(report: Report, name: str, run: Ran) -> None:
    """Polsby-Popper beside METIS well called, and its default call."""
    seen = run.quality["ours"]["pp_median"]
    for caller, factor in ((PEER, 1.0), ("METIS default", SHAPE_DEFAULT)):
        if caller in run.quality:
            other = run.quality[caller]["pp_median"]
            goal = f">= {factor} x {other} ({caller})"
            report.floor("median Polsby-Popper", name, goal=goal, seen=seen, holds=seen >= factor * other)


def speed_floor(report: Report, name: str, run: Ran) -> None:
    """CPU seconds beside METIS well called; 4 x on Tokyo, 8 x at 100k cells and up to 35 cells a grid."""
    times = ratio(run.found[PEER], run.ours)
    is_tokyo = name.startswith("tokyo")
    goal = SPEED_TOKYO if is_tokyo else SPEED
    is_asked = is_tokyo or (run.size >= SPEED_SIZE and run.size / run.quality["ours"]["zones"] <= PLENTY)
    holds = None if times is None or not is_asked else times >= goal
    report.floor(
        "speed beside METIS well, CPU", name, goal=f">= {goal} x" if is_asked else "-", seen=times, holds=holds
    )


def cities(report: Report, folder: Path, sizes: list[int], seeds: Sequence[int] = REPORT_SEEDS) -> None:
    """Run the invented cities of every size, and judge growth and memory on the first seed."""
    growing: list[Ran] = []
    for size in sizes:
        kinds = ("mixed", "uniform") if size < MILLION else ("mixed",)
        for seed, households in product(seeds if size < MILLION else seeds[:1], kinds):
            arrays = ground_of(*invented(size, seed=seed, households=households))
            run = ran(report, f"city_{households}_{seed}_{size}", arrays, folder)
            if households == "mixed" and seed == seeds[0]:
                growing.append(run)
    growth(report, [run for run in growing if run.ours.failed is None])


def growth(report: Report, runs: list[Ran]) -> None:
    """Judge time a decade, the million, and memory."""
    for small, large in pairwise(runs):
        name, decades = f"city_mixed {small.size} -> {large.size}", log10(large.size / small.size)
        times = round((large.ours.cost["cpu_s"] / small.ours.cost["cpu_s"]) ** (1 / decades), 2)
        asked = small.size >= SHAPE_SIZE
        metis = [run.found[PEER].cost for run in (small, large)]
        peers = {
            "time": round((metis[1]["cpu_s"] / metis[0]["cpu_s"]) ** (1 / decades), 2),
            "bytes_a_cell": round((metis[1]["grown_mb"] - metis[0]["grown_mb"]) * 2**20 / (large.size - small.size)),
        }
        report.row("growth a decade", name, large.size, ours={"time": times}, peer=PEER, peer_growth=peers)
        report.floor(
            "time ratio a decade, CPU", name, goal=f"< {PER_DECADE}", seen=times,
            holds=times < PER_DECADE if asked else None,
        )  # fmt: skip
        grown = large.ours.cost["grown_mb"] - small.ours.cost["grown_mb"]
        bytes_a_cell = round(grown * 2**20 / (large.size - small.size))
        report.floor(
            "peak memory above the ready graph, bytes a cell more", name, goal=f"< {BYTES_A_CELL}", seen=bytes_a_cell,
            holds=bytes_a_cell < BYTES_A_CELL if large.size >= MILLION else None,
        )  # fmt: skip
    if runs and runs[-1].size >= MILLION:
        wall = runs[-1].ours.cost["wall_s"]
        report.floor("1M cells, wall s", "city_mixed", goal=f"<= {MILLION_S}", seen=wall, holds=wall <= MILLION_S)


def tokyo_wards(report: Report, folder: Path) -> None:
    """Run Setagaya and Meguro."""
    ran(report, "tokyo_setagaya_meguro", ground_of(*tokyo("setagaya_meguro")), folder)
