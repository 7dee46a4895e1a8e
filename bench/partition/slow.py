"""The peers that stop near ten thousand cells: spopt and gerrychain, each within a time limit."""

from pathlib import Path

from bench.partition.bare import BAND
from bench.partition.city import REPORT_SEEDS, invented
from bench.partition.ground import ground_of, polygons_of, written
from bench.partition.labels import COMPARABLE
from bench.partition.quality import quality_of
from bench.partition.report import Report
from bench.partition.runs import Caller, interleaved

LIMIT_S = 150.0
SHARE = sum(BAND) / 2


def slow_peers(report: Report, folder: Path, sizes: list[int]) -> None:
    """Run ours, spopt's Ward and max-p, gerrychain's trees and ReCom on small cities."""
    for size in sizes:
        arrays = ground_of(*invented(size, seed=REPORT_SEEDS[0]))
        graph, cells = str(written(folder / "small.npz", arrays)), polygons_of(arrays)
        parts = str(round(int(arrays["mass"].sum()) / SHARE))
        callers = [
            Caller("ours", "ours", (graph, "labels"), is_ours=True),
            Caller("spopt WardSpatial", "peers.regions", (graph, "ward", str(SHARE), str(BAND[0])), limit_s=LIMIT_S),
            Caller("spopt MaxPHeuristic", "peers.regions", (graph, "maxp", str(SHARE), str(BAND[0])), limit_s=LIMIT_S),
            Caller("gerrychain recursive_tree_part", "peers.chains", (graph, "tree", parts), limit_s=LIMIT_S),
            Caller("gerrychain ReCom, 200 steps", "peers.chains", (graph, "recom", parts), limit_s=LIMIT_S),
        ]
        found = interleaved(callers, folder, rounds=1)
        quality = {
            name: quality_of(arrays, outcome.labels, BAND, cells)
            for name, outcome in found.items()
            if outcome.failed is None
        }
        for name, peer in found.items():
            if name != "ours":
                report.compared(
                    "slow peers", f"city_mixed_{REPORT_SEEDS[0]}", size, ours=found["ours"], peer=peer,
                    comparable=COMPARABLE, quality=quality,
                )  # fmt: skip
