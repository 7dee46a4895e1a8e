"""The proposal: cells and borders in, every cell's grid out, with a reason for every rule broken.

Communities (`area_code`) are independent: each is divided alone, with a random stream of its own.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.partition.bands import band_of
from geo.partition.community import CommunityPlan, Wishes, plan_of
from geo.partition.exceptions import exception_frame
from geo.partition.ground import Ground, grounds_of
from geo.rng import generator

METHOD = "bisection-moves-trees/1"


@dataclass(frozen=True, eq=False)
class GridProposal:
    """A proposed plan.

    Attributes
    ----------
    assignment
        Series ``grid`` by ``cell_id``, in the order of the cells handed in: integer labels 0..k-1,
        unique over all communities; by area code, then in reading order.
    grids
        Frame by ``grid``: area_code, kind (general, dedicated), households, people.
    exceptions
        Frame: grid, rule (band, contiguity), certificate, detail (dict); see `exceptions`.
    method
        Name and version of the method.
    """

    assignment: pd.Series
    grids: pd.DataFrame
    exceptions: pd.DataFrame
    method: str = METHOD

    @property
    def dedicated(self) -> frozenset[int]:
        """Labels of the dedicated grids."""
        return frozenset(int(label) for label in self.grids.index[self.grids["kind"] == "dedicated"])


def propose_grids(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    *,
    band: tuple[int, int] = (300, 500),
    dedicated_uses: Collection[str] = (),
    dedicated_min_m2: float = 0.0,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> GridProposal:
    """Propose grids: every cell in one grid of its community, in band, in one piece on foot.

    Parameters
    ----------
    cells
        Polygons in EPSG:4326 by ``cell_id``: area_code, kind, households, people, and, where known,
        use, building_id, compound_id.
    borders
        cell_a, cell_b, length_m (metres), kind, is_walkable.
    band
        Fewest and most households of a general grid, both allowed.
    dedicated_uses, dedicated_min_m2
        Uses that get a dedicated grid (exempt from the band), and its smallest ground in m2.
    seed
        Same cells, borders and seed: same plan, in whatever order the rows come.
    progress
        Called with (communities done, communities in all) after each community.

    Returns
    -------
    GridProposal
        Rules that could not be kept are listed with a certificate; nothing is raised for them.

    Raises
    ------
    InputError
        Frames or band cannot be used.
    """
    wishes = Wishes(band_of(band), tuple(dedicated_uses), dedicated_min_m2)
    communities = cells["area_code"].nunique() if "area_code" in cells else 0
    plans: list[tuple[Ground, CommunityPlan]] = []
    for ground in grounds_of(cells, borders):
        plans.append((ground, plan_of(ground, wishes, rng=generator(seed, "partition", ground.area_code))))
        if progress is not None:
            progress(len(plans), communities)
    return proposal_of(cells, plans)


def proposal_of(cells: gpd.GeoDataFrame, plans: list[tuple[Ground, CommunityPlan]]) -> GridProposal:
    """Put the plans of all communities together, numbered one after the other."""
    labels, grids, rows, first = [], [], [], 0
    for ground, plan in plans:
        labels.append(pd.Series(first + plan.labels, index=ground.cell_ids))
        grids.append(grid_frame(ground, plan, first))
        rows += [
            {
                "grid": first + finding.grid,
                "rule": finding.rule,
                "certificate": finding.certificate,
                "detail": finding.detail,
            }
            for finding in plan.findings
        ]
        first += len(plan.dedicated)
    assignment = pd.concat(labels).reindex(cells.index).astype("int64").rename("grid")
    assignment.index.name = cells.index.name or "cell_id"
    return GridProposal(assignment, pd.concat(grids), exception_frame(rows))


def grid_frame(ground: Ground, plan: CommunityPlan, first: int) -> pd.DataFrame:
    """Return one community's grids with their sums."""
    count = len(plan.dedicated)
    return pd.DataFrame(
        {
            "area_code": ground.area_code,
            "kind": np.where(plan.dedicated, "dedicated", "general"),
            "households": np.bincount(plan.labels, weights=ground.households, minlength=count).astype(np.int64),
            "people": np.bincount(plan.labels, weights=ground.people, minlength=count).astype(np.int64),
        },
        index=pd.RangeIndex(first, first + count, name="grid"),
    )
