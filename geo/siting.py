"""Siting: where the next stations should stand, so that most households - or all - come within a walk of one.

Existing stations stay. Most cover is the maximal covering location problem (Church and ReVelle, 1974), fewest sites the
location set covering problem (Toregas and others, 1971); both are solved as mixed integer programs by HiGHS, to the
optimum or to a gap that is told. Homes that the same sites reach are one demand, and a site that reaches no home that
another does not reach as well is no candidate: neither changes the optimum.

A program that is too large to be solved while one waits is not begun: the greedy choice is taken, and the gap to it is
that of a Lagrangean bound (Galvao and ReVelle, 1996), of greedy's own guarantee at the least: most cover reaches at
least 1 - 1/e of the best (Nemhauser and others, 1978), fewest sites are at most H(d) times as many (Chvatal, 1979).

Frames: candidates, index any unique id; geometry Point or polygons, EPSG:4326. Buildings and streets are a `Scene`.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, hstack, identity

from geo.crs import to_metric
from geo.errors import BadSettingError
from geo.nearest import nearest_to_doors
from geo.reach import SPEED_M_PER_S, limit_of
from geo.scene import Scene, above_zero
from geo.searches import sums_within, walks_all

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

TIME_MAX_S = 20.0
SITES_MAX = 3000
# Sites that reach a demand, counted over all demands: beyond, HiGHS's presolve alone outlasts its time limit by far.
LINKS_MAX, ALL_LINKS_MAX = 100_000, 600_000  # most cover, and fewest sites
WALKS_MAX = 4_000_000  # from candidates to homes: some 200 MB while they are sorted
PROBES = 48
ROUNDS, PATIENCE = 400, 10  # of the Lagrangean bound: in all, and without a better one before the step is shortened
GREEDY_GAP = np.e / (np.e - 1) - 1
WHOLE = 1e-6  # of a household


@dataclass(frozen=True, eq=False)
class Siting:
    """Sites chosen, and what they do.

    Attributes
    ----------
    sites
        index candidate_id, the site that serves most first: ``gain`` (households it brings within reach that those
        before it do not), ``alone`` (households it would bring alone), ``served`` (within reach after it).
    before, after, total
        Households within reach of existing stations, of all, and all households.
    beyond
        Households that no candidate reaches.
    gap_share
        By how much the best possible may be better, at most, as a share of the households gained (most cover) or of the
        sites (fewest sites); 0 where the optimum is proven.
    """

    sites: pd.DataFrame
    before: float
    after: float
    total: float
    beyond: float
    gap_share: float


@dataclass(frozen=True, eq=False)
class _Demands:
    """Homes without a station, those that the same sites reach taken together: sites x demands, and households."""

    reaches: csr_array
    households: Floats


def site_stations(
    candidates: gpd.GeoDataFrame,
    stations: gpd.GeoDataFrame,
    scene: Scene,
    *,
    count: int | None,
    minutes: float,
    speed_m_per_s: float = SPEED_M_PER_S,
    time_max_s: float = TIME_MAX_S,
) -> Siting:
    """Return the `count` sites that bring most households within `minutes`; None: the fewest that bring all they can.

    Parameters
    ----------
    candidates
        Where a station could stand. Those that join no street are no candidates.
    stations
        Those that stand already, index station_id; may be empty.
    scene
        Its first count, households, is what is to be covered.
    time_max_s
        After so long the solver is stopped: the best found so far is taken, and the gap told.

    Raises
    ------
    BadSettingError
        A number is out of its range, or there are too many candidates: thin them with `thinned`.
    DuplicateIdError, MissingCrsError, WrongCrsError, WrongGeometryError
        A frame is not what it must be.
    """
    above_zero(minutes=minutes, speed_m_per_s=speed_m_per_s, time_max_s=time_max_s)
    _require_counts(count, len(candidates))
    limit_m = limit_of(minutes, 60 * speed_m_per_s)
    households = scene.counts[:, 0]
    near_m = nearest_to_doors(scene.net, scene.join(stations), limit_m=limit_m).way_m
    is_served = np.isfinite(near_m)
    places = scene.join(candidates)
    joined = np.flatnonzero(places.edge >= 0)
    found = walks_all(scene.net, places.take(joined), limit_m=limit_m)
    wanted = ~is_served[found.door] & (households[found.door] > 0)
    pairs = found.origin[wanted], found.door[wanted]
    demands = _demands(*pairs, households, len(joined))
    useful = _useful(demands.reaches)
    picked, gap_share = _chosen(_Demands(csr_array(demands.reaches[useful]), demands.households), count, time_max_s)
    chosen = useful[picked]
    sites = _ranked(demands, chosen, candidates.index[joined], float(households[is_served].sum()))
    before, total = float(households[is_served].sum()), float(households.sum())
    gained = float(sites["gain"].sum())
    return Siting(sites, before, before + gained, total, total - before - float(demands.households.sum()), gap_share)


def thinned(candidates: gpd.GeoDataFrame, scene: Scene, *, spacing_m: float) -> gpd.GeoDataFrame:
    """Return candidates no two of which share a square of `spacing_m`: of each square the one nearest its middle."""
    above_zero(spacing_m=spacing_m)
    points = shapely.point_on_surface(to_metric(candidates.geometry, scene.crs).to_numpy())
    xy = np.stack([shapely.get_x(points), shapely.get_y(points)], axis=1)
    square = np.floor(xy / spacing_m)
    away_m = np.hypot(*(xy - (square + 0.5) * spacing_m).T)
    order = np.lexsort((np.arange(len(xy)), away_m, square[:, 1], square[:, 0]))
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (square[order][1:] != square[order][:-1]).any(axis=1)
    return candidates.iloc[np.sort(order[is_new])]


def weighable(
    candidates: gpd.GeoDataFrame, scene: Scene, *, minutes: float, speed_m_per_s: float = SPEED_M_PER_S
) -> int:
    """Return how many such candidates can be weighed: as many as have `WALKS_MAX` walks, judged by a few of them."""
    probed = np.unique(np.linspace(0, len(candidates) - 1, min(PROBES, len(candidates))).astype(np.int64))
    places = scene.join(candidates.iloc[probed])
    ones, limits_m = np.ones((len(scene.ids), 1)), np.array([limit_of(minutes, 60 * speed_m_per_s)])
    walks = sums_within(scene.net, places.take(np.flatnonzero(places.edge >= 0)), ones, limits_m=limits_m)
    return SITES_MAX if walks.sum() == 0 else min(SITES_MAX, int(WALKS_MAX / (walks.sum() / len(probed))))


def _require_counts(count: int | None, candidates: int) -> None:
    if count is not None and count < 1:
        raise BadSettingError(what="count", value=count, reason="it must be at least 1", reason_zh="至少为 1")
    if candidates > SITES_MAX:
        raise BadSettingError(
            what="candidates", value=candidates, reason=f"more than {SITES_MAX:,}; thin them out",
            reason_zh=f"候选点超过 {SITES_MAX:,} 个，请先抽稀",
        )  # fmt: skip


def _demands(site: Ints, door: Ints, households: Floats, sites: int) -> _Demands:
    """Take homes together that the same sites reach."""
    doors, at = np.unique(door, return_inverse=True)
    reaches = coo_array((np.ones(len(site)), (at, site)), shape=(len(doors), sites)).tocsr()
    reaches.sort_indices()
    spans = zip(reaches.indptr[:-1], reaches.indptr[1:], strict=True)
    keys = [reaches.indices[begin:end].tobytes() for begin, end in spans]
    _, first, group = np.unique(np.array(keys, dtype=object), return_index=True, return_inverse=True)
    amounts = np.bincount(group, weights=households[doors], minlength=len(first)).astype(np.float64)
    return _Demands(csr_array(reaches[first].T), amounts)


def _useful(reaches: csr_array) -> Ints:
    """Return the sites that reach something no other site reaches as well; of equal ones the first."""
    shared = coo_array(reaches @ reaches.T)
    own = np.asarray(reaches.sum(axis=1)).ravel()
    one, other = shared.coords
    is_within = (shared.data == own[one]) & ((own[other] > own[one]) | ((own[other] == own[one]) & (other < one)))
    is_useful = own > 0
    is_useful[one[is_within]] = False
    return np.flatnonzero(is_useful)


def _chosen(demands: _Demands, count: int | None, time_max_s: float) -> tuple[Ints, float]:
    """Return the sites of the optimum, or the best that were found, and the gap that is left."""
    sites, wanted = demands.reaches.shape
    if sites == 0 or wanted == 0:
        return np.empty(0, dtype=np.int64), 0.0
    if count is not None and count >= sites:
        return np.arange(sites), 0.0
    if count == 1:
        return np.array([np.argmax(demands.reaches @ demands.households)]), 0.0
    greedy, proven = _greedy(demands, count), np.inf
    best = greedy
    if demands.reaches.nnz <= (LINKS_MAX if count is not None else ALL_LINKS_MAX):
        taken, proven = _solved(demands, count, time_max_s)
        best = max((taken, greedy), key=lambda some: _worth(demands, some, count))
        if _gap(_worth(demands, best, count), proven) == 0:
            return best, 0.0
    if count is None:
        return best, _gap(-float(len(best)), min(-_fewest(demands, len(greedy)), proven))
    taken, bound = _relaxed(demands, count, best)
    best = max((best, taken), key=lambda some: _worth(demands, some, count))
    return best, min(_gap(_worth(demands, best, count), min(bound, proven)), GREEDY_GAP)


def _fewest(demands: _Demands, greedy: int) -> float:
    """Return how many sites every choice that reaches all has at least, `greedy` being as many as greedy needs."""
    largest = int(demands.reaches.sum(axis=1).max())
    harmonic = (1 / np.arange(1, largest + 1)).sum()
    return float(np.ceil(max(demands.reaches.shape[1] / largest, greedy / harmonic) - WHOLE))


def _solved(demands: _Demands, count: int | None, time_max_s: float) -> tuple[Ints, float]:
    """Return the sites of a mixed integer program, and what no choice is worth more than (`_worth`)."""
    sites, wanted = demands.reaches.shape
    reached_by = csr_array(demands.reaches.T)
    if count is None:
        solved = milp(
            np.ones(sites), constraints=LinearConstraint(reached_by, lb=1.0), integrality=np.ones(sites),
            bounds=Bounds(0, 1), options={"time_limit": time_max_s},
        )  # fmt: skip
    else:
        # Sites, then demands: a demand counts if one of its sites is taken; it needs no integrality.
        linked = LinearConstraint(hstack([-reached_by, identity(wanted, format="csr")], format="csr"), ub=0.0)
        limited = LinearConstraint(np.concatenate([np.ones(sites), np.zeros(wanted)])[None, :], ub=float(count))
        solved = milp(
            np.concatenate([np.zeros(sites), -demands.households]), constraints=[linked, limited],
            integrality=np.concatenate([np.ones(sites), np.zeros(wanted)]), bounds=Bounds(0, 1),
            options={"time_limit": time_max_s},
        )  # fmt: skip
    taken = np.empty(0, dtype=np.int64) if solved.x is None else np.flatnonzero(solved.x[:sites] > 0.5)
    bound = solved.mip_dual_bound
    if bound is None or not np.isfinite(bound):
        return taken, np.inf
    return taken, -float(bound if count is not None else np.ceil(bound - WHOLE))


def _relaxed(demands: _Demands, count: int, known: Ints) -> tuple[Ints, float]:
    """Return sites for most cover, and what no choice of as many reaches more than, by a Lagrangean relaxation.

    Each demand has a price up to its households; a site is worth the prices of its demands. What the prices leave of
    the households, and the `count` dearest sites, bound every choice from above; prices are led downhill.
    """
    reaches, households = demands.reaches, demands.households
    best, worth, bound = known, _worth(demands, known, count), np.inf
    prices = cheapest = households / 2
    length, waited = 2.0, 0
    for _ in range(ROUNDS):
        dear = reaches @ prices
        taken = np.sort(np.argsort(-dear, kind="stable")[:count])
        told = float((households - prices).sum() + dear[taken].sum())
        times = np.asarray(reaches[taken].sum(axis=0)).ravel()
        if (reached := float(households[times > 0].sum())) > worth:
            best, worth = taken, reached
        waited = 0 if told < bound - WHOLE else waited + 1
        if told < bound:
            bound, cheapest = told, prices
        if waited > PATIENCE:
            prices, length, waited = cheapest, length / 1.5, 0
            continue
        slope = times - (prices < households)
        if bound - worth < WHOLE or not slope.any():
            break
        prices = np.clip(prices - length * (told - worth) / (slope @ slope) * slope, 0.0, households)
    return best, bound


def _worth(demands: _Demands, taken: Ints, count: int | None) -> float:
    """Return what the solver makes large: households reached, or how few sites reach all."""
    is_reached = np.asarray(demands.reaches[taken].sum(axis=0)).ravel() > 0 if len(taken) else np.zeros(0, bool)
    if count is not None:
        return float(demands.households[is_reached].sum()) if len(taken) else 0.0
    return -float(len(taken)) if len(taken) and is_reached.all() else -np.inf


def _gap(worth: float, bound: float) -> float:
    """Return how far a solution's worth lies below what no choice is worth more than, as a share; inf: no bound."""
    if worth == 0:
        return 0.0
    gap = (bound - worth) / abs(worth)
    return 0.0 if gap < WHOLE else float(gap)


