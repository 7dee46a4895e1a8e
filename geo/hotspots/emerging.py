"""Emerging hot spots: what a place has been over time, and what it is now, in one of 17 words.

A cell is hot in a slice of time if its Gi* z is above 0 and its p (or q) at most `p_max`, cold if z is below 0, else
neither. The last slice is now. A cell gets the first class, from above, that its hot and cold slices fit; h of t
slices are hot, c cold; *often* means h >= 0.9 t; the trend is Mann and Kendall's (`geo.hotspots.trend`) over the z of
all slices, and is there if its p is at most `trend_p_max`:

    new           hot now, never hot before                                        h = 1
    consecutive   hot now and in a run up to now, never hot before that run        h = run >= 2, not often
    intensifying  hot now, often hot, z rises
    persistent    hot now, often hot, no trend
    diminishing   hot now, often hot, z falls
    sporadic      hot now, hot before with breaks, never cold                      not often, c = 0
    oscillating   hot now, hot before with breaks, cold at some time               not often, c > 0
    historical    neither hot nor cold now, often hot
    none          all else

and the same eight for cold, where h counts cold slices and intensifying means that z falls. These are the definitions
of Esri's Emerging Hot Spot Analysis (its documentation, "How Emerging Hot Spot Analysis works"), with what those leave
open settled thus:

- "90 percent of the time steps" is nine tenths or more: all of up to nine slices, nine of ten, eighteen of twenty.
- A cell hot now for the first time that was cold before is new, one in its first run consecutive, though either also
  fits the words of oscillating: the first in the list holds.
- The only slice there is, hot, is new.
- A cell often hot and cold now is what it is as a cold one (new, if it never was before); historical is left to cells
  that are nothing now. Persistent asks that it is hot now, as intensifying and diminishing do: historical has the rest.

Limits: neighbouring slices share incidents if Gi* reaches over time, and the trend's p is then too small. A class says
how often, not how strongly. With fewer than ten slices there is little to tell lasting from passing. See
docs/methods/hotspots.md.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import BadSettingError
from geo.hotspots.trend import mann_kendall

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

METHOD = "emerging 1"
NONE = "none"
PATTERNS = (
    "new", "consecutive", "intensifying", "persistent", "diminishing", "sporadic", "oscillating", "historical",
)  # fmt: skip
CLASSES = (*(f"{name}_hot" for name in PATTERNS), *(f"{name}_cold" for name in PATTERNS), NONE)
OFTEN_PERCENT = 90


def emerging(z: Floats, p: Floats, *, p_max: float = 0.05, trend_p_max: float = 0.05) -> pd.DataFrame:
    """Return the class of every cell.

    Parameters
    ----------
    z
        (n, t) Gi* of n cells in t slices of time, the last one being now. NaN: the cell had no value then; it counts as
        neither hot nor cold, and not for the trend.
    p
        (n, t) two-sided p of z, or q (`geo.hotspots.discovery.q_values`) if many cells are read at once.
    p_max, trend_p_max
        From what p on a slice is hot or cold, and a trend is there; 0.05 and 0.10 are usual.

    Returns
    -------
    pandas.DataFrame
        (n,) rows in the order of cells: ``pattern`` (one of `CLASSES`, categorical); ``hot``, ``cold`` (slices);
        ``trend_z``, ``trend_p``.

    Raises
    ------
    BadSettingError
        Shapes differ, there is no slice, or a p lies outside 0 to 1.
    """
    z, p = np.asarray(z, dtype=np.float64), np.asarray(p, dtype=np.float64)
    _check(z, p, p_max, trend_p_max)
    with np.errstate(invalid="ignore"):
        hot, cold = (z > 0) & (p <= p_max), (z < 0) & (p <= p_max)
    trend = mann_kendall(z)
    way = np.where(trend.p <= trend_p_max, np.sign(trend.z), 0.0)
    is_now = [*_fits(hot, cold, way), *_fits(cold, hot, -way)]
    pattern = pd.Categorical(np.select(is_now, CLASSES[:-1], default=NONE), categories=CLASSES)
    return pd.DataFrame(
        {"pattern": pattern, "hot": hot.sum(axis=1), "cold": cold.sum(axis=1), "trend_z": trend.z, "trend_p": trend.p}
    )


def _fits(hot: Bools, cold: Bools, way: Floats) -> list[Bools]:
    """Return which cells fit each pattern, in the order of `PATTERNS`; `way` is 1 if it grows, -1 if it fades."""
    slices, count = hot.shape[1], hot.sum(axis=1)
    is_hot, is_cold = hot[:, -1], cold[:, -1]
    is_often = 100 * count >= OFTEN_PERCENT * slices
    is_one_run = count == np.minimum.accumulate(hot[:, ::-1], axis=1).sum(axis=1)
    is_new = is_hot & (count == 1)
    is_lasting, is_passing = is_hot & is_often & ~is_new, is_hot & ~is_often & ~is_new
    is_broken, was_cold = is_passing & ~is_one_run, cold.any(axis=1)
    return [
        is_new, is_passing & is_one_run,
        is_lasting & (way > 0), is_lasting & (way == 0), is_lasting & (way < 0),
        is_broken & ~was_cold, is_broken & was_cold,
        ~is_hot & ~is_cold & is_often,
    ]  # fmt: skip


def _check(z: Floats, p: Floats, p_max: float, trend_p_max: float) -> None:
    if z.ndim != 2 or z.shape[1] == 0 or z.shape != p.shape:
        raise BadSettingError(
            what="z, p", value=f"{z.shape}, {p.shape}", reason="both must be cells by slices, with a slice or more",
            reason_zh="两者都须为“单元 × 时段”，且至少一个时段",
        )  # fmt: skip
    for what, values in (("p", p), ("p_max", np.array(p_max)), ("trend_p_max", np.array(trend_p_max))):
        with np.errstate(invalid="ignore"):
            bad = (values < 0) | (values > 1)
        if bad.any():
            raise BadSettingError(
                what=what,
                value=values[bad].ravel()[0],
                reason="it must lie between 0 and 1",
                reason_zh="应在 0 到 1 之间",
            )
