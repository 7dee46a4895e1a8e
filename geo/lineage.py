"""Lineage: which new grid carries on which old code when a plan is drawn anew.

The largest overlap wins, matched optimally over a whole community (Kuhn-Munkres), so no two
grids claim one code. Source: Kuhn (1955), as in `scipy.optimize.linear_sum_assignment`.
"""

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from geo.codes import next_grid_codes


def carried_codes(old: pd.Series, new: pd.Series, households: pd.Series) -> dict[int, str]:
    """Return the old code that each new grid carries on, by households in common.

    Parameters
    ----------
    old
        index ``cell_id``: grid code in the plan before.
    new
        index ``cell_id``: grid label in the new plan.
    households
        index ``cell_id``: weight of a cell; a cell without households counts a little, so that
        open ground can carry a code where nothing else does.

    Returns
    -------
    dict
        label -> code; labels that share no cell with an old grid are not in it.
    """
    both = pd.DataFrame({"old": old, "new": new}).dropna()
    if both.empty:
        return {}
    weight = households.reindex(both.index).fillna(0) + 1e-3
    shared = weight.groupby([both["new"], both["old"]]).sum().unstack().fillna(0.0)
    overlap = shared.to_numpy(dtype=np.float64)
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    return {
        int(shared.index[row]): str(shared.columns[column])
        for row, column in zip(rows, columns, strict=True)
        if overlap[row, column] > 0
    }


def issue_codes(areas: pd.Series, carried: dict[int, str], *, used: list[str]) -> pd.Series:
    """Return the grid code of every label: the carried one, or the next never used in its community.

    Parameters
    ----------
    areas
        index grid label, in order of issue (west to east, north to south): community code.
    carried
        label -> code kept from the plan before.
    used
        Every code ever issued here; none is given to another grid.
    """
    codes = dict(carried)
    fresh = areas[~areas.index.isin(list(carried))]
    for community, labels in fresh.groupby(fresh):
        codes.update(zip(labels.index, next_grid_codes(str(community), len(labels), used=used), strict=True))
    return pd.Series([codes[label] for label in areas.index], index=areas.index, name="grid_code", dtype=object)
