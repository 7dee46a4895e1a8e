"""What a call took: the least wall and the least processor seconds of several repeats, measured inside the process.

Needs nothing but numpy, so that peers may use it in an environment of their own.
"""

import gc
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Cost = dict[str, float]


def best(call: Callable[[], Any], *, repeats: int) -> tuple[Any, Cost]:
    """Return what the last call returned, and the least seconds of all, wall_s and cpu_s each by itself."""
    result, wall_s, cpu_s = None, float("inf"), float("inf")
    gc.collect()
    gc.disable()  # as timeit does: whoever makes many small objects is not made to wait for them
    for _ in range(repeats):
        result = None  # its memory is free again before the next call wants as much
        wall, cpu = time.perf_counter(), time.process_time()
        result = call()
        wall_s, cpu_s = min(wall_s, time.perf_counter() - wall), min(cpu_s, time.process_time() - cpu)
    gc.enable()
    return result, {"wall_s": float(f"{wall_s:.4g}"), "cpu_s": float(f"{cpu_s:.4g}")}


def hand_back(out: Path, costs: dict[str, Cost], **arrays: Any) -> None:
    """Write the arrays to `out` and print the costs, and the facts among them, as one JSON line."""
    np.savez(out, **arrays)
    print(json.dumps(costs))
