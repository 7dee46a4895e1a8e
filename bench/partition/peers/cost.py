"""What a call took, measured inside the process that made it: wall and CPU seconds, and memory.

Memory is Linux's own count: before the call, freed memory is given back and the peak of the resident set
is reset, so `peak_mb - base_mb` is what the call itself held above what was there already.
"""

import ctypes
import gc
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

RESET_PEAK = "5"


def resident_mb(field: str) -> float:
    """Return `VmRSS` (now) or `VmHWM` (the peak since the last reset) of this process in MB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def measured(call: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Return what `call` returns, and wall_s, cpu_s, base_mb (held before) and peak_mb (held at most during it)."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text(RESET_PEAK, encoding="ascii")
    base = resident_mb("VmRSS")
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    cost = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    return result, cost | {"peak_mb": resident_mb("VmHWM"), "base_mb": base}


def hand_back(out: Path, cost: dict[str, Any], **arrays: Any) -> None:
    """Write the arrays to `out` and print the cost as one JSON line."""
    np.savez(out, **arrays)
    print(json.dumps(cost))
