"""A published plan of 300 grids and one new compound of 600 households; and row order."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.partition.bare import BAND, Frames, frames_of, taiwan
from bench.partition.city import REPORT_SEEDS, invented
from bench.partition.ground import ground_of, polygons_of
from bench.partition.real import asked_of_us, task, told
from bench.partition.report import Report
from bench.partition.runs import Outcome, interleaved
from bench.partition.towns import demo_town

GRIDS, NEW_HOUSEHOLDS, NEW_CELLS, GOAL_S = 300, 600, 10, 0.100
HOUSEHOLDS_A_CITY_CELL, HOUSEHOLDS_A_TOWN_CELL = 12.6, 6.4


def changes(report: Report, folder: Path) -> None:
    """Add the compound to an invented city and to a demo town, each with a published plan of about 300 grids."""
    size = int(GRIDS * sum(BAND) / 2 / HOUSEHOLDS_A_CITY_CELL)
    arrays = ground_of(*invented(size, seed=REPORT_SEEDS[0]))
    changed(report, folder, "city_mixed", frames_of(arrays, polygons_of(arrays)), {"band": BAND})
    frames, asked = demo_town(int(GRIDS * sum(BAND) / 2 / HOUSEHOLDS_A_TOWN_CELL))
    changed(report, folder, "demo_town", frames, asked)


def changed(report: Report, folder: Path, name: str, frames: Frames, asked: dict[str, Any]) -> None:
    """Publish a plan, add the compound, plan again with the published plan at hand."""
    cells, borders = frames
    first = interleaved([asked_of_us(task(folder, "first", frames, **asked))], folder, rounds=1)["ours"]
    if first.failed is not None:
        report.floor("a compound added", name, goal="a plan", seen=first.failed, holds=False)
        return
    published = pd.Series(first.labels, index=cells.index, name="grid")
    cells, site = with_compound(cells, borders, published, built_up(cells, published))
    path = task(folder, "second", (cells, borders), **asked, before=published)
    second = interleaved([asked_of_us(path)], folder, rounds=3)["ours"]
    facts = {"grids_before": first.costs[-1]["grids"], "first_plan": first.cost} | told(second)
    if second.failed is None:
        facts |= moved(cells, borders, published, second, site)
    report.row("a compound added", name, len(cells), ours=second.failed or second.cost, quality=facts)
    wall = second.failed or second.cost["wall_s"]
    goal = f"< {GOAL_S} s wall"
    report.floor(
        "a compound added, frames to plan", name, goal=goal, seen=wall, holds=isinstance(wall, float) and wall < GOAL_S
    )
    far = facts.get("households_moved_far")
    report.floor("households moved beyond the neighbours", name, goal="0", seen=far, holds=far == 0)


def with_compound(
    cells: pd.DataFrame, borders: pd.DataFrame, published: pd.Series, grid: int
) -> tuple[pd.DataFrame, pd.Index]:
    """Return the cells with 600 households more in a new compound within one grid, and the compound's cells."""
    site, now = new_site(cells, borders, published, grid), cells.copy()
    known = pd.to_numeric(now["compound_id"]) if "compound_id" in now else pd.Series(np.nan, index=now.index)
    known[site] = np.nan_to_num(known.max()) + 1
    now["compound_id"] = known.astype("Int64")
    each = np.full(len(site), NEW_HOUSEHOLDS // len(site)) + (np.arange(len(site)) < NEW_HOUSEHOLDS % len(site))
    for column in ("households", "people"):
        now.loc[site, column] += each
    return now, site


def built_up(cells: pd.DataFrame, published: pd.Series) -> int:
    """Return a general grid in the middle of the list with buildings enough for the compound."""
    of = cells[cells["kind"] == "building"].groupby(published)["households"].agg(["size", "sum"])
    fits = of.index[(of["size"] >= NEW_CELLS) & (of["sum"] >= BAND[0])]
    return int(fits[len(fits) // 2])


def new_site(cells: pd.DataFrame, borders: pd.DataFrame, published: pd.Series, grid: int) -> pd.Index:
    """Return up to ten neighbouring building cells of a grid, from its first cell on."""
    own = cells.index[(published == grid).to_numpy() & (cells["kind"] == "building").to_numpy()]
    walks = borders[borders["is_walkable"] & borders["cell_a"].isin(own) & borders["cell_b"].isin(own)]
    links = pd.concat([walks[["cell_a", "cell_b"]], walks[["cell_b", "cell_a"]].set_axis(["cell_a", "cell_b"], axis=1)])
    near = links.groupby("cell_a")["cell_b"].apply(list).to_dict()
    site, queue = [], [own[0]]
    while queue and len(site) < NEW_CELLS:
        cell = queue.pop(0)
        if cell not in site:
            site.append(cell)
            queue += near.get(cell, [])
    return pd.Index(site)


def moved(
    cells: pd.DataFrame, borders: pd.DataFrame, published: pd.Series, second: Outcome, site: pd.Index
) -> dict[str, Any]:
    """Return how many households changed grid, and how many of them outside the touched grids and their neighbours."""
    before, now = published.to_numpy(), second.answer["carries"][second.labels]
    a, b = (cells.index.get_indexer(borders[end]) for end in ("cell_a", "cell_b"))
    touched = np.unique(before[cells.index.get_indexer(site)])
    beside = np.concatenate([before[b[np.isin(before[a], touched)]], before[a[np.isin(before[b], touched)]]])
    near = np.isin(before, np.union1d(touched, beside))
    held, gone = cells["households"].to_numpy(), now != before
    return {
        "touched_grids": len(touched),
        "households_moved": int(held[gone].sum()),
        "households_moved_far": int(held[gone & ~near].sum()),
        "grids_changed": len(np.unique(before[gone])),
    }


def row_order(report: Report, folder: Path) -> None:
    """Shuffle rows of cells and borders: the plan must stay the same, cell by cell."""
    arrays = ground_of(*invented(5000, seed=REPORT_SEEDS[0]))
    for name, frames, asked in (
        ("city_mixed 5000", frames_of(arrays, polygons_of(arrays)), {"band": BAND}),
        ("taiwan_keelung", taiwan("keelung"), {"band": BAND}),
        ("demo_town 5000", *demo_town(5000)),
    ):
        straight = interleaved([asked_of_us(task(folder, "straight", frames, **asked))], folder, rounds=1)["ours"]
        shuffled = tuple(frame.sample(frac=1, random_state=seed) for seed, frame in enumerate(frames))
        mixed = interleaved([asked_of_us(task(folder, "mixed", shuffled, **asked))], folder, rounds=1)["ours"]
        if straight.failed or mixed.failed:
            report.floor(
                "same plan in any row order", name, goal="same", seen=straight.failed or mixed.failed, holds=False
            )
            continue
        place = frames[0].index.get_indexer(shuffled[0].index)
        same = bool((straight.labels[place] == mixed.labels).all())
        report.floor("same plan in any row order", name, goal="same", seen=same, holds=same)
