"""Ours, one call a process: warmed on other ground first, so that no compiled code is ever waited for.

Usage: python -m bench.partition.ours IN OUT.npz (labels | rules | plan | polygons)
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.partition.bare import BAND, frames_of
from bench.partition.city import invented
from bench.partition.ground import Arrays, Ints, ground_of, polygons_of
from bench.partition.peers.cost import hand_back, measured

WARM_CELLS, WARM_SEED = 1500, 8


def labels(given: Path, out: Path) -> None:
    """Divide a ready graph in one swift call; hand back the labels."""
    from geo.partition import divide_graph

    arrays = dict(np.load(given))
    for households in ("mixed", "uniform"):
        divide_graph(graph_of(warm_ground(households)), band=BAND, seed=0, is_swift=True)
    graph, groups = graph_of(arrays), arrays.get("groups")
    found, cost = measured(lambda: divide_graph(graph, band=BAND, seed=0, groups=groups, is_swift=True))
    hand_back(out, cost, labels=np.asarray(found, dtype=np.int64))


def graph_of(arrays: Arrays) -> Any:
    """Return the engine's graph of the arrays."""
    from geo.partition.graph import Edges, Nodes, graph_from_edges

    tails = np.repeat(np.arange(len(arrays["mass"])), np.diff(arrays["ptr"]))
    once = tails < arrays["idx"]
    ends = tails[once], arrays["idx"][once].astype(np.int64)
    edges = Edges(*ends, arrays["foot"][once], arrays["cost"][once], arrays["length"][once])
    return graph_from_edges(edges, Nodes(arrays["mass"], arrays["x"], arrays["y"], arrays["area"]))


def warm_ground(households: str) -> Arrays:
    """Return a small tuning city."""
    return ground_of(*invented(WARM_CELLS, seed=WARM_SEED, households=households))


def rules(given: Path, out: Path) -> None:
    """Divide the ready graph of a town with walls, lines and compounds, in one swift call; hand back the labels."""
    from geo.partition import divide_graph
    from geo.partition.ground import grounds_of

    task = pd.read_pickle(given)
    divide_graph(graph_of(warm_ground("mixed")), band=BAND, seed=0, is_swift=True)
    grounds = list(grounds_of(task["cells"], task["borders"]))
    for ground in grounds[:2]:
        divide_graph(ground.graph, band=BAND, seed=0, groups=ground.compound, is_swift=True)
    graph, groups = side_by_side(grounds)
    found, cost = measured(lambda: divide_graph(graph, band=BAND, seed=0, groups=groups, is_swift=True))
    labels = pd.Series(found, index=np.concatenate([ground.cell_ids for ground in grounds]))
    hand_back(out, cost, labels=labels.reindex(task["cells"].index).to_numpy(np.int64))


def side_by_side(grounds: list[Any]) -> tuple[Any, Ints]:
    """Return the communities' graphs as one of as many pieces, and their compounds numbered apart."""
    graphs = [ground.graph for ground in grounds]
    first = np.cumsum([0, *(graph.size for graph in graphs)])
    arcs = np.cumsum([0, *(len(graph.idx) for graph in graphs)])
    columns = {name: np.concatenate([getattr(graph, name) for graph in graphs]) for name in graphs[0]._fields}
    ptr = [graph.ptr[:-1] + start for graph, start in zip(graphs, arcs[:-1], strict=True)]
    columns["ptr"] = np.concatenate([*ptr, arcs[-1:]]).astype(np.int64)
    idx = [graph.idx + start for graph, start in zip(graphs, first[:-1], strict=True)]
    columns["idx"] = np.concatenate(idx).astype(graphs[0].idx.dtype)
    groups = [
        np.where(ground.compound >= 0, ground.compound + first[place], -1) for place, ground in enumerate(grounds)
    ]
    return type(graphs[0])(**columns), np.concatenate(groups)


def plan(given: Path, out: Path) -> None:
    """Propose grids for frames, then check them; hand back labels, exceptions and what the check refuses."""
    from geo.partition import propose_grids
    from geo.verify import verify_plan

    task = pd.read_pickle(given)
    warm = frames_of(warm_ground("mixed"), polygons_of(warm_ground("mixed")))
    published = propose_grids(*warm, band=BAND).assignment
    if "before" in task["asked"]:
        propose_grids(*warm, band=BAND, before=published)
    cells, borders, asked = task["cells"], task["borders"], task["asked"]
    made, cost = measured(lambda: propose_grids(cells, borders, **asked))
    rules = {name: asked[name] for name in ("count", "people_band", "before", "locked") if name in asked}
    refused = verify_plan(
        cells, borders, made.assignment, band=asked.get("band") or made.band, dedicated=made.dedicated,
        exceptions=made.exceptions, grids=made.grids, **rules,
    )  # fmt: skip
    kinds = made.exceptions["certificate"].value_counts().to_dict()
    told = {"exceptions": {str(kind): int(count) for kind, count in kinds.items()}, "refused": len(refused)}
    facts = {"refusals": [violation.text("en") for violation in refused][:10], "grids": len(made.grids)}
    columns = {"labels": made.assignment.to_numpy(np.int64), "dedicated": np.array(sorted(made.dedicated), np.int64)}
    if "carries" in made.grids:
        columns["carries"] = made.grids["carries"].fillna(-1).to_numpy(np.int64)
    hand_back(out, cost | told | facts, **columns)


def polygons(given: Path, out: Path) -> None:
    """Dissolve labelled cells; hand back the area of each zone in square degrees."""
    import shapely

    from geo.cover import dissolve

    task = pd.read_pickle(given)
    cells, assignment = task["cells"], task["assignment"]
    dissolve(cells.head(100), assignment.head(100))
    zones, cost = measured(lambda: dissolve(cells, assignment))
    hand_back(
        out, cost, area=shapely.area(zones.geometry.to_numpy()), points=shapely.get_num_coordinates(zones.geometry)
    )


if __name__ == "__main__":
    {"labels": labels, "rules": rules, "plan": plan, "polygons": polygons}[sys.argv[3]](
        Path(sys.argv[1]), Path(sys.argv[2])
    )
