"""Study: what a scan looks at - places in a fixed order, their cases and what was to be expected, period by period.

Rows that lie on one spot are one place, and places stand from west to east, then from south to north: whatever is
found, or drawn by chance, does not depend on the order of the caller's rows.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.errors import BadSettingError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Study(NamedTuple):
    """Places (m,) and periods (t,).

    `xy_m` (m, 2) sorted; `cases` (m, t) whole numbers; `expected` (m, t) adds up to their sum; `place` (n,) says at
    which place each of the caller's rows is, -1 where it was left out. `is_permuted`: expected comes from the cases'
    own totals, and chance deals their periods anew.
    """

    xy_m: Floats
    cases: Ints
    expected: Floats
    place: Ints
    is_permuted: bool

    @property
    def total(self) -> int:
        """How many cases there are."""
        return int(self.cases.sum())

    def without(self, taken: Bools) -> "Study":
        """Return the places that are not taken, with their cases alone; expected is scaled to those."""
        kept = ~taken
        number = np.where(kept, np.cumsum(kept) - 1, -1)
        place = np.where(self.place >= 0, number[self.place], -1)
        cases = self.cases[kept]
        expected = crossed(cases) if self.is_permuted else scaled(self.expected[kept], int(cases.sum()))
        return Study(self.xy_m[kept], cases, expected, place, self.is_permuted)


def study_of(xy_m: Floats, cases: Floats, exposure: Floats | None) -> Study:
    """Return what is to be scanned, once it has been checked.

    Parameters
    ----------
    xy_m
        (n, 2) middles of cells, metres.
    cases
        (n, t) whole numbers, 0 or more.
    exposure
        (n,) the same in every period, or (n, t); in any unit. None expects of every place and period what their totals
        make likely: a place's cases times a period's, by all cases (Kulldorff et al. 2005).

    Raises
    ------
    BadSettingError
        Arrays do not fit each other, a number is negative or not a number, cases are not whole, or there are cases
        where nobody is exposed.
    """
    xy, counts = np.asarray(xy_m, dtype=np.float64), np.asarray(cases, dtype=np.float64)
    _check_shapes(xy, counts)
    _check_cases(counts)
    weights = None if exposure is None else _weights(np.asarray(exposure, dtype=np.float64), counts)
    spots, place = np.unique(xy, axis=0, return_inverse=True)
    place = place.reshape(-1)
    gathered = _gathered(counts, place, len(spots)).astype(np.int64)
    if weights is None:
        return Study(spots, gathered, crossed(gathered), place, is_permuted=True)
    expected = scaled(_gathered(weights, place, len(spots)), int(gathered.sum()))
    return Study(spots, gathered, expected, place, is_permuted=False)


def crossed(cases: Ints) -> Floats:
    """Return what the totals of places and of periods let expect together."""
    rows, columns = cases.sum(axis=1).astype(np.float64), cases.sum(axis=0).astype(np.float64)
    return np.ascontiguousarray(np.outer(rows, columns) / max(columns.sum(), 1.0))


def scaled(weights: Floats, total: int) -> Floats:
    """Return weights that add up to `total`."""
    whole = weights.sum()
    return np.ascontiguousarray(weights * (total / whole)) if whole > 0 else np.zeros_like(weights)


def _weights(exposure: Floats, counts: Floats) -> Floats:
    """Exposure by row and period, checked."""
    if exposure.shape not in (counts.shape, counts.shape[:1]):
        _refuse("exposure", exposure.shape, f"its shape must be {counts.shape[:1]} or {counts.shape}",
                f"形状须为 {counts.shape[:1]} 或 {counts.shape}")  # fmt: skip
    _check_numbers("exposure", exposure)
    weights = (
        exposure if exposure.ndim == 2 else np.repeat(exposure[:, None] / counts.shape[1], counts.shape[1], axis=1)
    )
    nowhere = (counts > 0) & (weights <= 0)
    if nowhere.any():
        rows = np.flatnonzero(nowhere.any(axis=1))
        _refuse("exposure", "0", f"{len(rows)} rows have cases where nobody is exposed, the first is row {rows[0]}: "
                "give them an exposure or leave them out",
                f"有 {len(rows)} 行有事件但暴露量为 0，第一行为 {rows[0]}：请补上暴露量，或去掉这些行")  # fmt: skip
    return weights


def _gathered(values: Floats, place: Ints, count: int) -> Floats:
    """Sums by place, added in an order that does not depend on the rows' own."""
    order = np.lexsort((*values.T[::-1], place))
    first = np.searchsorted(place[order], np.arange(count))
    if len(first) == 0:
        return np.zeros((0, values.shape[1]))
    return np.asarray(np.add.reduceat(values[order], first, axis=0))


def _check_shapes(xy: Floats, counts: Floats) -> None:
    if xy.ndim != 2 or xy.shape[1] != 2:
        _refuse("xy_m", xy.shape, "its shape must be (n, 2)", "形状须为 (n, 2)")
    if counts.ndim != 2 or len(counts) != len(xy) or counts.shape[1] == 0:
        _refuse("cases", counts.shape, f"there must be one row for each of the {len(xy)} places and a period or more",
                f"须为 {len(xy)} 个位置各一行，且至少一个时段")  # fmt: skip
    if not np.isfinite(xy).all():
        _refuse("xy_m", "nan", "coordinates must be numbers", "坐标必须是数字")


def _check_cases(counts: Floats) -> None:
    _check_numbers("cases", counts)
    part = counts != np.round(counts)
    if part.any():
        _refuse("cases", counts[part][0], "cases are counted in whole numbers", "事件数必须为整数")


def _check_numbers(what: str, values: Floats) -> None:
    bad = ~np.isfinite(values) | (values < 0)
    if bad.any():
        _refuse(what, values[bad][0], f"{int(bad.sum())} values are negative or not a number",
                f"有 {int(bad.sum())} 个值为负数或不是数字")  # fmt: skip


def _refuse(what: str, value: object, reason: str, reason_zh: str) -> None:
    raise BadSettingError(what=what, value=value, reason=reason, reason_zh=reason_zh)
