"""Circles of 2,000 facilities, node sets and households, beside scipy, networkx and pgRouting."""

from pathlib import Path
from typing import Any

from bench.reach.compare import same_circles, same_totals
from bench.reach.nets import Net, net
from bench.reach.report import Report
from bench.reach.routed import NEEDS, database
from bench.reach.runs import CORES, Caller, Outcome, interleaved

# How many times the speed of a peer; nets that are not named are measured for growth and not judged.
SMALL = {"scipy": 2.5, "networkx": 50.0, "pgRouting": 8.0}
LARGE = {"scipy": 5.0, "networkx": 50.0, "pgRouting": 20.0}
GOALS = {"helsinki": SMALL, "liechtenstein": SMALL, "wuhan": LARGE, "lattice_500000": LARGE}
NAMES = {"networkx": "networkx ego_graph", "pgRouting": "pgr_drivingDistance in one call"}
EGO_FACILITIES, ROUTED = 20, 200


def ours(task: str, ground: Net, *told: int, repeats: int = 3) -> Caller:
    """Return our caller of a task."""
    words = (str(ground.folder), str(repeats), task, *map(str, told))
    return Caller("ours", "ours", words, is_ours=True, threads=CORES)


def plain(name: str, call: str, ground: Net, *told: int, repeats: int = 3) -> Caller:
    """Return a caller of scipy or networkx."""
    return Caller(name, "peers.plain", (str(ground.folder), str(repeats), call, *map(str, told)))


def circles(report: Report, folder: Path, names: list[str], seeds: list[int], count: int) -> None:
    """Both limits, node sets and households, of all facilities; then the samples that slow peers are asked."""
    with database(folder) as dsn:
        for name in names:
            ground = net(name, folder)
            for seed in seeds:
                measured(report, folder, ground, (seed, count), dsn)


def measured(report: Report, folder: Path, ground: Net, drawn: tuple[int, int], dsn: str | None) -> None:
    """Measure one network with the facilities of one seed, so many of them."""
    seed, count = drawn
    callers = [
        ours("circles", ground, seed, count),
        plain("scipy", "scipy", ground, seed, count),
        plain("networkx", "ego", ground, seed, EGO_FACILITIES, repeats=2),
    ]
    if dsn is not None:
        words = (str(ground.folder), "3", dsn, str(seed), str(ROUTED))
        callers.append(Caller("pgRouting", "peers.routing", words))
    found = interleaved(callers, folder, rounds=2)
    mine, goals = found["ours"], GOALS.get(ground.name, {})
    data, size = f"{ground.name} seed {seed}", ground.size | {"facilities": count}
    if mine.failed is not None:
        report.goal(f"circles | {data}", goal="an answer", seen=mine.failed, holds=False)
        return
    steps = {step: mine.cost(step) for step in ("net", "nodes", "sums")}
    report.line("circles growth", data, size, ours=steps, growth=mine.fact("growth"))
    beside_scipy(report, data, size, (mine, found["scipy"]), goals.get("scipy"))
    beside_sample(report, data, size | {"facilities": EGO_FACILITIES}, (mine, found["networkx"]), goals)
    if dsn is None:
        report.line("circles", data, size, peer="pgRouting", peer_cost={"failed": NEEDS}, answers_equal=None)
        report.goal(f"circles | {data} | pgRouting", goal="-", seen=NEEDS, holds=None)
    else:
        beside_sample(report, data, size | {"facilities": ROUTED}, (mine, found["pgRouting"]), goals)


def beside_scipy(
    report: Report, data: str, size: dict[str, int], both: tuple[Outcome, Outcome], goal: float | None
) -> None:
    """Compare all nodes of all circles, then the times; with what comes before a search, too."""
    (mine, peer), is_same = both, None
    facts: dict[str, Any] = {}
    if peer.failed is None:
        is_same, facts = same_circles(mine.answer, peer.answer, size["facilities"], size["nodes"])
        facts["chunk"] = peer.fact("chunk")
        before = mine.cost("net", "circles"), peer.cost("build", "circles")
        facts["with_building"] = {"ours": before[0], "peer": before[1]}
    report.compared(
        "circles", data, size, ours=mine.cost("circles"), peer="scipy dijkstra(limit)", peer_cost=peer.cost("circles"),
        threads=(CORES, 1), answers_equal=is_same, goal=goal, why_not=peer.failed, quality=facts,
    )  # fmt: skip


def beside_sample(
    report: Report, data: str, size: dict[str, int], both: tuple[Outcome, Outcome], goals: dict[str, float]
) -> None:
    """Compare a sample of the facilities, ours asked for no more than these; per facility of all it is told as well.

    networkx takes one facility after another, so its sample stands for all of them, and the goal is for one facility;
    pgRouting reads its table once for all that are asked, so both are asked the same.
    """
    (mine, peer), sample, is_same = both, size["facilities"], None
    facts: dict[str, Any] = {}
    wall_s, all_s = peer.cost("circles"), mine.cost("circles")
    if wall_s is not None and all_s is not None:
        answers = mine.answer, peer.answer
        has_nodes = "node" in answers[1]
        is_same, facts = same_circles(*answers, sample, size["nodes"]) if has_nodes else same_totals(*answers)
        each = wall_s["wall_s"] / sample, all_s["wall_s"] / len(answers[0]["counts"])
        facts["us_a_facility"] = {"ours, of all": round(1e6 * each[1], 1), "peer": round(1e6 * each[0], 1)}
        facts["ratio_a_facility"] = float(f"{each[0] / each[1]:.3g}")
    name, goal = NAMES[peer.caller.name], goals.get(peer.caller.name)
    is_one_by_one = peer.caller.name == "networkx"
    if is_one_by_one and goal is not None and facts:
        seen = facts["ratio_a_facility"]
        report.goal(f"circles | {data} | {name} a facility", goal=f">= {goal:g} x", seen=seen, holds=seen >= goal)
    report.compared(
        "circles", data, size, ours=mine.cost(f"circles {sample}"), peer=name,
        peer_cost=peer.cost("circles"), threads=(CORES, 1), answers_equal=is_same,
        goal=None if is_one_by_one else goal, why_not=peer.failed, quality=facts,
    )  # fmt: skip
