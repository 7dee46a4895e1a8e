"""The offline door for incidents on real files, a JSON line a file: seconds, peak memory, and what was found.

Usage: python -m bench.incidents_files [REPEATS]     (the files of WANGGE_SHARED, default ../shared)

Each run is a process of its own, start-up and reading and writing included; the best of the repeats is told. The
first run on a machine compiles, so there is one that is not told.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FILES = {
    "boston_311_2015": ("--category", "TYPE", "--zone", "America/New_York"),
    "lancashire_antisocial_2020": ("--zone", "Europe/London"),
    "vancouver_thefts_2020": ("--category", "TYPE", "--crs", "EPSG:26910", "--zone", "America/Vancouver"),
    "nottingham_violence_2020": ("--zone", "Europe/London"),
}
ENDED_WELL = (0, 3)


def run(source: Path, options: tuple[str, ...], folder: Path) -> dict[str, Any]:
    """Run the command once; return seconds of wall and of processor, peak memory, and the report."""
    report = folder / "report.json"
    words = ["-m", "api.cli", "analyse", "incidents", str(source), "--out", str(folder / "out.gpkg")]
    started = time.perf_counter()
    child = os.posix_spawn(
        sys.executable, [sys.executable, *words, "--report", str(report), *options], os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )  # fmt: skip
    _, status, used = os.wait4(child, 0)
    wall_s = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) not in ENDED_WELL:
        raise RuntimeError(f"{source.name}: ended with {os.waitstatus_to_exitcode(status)}")
    made = json.loads(report.read_text(encoding="utf-8"))
    return {"wall_s": wall_s, "cpu_s": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024, "report": made}


def line(name: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what is told of a file."""
    best, made = min(runs, key=lambda run: float(run["wall_s"])), runs[0]["report"]
    classes = made["cells"]["classes"]
    return {
        "task": "incidents_files", "data": name, "size": made["inputs"]["rows"],
        "wall_s": round(best["wall_s"], 2), "cpu_s": round(best["cpu_s"], 2), "peak_mb": round(best["peak_mb"]),
        "points": made["inputs"]["points"], "rejected": made["inputs"]["rejected_rows"],
        "clusters": made["clusters"]["count"], "cells": made["cells"]["count"], "cell_m": made["parameters"]["cell_m"],
        "hot": sum(count for word, count in classes.items() if word.startswith("hot")),
        "circles": len(made["scan"]["circles"]), "same_each_run": all(run["report"] == made for run in runs),
    }  # fmt: skip


def main() -> None:
    """Measure every file that is there."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    folder = Path(os.environ.get("WANGGE_SHARED", ROOT.parent / "shared")) / "data" / "incidents"
    with tempfile.TemporaryDirectory() as made:
        for at, (name, options) in enumerate(FILES.items()):
            source = folder / f"{name}.csv.gz"
            if not source.exists():
                print(f"{name}: left out, there is no {source.name}", file=sys.stderr)
                continue
            runs = [run(source, options, Path(made)) for _ in range(repeats + (at == 0))]
            print(json.dumps(line(name, runs[-repeats:])), flush=True)


if __name__ == "__main__":
    main()
