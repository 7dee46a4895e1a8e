"""Drawing facilities: the same nodes for ours and for every peer; the first few of them are a smaller sample.

Needs nothing but numpy. Nothing is tuned on a seed: 11 and 12 are for the report.
"""

import numpy as np
import numpy.typing as npt

FACILITIES = 2_000
SEEDS = (11, 12)


def facilities(nodes: int, seed: int, count: int = FACILITIES) -> npt.NDArray[np.int64]:
    """Return some of a graph's nodes; `count` may not be above 2,000."""
    drawn = np.random.default_rng(seed).choice(nodes, min(FACILITIES, nodes), replace=False)
    return drawn[:count].astype(np.int64)
