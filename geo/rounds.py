"""Rounds: how far it is to walk past every door of a grid and back, on streets and through gates, as `geo.reach` walks.

Metres are from door to door, the stretches between street and door included, and past doors on the way where that is
shorter. A door that no street reaches is walked to in a straight line, and counted. A round has no stops in it and no
stairs: it is the ground that has to be covered, not how long a visit takes.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse.csgraph import shortest_path

from geo.access import Doors
from geo.errors import BadSettingError
from geo.network import WalkNetwork
from geo.searches import net_of, walks_all
from geo.tours import length_of, tour, tree_m

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# How far a search goes at first and at last, beyond three times the grid's own extent.
MARGIN_M, FARTHEST_M = 300.0, 20_000.0


class Round(NamedTuple):
    """A way round: positions in the order they are passed, metres, and the metres that no way round is below."""

    order: Ints
    length_m: float
    tree_m: float
    straight: int


def rounds(network: WalkNetwork | None, places: Doors, groups: pd.Series, *, seed: int = 0) -> pd.DataFrame:
    """Return a short way round for each group of places.

    Parameters
    ----------
    network
        The streets the places are joined to; None where there are none.
    places
        (p,) doors of `geo.access.doors`.
    groups
        (p,) what each place belongs to - a grid - in the same order; its index is the places' ids, each once. A missing
        value is no group.
    seed
        Same seed, same rounds, in whatever order the places come.

    Returns
    -------
    pandas.DataFrame
        index group, sorted; doors, length_m, tree_m (no way round is shorter), straight (doors that are walked to in a
        straight line), order (list of ids as they are passed, from the lowest). One door alone is a round of 0 m.

    Raises
    ------
    BadSettingError
        There are more or fewer groups than places.
    """
    if len(groups) != len(places.edge):
        raise BadSettingError(
            what="groups", value=len(groups), reason=f"there are {len(places.edge)} places",
            reason_zh=f"共有 {len(places.edge)} 处",
        )  # fmt: skip
    rows = {}
    at = pd.Series(np.arange(len(groups)), index=groups.index).sort_index()
    for group, mine in at.groupby(groups.reindex(at.index), sort=True):
        found = round_of(network, places.take(mine.to_numpy()), seed=seed)
        ids = mine.index[found.order].tolist()
        rows[group] = (len(mine), found.length_m, found.tree_m, found.straight, ids)
    columns = ["doors", "length_m", "tree_m", "straight", "order"]
    made = pd.DataFrame(list(rows.values()), columns=columns, index=pd.Index(list(rows), name=groups.name))
    return made.astype({"length_m": "float64", "tree_m": "float64"})


def round_of(network: WalkNetwork | None, places: Doors, *, seed: int = 0) -> Round:
    """Return a short way round through all of some doors."""
    way_m, is_straight = ways_between(network, places)
    order = tour(way_m, seed=seed)
    return Round(order, length_of(way_m, order), tree_m(way_m), int(is_straight.sum()))


def ways_between(network: WalkNetwork | None, places: Doors) -> tuple[Floats, Bools]:
    """Return (p, p) metres on foot between doors, metric and symmetric, and which are joined by straight lines.

    A door is walked to in a straight line where no street joins it, or where streets do not lead to most of the others
    within 20 km.
    """
    count = len(places.edge)
    way_m = np.full((count, count), np.inf)
    np.fill_diagonal(way_m, 0.0)
    straight_m = np.hypot(*(places.xy[:, None, :] - places.xy[None, :, :]).transpose(2, 0, 1))
    joined = np.flatnonzero(places.edge >= 0)
    limit_m = 3 * float(straight_m.max(initial=0.0)) + MARGIN_M
    while len(joined) > 1:
        mine = places.take(joined)
        found = walks_all(net_of(network, mine), mine, limit_m=limit_m)
        way_m[joined[found.origin], joined[found.door]] = found.way_m
        if limit_m >= FARTHEST_M or np.isfinite(way_m[np.ix_(joined, joined)]).all():
            break
        limit_m = min(4 * limit_m, FARTHEST_M)
    np.minimum(way_m, way_m.T, out=way_m)
    np.fill_diagonal(way_m, 0.0)
    is_straight = np.isfinite(way_m).sum(axis=1) * 2 <= count if count > 1 else np.zeros(count, dtype=np.bool_)
    missing = ~np.isfinite(way_m)
    way_m[missing] = straight_m[missing]
    # Past other doors it may be shorter: through the yards of a compound, or to a door with a straight line of its own.
    closed = np.asarray(shortest_path(np.maximum(way_m, 1e-9) * (1 - np.eye(count)), directed=False), dtype=np.float64)
    return closed, np.asarray(is_straight, dtype=np.bool_)
