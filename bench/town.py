"""The demo generator's growth: seconds and peak memory from some 800 buildings to a million.

Goal: linear in time, that is a ratio per decade of at most 12. There is no peer: nobody else draws
such a town. Each size runs in a process of its own; the first, small one is the warm-up.

Usage: make bench NAME=town [SIZES="0.1 1 10 125"]
"""

import json
import os
import resource
import subprocess
import sys
import time

GOAL_PER_DECADE = 12.0
WARM_UP = 0.05


def draw(scale: float) -> dict[str, float]:
    """Draw one town and return what it took."""
    from data.demo import draw_town
    from data.profiles import load_profile

    profile = load_profile("demo")
    draw_town(profile, scale=WARM_UP, seed=7)
    start, cpu = time.perf_counter(), time.process_time()
    town = draw_town(profile, scale=scale, seed=7)
    return {
        "size": len(town.buildings),
        "households": int(town.buildings["households"].sum()),
        "ours_s": round(time.perf_counter() - start, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    """Print a JSON line a size, with the growth in CPU seconds since the size before."""
    sizes = [float(size) for size in os.environ.get("SIZES", "0.1 1 10").split()]
    before: dict[str, float] | None = None
    for scale in sizes:
        child = subprocess.run([sys.executable, __file__, str(scale)], capture_output=True, text=True, check=True)
        row = json.loads(child.stdout)
        growth = None
        if before is not None:
            growth = round((row["cpu_s"] / before["cpu_s"]) ** (1 / decades(before["size"], row["size"])), 2)
        print(json.dumps({"task": "town", "scale": scale, **row, "growth_per_decade": growth, "goal": GOAL_PER_DECADE}))
        before = row


def decades(small: float, large: float) -> float:
    """Return how many powers of ten lie between two sizes."""
    from math import log10

    return log10(large / small)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(draw(float(sys.argv[1]))))
    else:
        main()
