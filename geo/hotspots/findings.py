"""Findings: the windows of a study that stand out, and how likely each is by chance.

Which of the windows that stand out are told, is a choice:

likely   the most likely one, then those that share no place with any before (Kulldorff 1997). All are held against the
         same repeats, which is careful for the later ones.
gini     the same among circles up to a size, and of all sizes that whose clusters part the cases from what was
         expected best, by the Gini coefficient (Han et al. 2016). One large circle about two clusters, and the quiet
         between them, is often the most likely; this tells the two.
in_turn  one by one: what was found is taken off the map with its cases, and the rest is scanned anew (Zhang, Assuncao
         and Kulldorff 2010), so one strong cluster hides no weaker one.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import BadSettingError
from geo.hotspots.likelihood import gumbel_p, rank_p, relative_risk
from geo.hotspots.montecarlo import maxima
from geo.hotspots.study import Study
from geo.hotspots.sweep import Chances, Rules, best_windows, chances_of
from geo.hotspots.windows import SAME_M, SHARE_SLACK, Windows, windows_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Row = dict[str, Any]

KINDS, SELECTS = ("high", "low", "both"), ("likely", "gini", "in_turn")
# Shares of the exposure up to which circles are held against each other by the Gini coefficient, finer where small.
SIZES = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
SAME_GINI = 1e-9
TOTAL_MAX = 2_000_000_000
NONE = -1
COLUMNS = {
    "row": "int64", "x_m": "float64", "y_m": "float64", "radius_m": "float64", "rows": "int64", "observed": "int64",
    "expected": "float64", "relative_risk": "float64", "log_likelihood_ratio": "float64", "p": "float64",
    "p_gumbel": "float64", "is_high": "bool", "first_period": "int64", "last_period": "int64",
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What a scan is asked; `geo.hotspots.scan` and `geo.hotspots.spacetime` say what each means."""

    repeats: int
    seed: int
    kind: str = "high"
    radius_max_m: float | None = None
    exposure_share_max: float = 0.5
    p_max: float = 0.05
    select: str = "likely"
    length_max: int = 1
    is_alive: bool = False
    cases_min: int = 2
    workers: int | None = None

    def checked(self) -> "Question":
        """Return this, or refuse a number out of its range."""
        radius_m = np.inf if self.radius_max_m is None else self.radius_max_m
        _check("kind", self.kind, self.kind in KINDS, f"it must be one of {', '.join(KINDS)}",
               f"须为 {'、'.join(KINDS)} 之一")  # fmt: skip
        _check("select", self.select, self.select in SELECTS, f"it must be one of {', '.join(SELECTS)}",
               f"须为 {'、'.join(SELECTS)} 之一")  # fmt: skip
        _check("radius_max_m", radius_m, radius_m > 0, "it must be above 0", "必须大于 0")
        _check("exposure_share_max", self.exposure_share_max, 0 < self.exposure_share_max <= 1,
               "it must be above 0 and at most 1", "必须大于 0 且不超过 1")  # fmt: skip
        _check("repeats", self.repeats, self.repeats >= 1, "it must be 1 or more", "至少为 1")
        _check("cases_min", self.cases_min, self.cases_min >= 1, "it must be 1 or more", "至少为 1")
        _check("p_max", self.p_max, 0 <= self.p_max <= 1, "it must lie between 0 and 1", "应在 0 到 1 之间")
        return self


class Found(NamedTuple):
    """What a scan found.

    clusters
        Index ``cluster`` from 0, the most likely first. ``row``: a caller's row at the centre; ``x_m``, ``y_m``,
        ``radius_m``: the circle; ``rows``: how many of the caller's rows are in it; ``observed``, ``expected``: cases;
        ``relative_risk``: observed to expected inside, by the same outside; ``log_likelihood_ratio``; ``p`` by rank
        among the repeats; ``p_gumbel`` by a Gumbel distribution, for p too small for a rank; ``is_high``;
        ``first_period``, ``last_period``: positions, both within.
    cluster
        (n,) the cluster of each of the caller's rows, -1 none.
    maxima
        (repeats,) the greatest ratio of each repeat of the first scan.
    """

    clusters: pd.DataFrame
    cluster: Ints
    maxima: Floats


class _View(NamedTuple):
    """A study ready to be searched, the maxima of its repeats, and the counts of the periods looked at."""

    study: Study
    windows: Windows
    chances: Chances
    rules: Rules
    reached: Floats
    counts: npt.NDArray[np.int32]


def findings(study: Study, question: Question) -> Found:
    """Return the windows that stand out, the most likely whatever its p, the others with p up to `p_max`."""
    question.checked()
    _check("cases", study.total, study.total <= TOTAL_MAX, "there are too many", "事件总数过大")
    cluster, first_maxima = np.full(len(study.place), NONE, dtype=np.int64), np.zeros(question.repeats)
    rows: list[Row] = []
    rest, turn = study, 0
    while rest.total > 0:
        view = _view(rest, question, turn)
        first_maxima = view.reached if turn == 0 else first_maxima
        found = _by_gini(view, question) if question.select == "gini" else _likely(view, question)
        for row, members in found:
            if not rows or row["p"] <= question.p_max:
                cluster[members] = len(rows)
                rows.append(row)
        turn += 1
        if turn > len(rows) or rows[-1]["p"] > question.p_max or question.select != "in_turn":
            break
        rest = rest.without(np.isin(np.arange(len(rest.xy_m)), rest.place[cluster == len(rows) - 1]))
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    return Found(table.rename_axis(index="cluster"), cluster, first_maxima)


