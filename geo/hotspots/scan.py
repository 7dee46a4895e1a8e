"""Scan: the circle on the map that chance explains worst, and whether chance explains it at all.

Kulldorff's (1997) spatial scan, discrete Poisson model. Around every place circles grow to every distance at which
another place is; for each, the cases inside are held against those that its share of the exposure (households, or an
expected count) lets expect, by the logarithm of the likelihood ratio (`geo.hotspots.likelihood`). The greatest is the
most likely cluster. How likely it is by chance is told by repeats, in which as many cases are dealt out by exposure
alone, and the whole scan is made again: trying very many circles is thereby paid for, and one p stands for the map.

Limits: clusters are circles, so a long street is found as a circle about it, or in pieces. A circle says that there are
too many cases in it, not which places in it have them, and places at its rim are less sure than its middle. The test
asks about the whole map: a p is not one of a place. Exposure must be what cases come from; where it is not (a park, a
station), scans find just that. See docs/methods/hotspots.md.
"""

import numpy as np
import numpy.typing as npt

from geo.hotspots.findings import Found, Question, findings
from geo.hotspots.study import study_of

METHOD = "scan 1"
REPEATS = 999


def scan(
    xy_m: npt.NDArray[np.float64],
    cases: npt.NDArray[np.number],
    exposure: npt.NDArray[np.number],
    *,
    seed: int,
    radius_max_m: float | None = None,
    exposure_share_max: float = 0.5,
    kind: str = "high",
    cases_min: int = 2,
    repeats: int = REPEATS,
    p_max: float = 0.05,
    select: str = "likely",
    workers: int | None = None,
) -> Found:
    """Return the circles in which there are more (or fewer) cases than chance explains.

    Parameters
    ----------
    xy_m
        (n, 2) middles of cells, metres. Rows on one spot are one place.
    cases
        (n,) whole numbers. Not changed, nor are the others; the order of rows does not matter.
    exposure
        (n,) what cases come from: households, people, or cases to be expected; only its proportions matter. A row with
        none may lie in a circle, but must have no cases.
    seed
        Of the repeats; kept with the result. Same seed, same answer.
    radius_max_m
        No circle is wider. None: no limit.
    exposure_share_max
        No circle holds a greater share of the whole exposure; beyond a half it is the outside that would stand out.
    kind
        "high": more than expected, "low": fewer, "both".
    cases_min
        A circle with more than expected must hold so many cases: one case is no cluster.
    repeats
        How often chance is tried. With 999 the smallest p is 0.001.
    p_max
        Which further clusters are told; the most likely one always is.
    select
        "likely": the most likely circle, then the next that share no place with one before. "gini": those of the size
        that parts clusters from the rest best. "in_turn": what was found is taken away and the rest scanned anew, until
        p is above `p_max`; ``expected`` is then that of the rest. See `geo.hotspots.findings`.
    workers
        Threads; None for one a core.

    Returns
    -------
    Found
        Clusters that share no place, the cluster of every row, and the repeats' maxima. No cluster where there are no
        cases, or no circle but the whole map.

    Raises
    ------
    BadSettingError
        An option is out of its range, arrays do not fit, numbers are negative or not numbers, there are cases where
        nobody is exposed, or circles have over a hundred million members together.
    """
    study = study_of(xy_m, np.asarray(cases)[:, None], np.asarray(exposure))
    question = Question(
        repeats, seed, kind=kind, radius_max_m=radius_max_m, exposure_share_max=exposure_share_max,
        cases_min=cases_min, p_max=p_max, select=select, workers=workers,
    )  # fmt: skip
    found = findings(study, question)
    return found._replace(clusters=found.clusters.drop(columns=["first_period", "last_period"]))
