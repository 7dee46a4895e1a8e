"""Analyse grids: somebody's layer in, the same rows with a grid each out, and a report. No database."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from api.actions import Progress, silent
from api.actions.propose_plan import PlanBrokenError
from api.analysis import Analysis, Question
from api.reports import report_of
from data.readers.barriers import read_barriers
from data.readers.layer import Layer, read_layer
from data.readers.tessellation import Tessellation, read_tessellation
from data.writers.files import write_json, write_together
from data.writers.ids import grid_ids, new_ids
from data.writers.layer import write_layer
from geo.errors import InputError
from geo.hindrances import Hindered, hindered, is_water
from geo.neighbours import Neighbours, neighbours_of
from geo.partition import GridProposal, propose_grids
from geo.partition.measures import measure_plan
from geo.verify import verify_plan

GRID_ID = "grid_id"
# Below so many cells, or with more of them side by side, ground may well lie in many parts.
FEW_CELLS, LOOSE_SHARE = 10, 1 / 3
# By how much of a household the band is narrowed where amounts had to be rounded; then by more.
Band = tuple[int, int]


class NotTilingError(InputError):
    """The polygons do not touch: they are footprints, not ground."""

    zh = (
        "{what}中的 {cells:,} 个面分成 {parts:,} 块互不相接的地面，不是铺满地面的图层，无法连成网格。"
        "若是建筑轮廓，请先生成地块（wangge town build）；若缝隙大于 {tolerance} 米，请加大 --tolerance-m。"
    )
    en = (
        "The {cells:,} polygons of {what} lie in {parts:,} parts that do not touch: they do not tile the ground, and "
        "no grids can be made of them. If they are footprints of buildings, cut the ground into cells first (wangge "
        "town build); if the gaps between them are wider than {tolerance} m, raise --tolerance-m."
    )


def analyse_grids(
    question: Question, *, out: Path, report: Path | None = None, progress: Progress = silent
) -> dict[str, Any]:
    """Write the rows of a layer with a grid each, and a report; return the report.

    Raises
    ------
    InputError
        Files or columns cannot be used, or the polygons do not touch.
    PlanBrokenError
        The independent check refused the plan; nothing was written.
    """
    done = analysed(question, progress=progress)
    made = report_of(done)
    progress(0.95, "writing")
    rows = done.grid_of_row
    values = done.ids.take(pa.array(rows, mask=rows < 0))
    writers: dict[Path, Callable[[Path], None]] = {out: partial(write_layer, done.layer, GRID_ID, values)}
    if report is not None:
        writers[report] = partial(write_json, content=made)
    write_together(writers)
    progress(1.0, f"{len(done.proposal.grids):,} grids")
    return made


def analysed(question: Question, *, progress: Progress = silent) -> Analysis:
    """Return the plan for a layer, checked and measured; nothing is written."""
    progress(0.0, "reading")
    layer = read_layer(question.cells, layer=question.layer, crs=question.crs)
    ground = read_tessellation(layer, question.columns)
    if ground.old is not None:
        new_ids(ground.old.values, 0, str(question.columns.keep))  # a type that can hold no ids is told before the work
    barriers = None if question.barriers is None else read_barriers(question.barriers, crs=question.barriers_crs)
    progress(0.1, f"finding the neighbours of {len(ground.cells):,} cells")
    near = neighbours_of(ground.cells, tolerance_m=question.tolerance_m)
    _refuse_footprints(layer, near, question.tolerance_m)
    cells, borders, bars = ground.cells, near.borders, None
    if barriers is not None:
        bars = hindered(near, barriers.barriers, barriers.passages, barrier_m=question.reach_m)
        cells, borders = _with_water(cells, bars), bars.borders
    proposal, band = _planned(question, ground, cells, borders, progress)
    progress(0.8, "checking and measuring")
    _refuse_broken(question, ground, cells, borders, (proposal, band))
    asked = {name: value for name, value in _asked(question, ground).items() if name in ("people_band", "before")}
    by_grid, whole = measure_plan(cells, borders, proposal.assignment, band=band, **asked)
    carried = [None if pd.isna(code) else int(code) for code in proposal.grids["carries"]]
    return Analysis(
        question=question, layer=layer, ground=ground, cells=cells, near=near, borders=borders, barriers=barriers,
        bars=bars, proposal=proposal, band=band, by_grid=by_grid, whole=whole,
        ids=grid_ids(carried, ground.old, question.columns.keep),
    )  # fmt: skip


def _refuse_footprints(layer: Layer, near: Neighbours, tolerance_m: float) -> None:
    """Raise where so few cells lie side by side that they cannot be meant to tile ground."""
    cells, parts = len(near.cell_ids), int(near.parts().max(initial=-1)) + 1
    if cells >= FEW_CELLS and parts > cells * LOOSE_SHARE:
        raise NotTilingError(what=layer.path.name, cells=cells, parts=parts, tolerance=f"{tolerance_m:g}")


def _with_water(cells: gpd.GeoDataFrame, bars: Hindered) -> gpd.GeoDataFrame:
    wet = is_water(cells["households"].to_numpy(np.int64), bars.wet)
    return cells.assign(kind=np.where(wet, "water", "land"))


def _asked(question: Question, ground: Tessellation, **more: Any) -> dict[str, Any]:
    """Return what solver and check are both told."""
    scale = ground.people.scale
    people_band = None if question.people_band is None else tuple(bound * scale for bound in question.people_band)
    before = None if ground.old is None else ground.cells["before"]
    # Locked grids are made already: the solver counts those it draws.
    count = None if question.count is None else question.count - len(ground.locked)
    return {"people_band": people_band, "before": before, "count": count, "locked": ground.locked, **more}


def _planned(
    question: Question, ground: Tessellation, cells: gpd.GeoDataFrame, borders: pd.DataFrame, progress: Progress
) -> tuple[GridProposal, Band]:
    """Return the plan and its band, in units."""
    scale, wanted = ground.households.scale, question.asked_band
    band = None if wanted is None else (wanted[0] * scale, wanted[1] * scale)
    progress(0.2, f"drawing grids of {len(cells):,} cells")
    proposal = propose_grids(
        cells, borders, seed=question.seed,
        progress=lambda done, of: progress(0.2 + 0.6 * done / max(of, 1), f"drawing grids, part {done} of {of}"),
        **_asked(question, ground, band=band),
    )  # fmt: skip
    return proposal, (int(proposal.band[0]), int(proposal.band[1]))


def _refuse_broken(
    question: Question,
    ground: Tessellation,
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    plan: tuple[GridProposal, Band],
) -> None:
    """Raise where the check, which knows nothing of the solver, finds a rule broken that no exception tells of."""
    proposal, band = plan
    broken = verify_plan(
        cells, borders, proposal.assignment, exceptions=proposal.exceptions, grids=proposal.grids,
        **_asked(question, ground, band=band),
    )  # fmt: skip
    # What the search could not mend is the reader's to judge: it is told as unresolved.
    open_ones = proposal.exceptions[proposal.exceptions["certificate"] == "unresolved"]
    listed = {
        (rule, None if grid < 0 else grid) for rule, grid in zip(open_ones["rule"], open_ones["grid"], strict=True)
    }
    broken = [violation for violation in broken if (violation.rule, violation.grid) not in listed]
    if broken:
        raise PlanBrokenError(
            violations="; ".join(violation.text("en") for violation in broken[:5]),
            violations_zh="；".join(violation.text("zh") for violation in broken[:5]),
        )