def _greedy(demands: _Demands, count: int | None) -> Ints:
    """Take the site that reaches most of what is left, again and again."""
    left = demands.households.copy()
    taken: list[int] = []
    while left.any() and (count is None or len(taken) < count):
        gained = demands.reaches @ left
        best = int(np.argmax(gained))
        if gained[best] <= 0:
            break
        taken.append(best)
        left[demands.reaches[[best]].indices] = 0.0
    return np.array(taken, dtype=np.int64)


def _ranked(demands: _Demands, chosen: Ints, ids: pd.Index, before: float) -> pd.DataFrame:
    """Order sites by what each brings beyond those before it; who brings nothing is left away."""
    kept = _Demands(csr_array(demands.reaches[chosen]), demands.households)
    order = _greedy(kept, None) if len(chosen) else np.empty(0, dtype=np.int64)
    alone = kept.reaches @ kept.households if len(chosen) else np.empty(0)
    left, gained = demands.households.copy(), []
    for site in order:
        reached = kept.reaches[[site]].indices
        gained.append(float(left[reached].sum()))
        left[reached] = 0.0
    index = ids.take(chosen[order]).rename("candidate_id")
    served = before + np.cumsum(gained) if gained else np.empty(0)
    return pd.DataFrame({"gain": gained, "alone": alone[order], "served": served}, index=index)
