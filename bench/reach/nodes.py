"""Every node of a network: its nearest facility, beside scipy, and the households about it, beside pandana."""

from pathlib import Path
from typing import Any

import numpy as np

from bench.reach import draw
from bench.reach.circles import ours, plain
from bench.reach.compare import near_sums, same_nearest
from bench.reach.nets import Net, net
from bench.reach.report import Report
from bench.reach.runs import CORES, Caller, interleaved

NEAREST_GOALS = {"helsinki": 1.0, "liechtenstein": 1.0, "wuhan": 1.0, "lattice_500000": 2.5}
LARGE = 200_000
SAMPLED, PANDANA_S = 50, 300.0
LIMIT_M = 1080.0


def nearest(report: Report, folder: Path, names: list[str], seeds: list[int], count: int) -> None:
    """Measure the nearest of all facilities for every node."""
    for name in names:
        ground = net(name, folder)
        for seed in seeds:
            callers = [ours("nearest", ground, seed, count), plain("scipy", "nearest", ground, seed, count)]
            found = interleaved(callers, folder, rounds=3)
            mine, peer, is_same = found["ours"], found["scipy"], None
            facts: dict[str, Any] = {}
            if mine.failed is None and peer.failed is None:
                drawn = draw.facilities(len(ground.kept), seed, count)
                is_same, facts = same_nearest(mine.answer, peer.answer, drawn)
                facts["peer_telling_which_too"] = peer.cost("with_owner")
            report.compared(
                "nearest", f"{name} seed {seed}", ground.size | {"facilities": count}, ours=mine.cost("nearest"),
                peer="scipy dijkstra(min_only)", peer_cost=peer.cost("nearest"), threads=(1, 1), answers_equal=is_same,
                goal=NEAREST_GOALS.get(name), why_not=mine.failed or peer.failed, quality=facts,
            )  # fmt: skip


def every_node(report: Report, folder: Path, names: list[str]) -> None:
    """Measure the households within 15 minutes of every node, on ever larger nets."""
    growth: list[dict[str, Any]] = []
    for name in names:
        ground = net(name, folder)
        repeats = 1 if len(ground.kept) > LARGE else 3
        callers = [
            ours("every", ground, repeats=repeats),
            Caller("pandana", "peers.accessible", (str(ground.folder), "3"), threads=CORES, limit_s=PANDANA_S),
        ]
        found = interleaved(callers, folder, rounds=2)
        mine, peer = found["ours"], found["pandana"]
        cost = mine.cost("every")
        if cost is None:
            report.goal(f"every node | {name}", goal="an answer", seen=mine.failed, holds=False)
            continue
        is_same = same_as_scipy(ground, mine.answer["sums"])
        facts: dict[str, Any] = {"equal_to_scipy_at_50_nodes": is_same}
        steps = ("build", "precompute", "aggregate")
        if peer.failed is None:
            is_near, beside = near_sums(mine.answer["sums"], peer.answer["sums"])
            is_same = is_same and is_near
            facts |= beside | {"pandana": {step: peer.cost(step) for step in steps}}
        report.compared(
            "every node", name, ground.size, ours=mine.cost("net", "every"), peer="pandana",
            peer_cost=peer.cost(*steps), threads=(CORES, CORES), answers_equal=is_same,
            goal=1.0 if peer.failed is None else None, why_not=peer.failed, quality=facts,
        )  # fmt: skip
        if peer.failed is not None:
            seen = f"pandana: {peer.failed}; ours: {cost['wall_s']} s"
            report.goal(f"every node | {name} | pandana", goal="done", seen=seen, holds=True)
        each_us = 1e6 * cost["cpu_s"] / len(ground.kept)
        growth.append({"network": name, "nodes": len(ground.kept), "cpu_us_a_node": round(each_us, 1)})
    report.line("every node growth", "all", {"networks": len(growth)}, growth=growth)


def same_as_scipy(ground: Net, sums: Any) -> bool:
    """Return whether the households of some nodes are exactly what scipy's Dijkstra finds."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    graph, nodes = ground.graph, len(ground.kept)
    matrix = csr_array((graph["way_m"], graph["idx"], graph["ptr"]), shape=(nodes, nodes))
    asked = draw.facilities(nodes, draw.SEEDS[0], SAMPLED)
    near = dijkstra(matrix, indices=asked, limit=LIMIT_M) <= LIMIT_M
    return bool(np.array_equal(near @ graph["households"].astype(np.float64), sums[asked]))
