"""Space and time: a circle and a span of periods in which there is more than chance explains.

The scan of `geo.hotspots.scan` with a span of periods (days, weeks) on every circle: a cylinder. *Retrospective*: any
span up to a longest (Kulldorff, Athas, Feuer, Miller and Key 1998). *Alive*: only spans that end with the last period,
as in surveillance (Kulldorff 2001). Repeats choose from the same cylinders, so their number is paid for.

With an exposure, cases are held against it; with one that is the same in all periods, a season or a trend of the whole
town is part of what is found. Without one, only cases themselves are asked (Kulldorff, Heffernan, Hartman, Assuncao
and Mostashari 2005): are place and period bound up with each other? Each place is expected to have its own share of all
cases in every period, so neither a lively quarter nor a busy month counts, and households need not be known; but what
was lively all the time is not found.

Limits: those of the circles. Spans are whole periods. An alarm raised again every day is tested anew every day: earlier
tests are not paid for. See docs/methods/hotspots.md.
"""

import numpy as np
import numpy.typing as npt

from geo.errors import BadSettingError
from geo.hotspots.findings import Found, Question, findings
from geo.hotspots.study import study_of

METHOD = "spacetime 1"
REPEATS = 999
LENGTH_SHARE = 0.5


def spacetime(
    xy_m: npt.NDArray[np.float64],
    cases: npt.NDArray[np.number],
    exposure: npt.NDArray[np.number] | None,
    *,
    seed: int,
    length_max: int | None = None,
    is_alive: bool = False,
    radius_max_m: float | None = None,
    exposure_share_max: float = 0.5,
    kind: str = "high",
    cases_min: int = 2,
    repeats: int = REPEATS,
    p_max: float = 0.05,
) -> Found:
    """Return the circles and spans in which there are more (or fewer) cases than chance explains.

    Parameters
    ----------
    xy_m
        (n, 2) middles of cells, metres. Rows on one spot are one place.
    cases
        (n, t) whole numbers, the last period being now. Not changed; the order of rows does not matter.
    exposure
        (n,) the same in all periods, or (n, t); only proportions matter. None: cases are held against their own totals
        by place and by period, and repeats shuffle their periods.
    seed
        Of the repeats; kept with the result.
    length_max
        The longest span, in periods. None: half of them, at least one.
    is_alive
        True: only spans that end with the last period.
    radius_max_m, exposure_share_max, kind, cases_min, repeats, p_max
        As in `geo.hotspots.scan.scan`. A circle's share of the exposure is that of all periods together; without
        exposure, of the cases.

    Returns
    -------
    Found
        As from `geo.hotspots.scan.scan`; clusters share no place, at whatever time. ``is_alive`` says which reach the
        last period.

    Raises
    ------
    BadSettingError
        As in `geo.hotspots.scan.scan`, or `length_max` is not between 1 and the number of periods.
    """
    study = study_of(xy_m, np.asarray(cases), None if exposure is None else np.asarray(exposure))
    periods = study.cases.shape[1]
    length = max(1, int(periods * LENGTH_SHARE)) if length_max is None else length_max
    if not 1 <= length <= periods:
        raise BadSettingError(
            what="length_max",
            value=length,
            reason=f"it must lie between 1 and {periods}",
            reason_zh=f"应在 1 到 {periods} 之间",
        )
    question = Question(
        repeats, seed, kind=kind, radius_max_m=radius_max_m, exposure_share_max=exposure_share_max,
        cases_min=cases_min, p_max=p_max, length_max=length, is_alive=is_alive,
    )  # fmt: skip
    found = findings(study, question)
    is_now = found.clusters["last_period"] == periods - 1
    return found._replace(clusters=found.clusters.assign(is_alive=is_now))
