"""Hot spots beside their peers, in one run: JSON lines to stdout, the goals as a table to stderr.

Usage: make bench NAME=hotspots [OPTIONS="--quick | --only TASK,TASK"]

    (none)    invented towns of 10,000 to 1,000,000 incidents, two seeds, and Boston's requests of 2015
    --quick   small sizes, one seed
    --only    some of: local permutations clusters density scan

A task is a module of this package with `measure(*, quick: bool)`, which yields its lines: task, data, size, ours and
peer_cost in seconds, peer, ratio, goal, answers_equal, quality, and holds where a goal is no ratio. Peers live in
.venv-bench (bench/requirements.txt; `make bench-peers`). Exit 1 where a goal fails or answers differ.
"""

import argparse
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from bench.reach.runs import PEERS_PYTHON

TASKS = ("local", "permutations", "clusters", "density", "scan")
Row = dict[str, Any]


def measured(task: str, *, quick: bool) -> Iterator[Row]:
    """Return the lines of a task as they come; none, and a word, where it is not there."""
    name = f"{__package__}.{task}"
    if importlib.util.find_spec(name) is None:
        print(f"{task}: left out, there is no {name}", file=sys.stderr)
        return
    yield from importlib.import_module(name).measure(quick=quick)


def held(row: Row) -> bool | None:
    """Return whether the goal of a line holds and its answers are the same; None where nothing was asked."""
    if row.get("answers_equal") is False:
        return False
    if "holds" in row:
        return None if row["holds"] is None else bool(row["holds"])
    if row.get("goal") is None:
        return None
    return row.get("ratio") is not None and row["ratio"] >= row["goal"]


def verdict(row: Row) -> str:
    """Return one line of the table."""
    mark = {True: "holds", False: "FAILS", None: "  -  "}[held(row)]
    same = {True: "same answers", False: "OTHER ANSWERS"}.get(row.get("answers_equal"), "")
    name = " | ".join(str(row.get(part, "")) for part in ("task", "data", "peer"))
    return f"{mark}  {name}  {row.get('ratio')} x (goal {row.get('goal')})  {same}"


def main() -> None:
    """Run the tasks and say which goals hold."""
    asked = argparse.ArgumentParser(prog="bench.hotspots")
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--only", metavar="TASK,TASK", default=",".join(TASKS))
    options = asked.parse_args()
    tasks = options.only.split(",")
    if unknown := set(tasks) - set(TASKS):
        sys.exit(f"No such task: {', '.join(sorted(unknown))}. There are: {' '.join(TASKS)}")
    if not PEERS_PYTHON.exists():
        sys.exit("The peers are not set up: make bench-peers")
    rows: list[Row] = []
    for task in tasks:
        for row in measured(task, quick=options.quick):
            rows.append(row | {"load": round(os.getloadavg()[0], 1)})
            print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
    print("\n".join(verdict(row) for row in rows), file=sys.stderr)
    sys.exit(1 if any(held(row) is False for row in rows) else 0)


if __name__ == "__main__":
    main()
