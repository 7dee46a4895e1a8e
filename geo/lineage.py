"""Lineage: which new grid carries on which old code when a plan is drawn anew.

The largest overlap wins, matched optimally over a whole community, so no two grids claim one
code. Source: the assignment problem, Kuhn (1955), solved by `scipy.optimize.linear_sum_assignment`.
"""

from collections.abc import Hashable, Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.sparse import block_array, coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from geo.codes import next_grid_codes


def carried_codes(old: pd.Series, new: pd.Series, households: pd.Series) -> dict[int, Hashable]:
    """Return the old code that each new grid carries on, by households in common.

    Parameters
    ----------
    old
        index ``cell_id``: grid code (or any other name) in the plan before.
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
    shared = weight.groupby([both["new"], both["old"]]).sum()
    labels, codes = shared.index.get_level_values(0), shared.index.get_level_values(1)
    row, rows = pd.factorize(labels, sort=True)
    column, columns = pd.factorize(codes)
    overlap = coo_array((shared.to_numpy(), (row, column)), shape=(len(rows), len(columns))).tocsr()
    return {int(rows[i]): columns[j] for i, j in matched(overlap)}


def matched(overlap: csr_array) -> Iterator[tuple[int, int]]:
    """Yield the pairs (row, column) of the matching with the greatest sum; only what overlaps is matched.

    Grids that share nothing do not compete: each connected part of the table is matched by itself.
    """
    count = overlap.shape[0]
    _, part = connected_components(block_array([[None, overlap], [overlap.T, None]]), directed=False)
    order = np.argsort(part, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        rows, columns = members[members < count], members[members >= count] - count
        if len(rows) == len(columns) == 1:
            # Nothing competes: most grids of a plan that is kept.
            yield int(rows[0]), int(columns[0])
            continue
        table = overlap[rows][:, columns].toarray()
        for i, j in zip(*linear_sum_assignment(table, maximize=True), strict=True):
            if table[i, j] > 0:
                yield int(rows[i]), int(columns[j])


def issue_codes(areas: pd.Series, carried: Mapping[int, Hashable], *, used: list[str]) -> pd.Series:
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
