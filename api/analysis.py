"""Analysis: what the offline door is asked, and what it found, before anything is written."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from data.readers.barriers import Barriers
from data.readers.layer import Layer
from data.readers.tessellation import Columns, Tessellation
from geo.edges import Ints
from geo.hindrances import Hindered
from geo.neighbours import TOLERANCE_M, Neighbours
from geo.partition import GridProposal

BAND = (300, 500)


@dataclass(frozen=True)
class Question:
    """What is asked: the file and its columns, the band or the number of grids, what bars the way."""

    cells: Path
    columns: Columns
    layer: str | None = None
    crs: str | None = None
    band: tuple[int, int] | None = None
    count: int | None = None
    people_band: tuple[int, int] | None = None
    barriers: Path | None = None
    barriers_crs: str | None = None
    barrier_m: float | None = None
    tolerance_m: float = TOLERANCE_M
    seed: int = 0

    @property
    def asked_band(self) -> tuple[int, int] | None:
        """The band asked for: the usual one where neither a band nor a number was given."""
        return BAND if self.band is None and self.count is None else self.band

    @property
    def reach_m(self) -> float:
        """How far a barrier may lie from the border it stands on."""
        return max(self.tolerance_m, 0.05) if self.barrier_m is None else self.barrier_m


@dataclass(frozen=True, eq=False)
class Analysis:
    """A plan for somebody's layer.

    Attributes
    ----------
    cells
        As read, water cells being of kind ``water``; borders as of `geo.neighbours` or `geo.hindrances`.
    band
        What was handed to the solver, in units of `ground.households.scale`.
    by_grid, whole
        As of `geo.partition.measures.measure_plan`, in those units.
    ids
        The grid_id of each grid, by label 0..k-1.
    """

    question: Question
    layer: Layer
    ground: Tessellation
    cells: gpd.GeoDataFrame
    near: Neighbours
    borders: pd.DataFrame
    barriers: Barriers | None
    bars: Hindered | None
    proposal: GridProposal
    band: tuple[int, int]
    by_grid: pd.DataFrame
    whole: pd.DataFrame
    ids: pa.Array

    @property
    def grid_of_row(self) -> Ints:
        """The grid of each row, -1 where it has none."""
        held = self.proposal.assignment.sort_index().to_numpy(np.int64)
        return np.where(self.ground.cell_of_row >= 0, held[self.ground.cell_of_row], -1)
