"""All rules on: demo towns and Lauf, with streets, water, walls, compounds and dedicated grids."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from bench.partition.bare import BAND, Frames, arrays_of
from bench.partition.ground import Arrays, Ints, Shapes, written
from bench.partition.quality import compactness, masses_of, no_line_share, pieces_of, zone_shapes
from bench.partition.real import task, told
from bench.partition.report import Report
from bench.partition.runs import Caller, Outcome, interleaved, ratio
from bench.partition.towns import demo_town, inner_borders, lauf, line_cost

PEER, WHOLE, CALLS = "METIS well", "METIS well, whole town", ("well", "costs")
BORDER_SHARE, FEW = 0.5, 20_000
COMPARABLE = (
    "same cells; METIS divides each community (or the whole town in one call) by all borders, knowing no walls; "
    "ours: one swift call on the ready graphs of all communities, with foot, line costs and compounds"
)


def towns(report: Report, folder: Path, sizes: list[int]) -> None:
    """Run demo towns of about these numbers of cells, then Lauf."""
    for size in sizes:
        ruled(report, folder, f"demo_town_{size}", lambda size=size: demo_town(size))
    ruled(report, folder, "lauf", lauf)


def ruled(report: Report, folder: Path, name: str, make: Callable[[], tuple[Frames, dict[str, Any]]]) -> None:
    """Plan one town with every rule on, and let METIS divide the same cells."""
    frames, asked = make()
    size = len(frames[0])
    arrays, inner = town_arrays(*frames)
    graph, path = written(folder / "town.npz", arrays), task(folder, "town", frames, **asked)
    metis = [
        Caller(f"METIS {call}", "peers.metis", (str(graph), call, str(sum(BAND) / 2)), limit_s=900) for call in CALLS
    ]
    metis.append(Caller(WHOLE, "peers.metis", (str(whole_graph(frames, folder)), "well", str(sum(BAND) / 2))))
    ours = [Caller(name, "ours", (str(path), name), is_ours=True, limit_s=3600) for name in ("plan", "rules")]
    found = interleaved([*ours, *metis], folder, rounds=3 if size <= FEW else 1)
    cells = frames[0].geometry.to_crs(frames[0].estimate_utm_crs()).to_numpy()
    quality = {
        caller: town_quality(frames[0], arrays, inner, outcome.labels, cells, outcome)
        for caller, outcome in found.items()
        if outcome.failed is None
    }
    for peer in metis:
        report.compared(
            "all rules", name, size, ours=found["rules"], peer=found[peer.name],
            comparable=COMPARABLE, quality=quality,
        )  # fmt: skip
    whole = found["plan"]
    report.row(
        "all rules, frames in, checked plan out", name, size, ours=whole.failed or whole.cost, quality=told(whole)
    )
    judged(report, name, found, quality)


def whole_graph(frames: Frames, folder: Path) -> Path:
    """Write the graph of all borders, those between communities too: what one call on a town's cells gets."""
    return written(folder / "whole.npz", arrays_of(*frames, line_cost(frames[1])))


def town_arrays(cells: gpd.GeoDataFrame, borders: pd.DataFrame) -> tuple[Arrays, pd.DataFrame]:
    """Return the graph of the borders inside communities, and those borders."""
    inner = inner_borders(cells, borders)
    return arrays_of(cells, inner, line_cost(inner)), inner


def town_quality(
    cells: gpd.GeoDataFrame, arrays: Arrays, inner: pd.DataFrame, labels: Ints, shapes: Shapes, outcome: Outcome
) -> dict[str, Any]:
    """Return band, contiguity on foot, shape and borders of a town's labels; dedicated grids are not in band."""
    a, b = (cells.index.get_indexer(inner[end]) for end in ("cell_a", "cell_b"))
    dedicated = np.isin(labels, outcome.answer.get("dedicated", np.empty(0, dtype=np.int64)))
    masses = masses_of(arrays, np.where(dedicated, -1, labels))
    shape = compactness(zone_shapes(shapes, labels))
    dry = (cells["kind"] != "water").to_numpy()
    return {
        "zones": len(shape), "out_of_band": int(((masses < BAND[0]) | (masses > BAND[1])).sum()),
        "in_pieces_on_foot": int((pieces_of(arrays, labels, dry) > 1).sum()),
        "pp_median": round(float(np.median(shape)), 4),
        "border_on_no_line": round(no_line_share(a, b, inner["length_m"].to_numpy(), inner["kind"], labels), 4),
    } | (told(outcome) if outcome.caller.name == "plan" else {})  # fmt: skip


def judged(report: Report, name: str, found: dict[str, Outcome], quality: dict[str, Any]) -> None:
    """Print the floors of one town."""
    ours, other = quality.get("plan"), quality.get(PEER)
    refused = None if ours is None else ours["refused"]
    report.floor("uncertified violations", name, goal="0", seen=found["plan"].failed or refused, holds=refused == 0)
    for peer, goal in ((WHOLE, ">= 1 x"), (PEER, "-")):
        times = ratio(found[peer], found["rules"])
        report.floor(
            f"speed beside {peer}, all rules on, CPU", name, goal=goal,
            seen=found["rules"].failed or times, holds=None if goal == "-" else times is not None and times >= 1,
        )  # fmt: skip
    if ours is None or other is None:
        return
    share, limit = ours["border_on_no_line"], round(BORDER_SHARE * other["border_on_no_line"], 4)
    report.floor("border on no line", name, goal=f"<= {limit} (half of METIS)", seen=share, holds=share <= limit)