def _view(study: Study, question: Question, turn: int) -> _View:
    """Return a study ready to be searched, and the maxima of its repeats."""
    radius_m = np.inf if question.radius_max_m is None else float(question.radius_max_m)
    windows = windows_of(
        study.xy_m, study.expected.sum(axis=1), radius_max_m=radius_m, exposure_share_max=question.exposure_share_max
    )
    periods = question.length_max if question.is_alive else study.cases.shape[1]
    rules = Rules(
        question.kind != "low", question.kind != "high", question.length_max, question.is_alive, question.cases_min
    )
    chances = chances_of(study.expected[:, -periods:], study.total, rules)
    reached = maxima(
        study, windows, chances, rules, repeats=question.repeats, seed=question.seed, turn=turn,
        workers=question.workers,
    )  # fmt: skip
    counts = np.ascontiguousarray(study.cases[:, -periods:].astype(np.int32))
    return _View(study, windows, chances, rules, reached, counts)


def _likely(view: _View, question: Question, expected_max: float = np.inf) -> list[tuple[Row, Ints]]:
    """Return the most likely cluster, and those that share no place with one before, with the caller's rows in each.

    The last may have a p above `p_max`; in turns there is only one.
    """
    study, rules = view.study, view.rules._replace(expected_max=expected_max)
    taken = np.zeros(len(study.xy_m), dtype=np.bool_)
    found: list[tuple[Row, Ints]] = []
    while True:
        best, where = best_windows(view.windows, view.chances, rules, view.counts, taken, kind=np.int32)
        if best[0] <= 0:
            return found
        row, inside = _told(view, where[:, 0], float(best[0]))
        found.append((row, np.flatnonzero(np.isin(study.place, inside))))
        taken[inside] = True
        if question.select == "in_turn" or row["p"] > question.p_max:
            return found


def _by_gini(view: _View, question: Question) -> list[tuple[Row, Ints]]:
    """Return the likely clusters up to the size at which they part the cases best, the largest of equals."""
    best = found = _likely(view, question)
    best_gini, total = -1.0, view.study.total
    for most in (np.inf, *(total * share * (1 + SHARE_SLACK) for share in sorted(SIZES, reverse=True))):
        # what is found among smaller circles is the same where none of them is larger
        if max((row["expected"] for row, _ in found), default=0.0) > most:
            found = _likely(view, question, most)
        found = [(row, members) for row, members in found if row["p"] <= question.p_max]
        if not found:
            break
        parted = gini([(row["observed"], row["expected"]) for row, _ in found], total)
        if parted > best_gini + SAME_GINI:
            best, best_gini = found, parted
    return best


def gini(clusters: list[tuple[float, float]], total: float) -> float:
    """Return the Gini coefficient of clusters (observed, expected) and the rest: 0 where all are as expected."""
    rest = total - sum(c for c, _ in clusters), total - sum(e for _, e in clusters)
    parts = sorted([*clusters, rest], key=lambda part: part[0] / part[1] if part[1] > 0 else 0.0)
    observed, expected = np.cumsum([(0.0, 0.0), *parts], axis=0).T / total
    return float(1 - (np.diff(expected) * (observed[1:] + observed[:-1])).sum())


def _told(view: _View, where: Ints, ratio: float) -> tuple[Row, Ints]:
    """Return a cluster in figures, and its places."""
    study, windows = view.study, view.windows
    shift = study.cases.shape[1] - view.chances.periods
    begin, last, first, length = windows.start[where[0]], where[1], where[2] + shift, where[3]
    inside = windows.member[begin : last + 1].astype(np.int64)
    centre, radius_m = _tightest(study.xy_m, inside, int(where[0]))
    observed = int(study.cases[inside, first : first + length].sum())
    expected = float(study.expected[inside, first : first + length].sum())
    x_m, y_m = study.xy_m[centre].tolist()
    row = {
        "row": int(np.flatnonzero(study.place == centre)[0]), "x_m": x_m, "y_m": y_m, "radius_m": radius_m,
        "rows": int(np.isin(study.place, inside).sum()), "observed": observed, "expected": expected,
        "relative_risk": relative_risk(observed, expected, study.total), "log_likelihood_ratio": ratio,
        "p": rank_p(ratio, view.reached), "p_gumbel": gumbel_p(ratio, view.reached), "is_high": not where[4],
        "first_period": int(first), "last_period": int(first + length - 1),
    }  # fmt: skip
    return row, inside


def _tightest(xy_m: Floats, inside: Ints, centre: int) -> tuple[int, float]:
    """Return the centre of the smallest circle that holds just these places, the first of equals, and its radius."""
    best, best_m = centre, float(np.hypot(*(xy_m[inside] - xy_m[centre]).T).max())
    for other in np.sort(inside):
        radius_m = float(np.hypot(*(xy_m[inside] - xy_m[other]).T).max())
        if radius_m < best_m - SAME_M:
            reached = np.hypot(*(xy_m - xy_m[other]).T) <= radius_m + SAME_M
            if reached.sum() == len(inside):
                best, best_m = int(other), radius_m
    return best, best_m


def _check(what: str, value: object, is_good: bool, reason: str, reason_zh: str) -> None:
    if not is_good:
        raise BadSettingError(what=what, value=value, reason=reason, reason_zh=reason_zh)
