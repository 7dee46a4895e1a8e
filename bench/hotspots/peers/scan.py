"""pyscan: the circle with the greatest Kulldorff ratio, one pass, no repeats.

Usage: python -m bench.hotspots.peers.scan OUT.npz CASES.npz RADIUS_M CELL_M

Points go in as cells with their counts as weights, once as cases and once as exposure, in units of the town's width.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyscan

from bench.reach.timing import best, hand_back


def main(out: Path, arrays: dict[str, Any], radius_m: float, cell_m: float) -> None:
    """Scan once."""
    xy, cases = arrays["xy"], arrays["cases"]
    wide_m = float(xy.max()) + cell_m / 2
    at = (xy / wide_m).tolist()
    exposed = [pyscan.WPoint(weight, x, y, 1.0) for (x, y), weight in zip(at, arrays["exposure"].tolist(), strict=True)]
    seen = [pyscan.WPoint(float(count), x, y, 1.0) for (x, y), count in zip(at, cases.tolist(), strict=True) if count]

    def scanned() -> Any:
        return pyscan.satscan_grid(seen, exposed, cell_m / wide_m, radius_m / wide_m, pyscan.KULLDORF)

    (disk, value), cost = best(scanned, repeats=1)
    middle = disk.get_origin()
    circle = np.array([middle[0], middle[1], disk.get_radius()]) * wide_m
    hand_back(out, {"one_pass": cost}, circle=circle, value=value)


if __name__ == "__main__":
    main(Path(sys.argv[1]), dict(np.load(sys.argv[2])), float(sys.argv[3]), float(sys.argv[4]))
