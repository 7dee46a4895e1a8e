"""Looking up a file of a million rows, from reading it to the last answer written: seconds, a form a line. JSON lines.

Goal: a million rows in a minute (aim: ten seconds), ten million in no more memory than one.

Usage: .venv/bin/python -m bench.lookup.files [--rows 1000000] [--grids 2000] [--forms .csv .parquet]
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from api.actions import silent
from api.actions.look_up_file import FileQuestion, look_up_file
from api.actions.look_up_many import file_ground
from api.reach_analysis import Source
from bench.lookup.__main__ import POINT_SEED, SEED, tell
from bench.lookup.grids import anywhere, grids

GOAL_S, AIM_S = 60.0, 10.0


def main() -> None:
    """Write the file, look it up in each form, and tell."""
    asked = argparse.ArgumentParser(prog="bench.lookup.files")
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--grids", type=int, default=2000)
    asked.add_argument("--forms", nargs="+", default=[".csv", ".parquet"])
    options = asked.parse_args()
    frame = grids(options.grids, seed=SEED)
    frame["grid_code"], frame["name"] = frame.index.astype(str), "第" + frame.index.astype(str) + "网格"
    points = anywhere(frame, options.rows, seed=POINT_SEED)
    ground = file_ground(frame)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form in options.forms:
            source = folder / f"in{form}"
            write(source, points)
            for accuracy in (0.0, 30.0):
                start_s = time.perf_counter()
                made = look_up_file(
                    FileQuestion(Source(source), accuracy=accuracy), ground, out=folder / f"out{form}",
                    rejects=folder / "bad.csv", progress=silent,
                )  # fmt: skip
                took_s = time.perf_counter() - start_s
                peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                tell(task=f"file {form}", rows=made["rows"], grids=len(frame), accuracy_m=accuracy, seconds=took_s,
                     certain=made["certain"], peak_mb=peak_mb, goal_s=GOAL_S, aim_s=AIM_S,
                     holds=took_s <= GOAL_S)  # fmt: skip


def write(path: Path, points: np.ndarray) -> None:
    """Write points with an id and a text, as systems hand them over."""
    table = pa.table({
        "编号": np.arange(len(points)), "经度": np.round(points[:, 0], 7), "纬度": np.round(points[:, 1], 7),
        "地址": pa.array(["云溪街道人民路"] * len(points)),
    })  # fmt: skip
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        csv.write_csv(table, path)


if __name__ == "__main__":
    main()
