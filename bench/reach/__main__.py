"""Walking beside its peers, in one run: JSON lines to stdout, the goals as a table to stderr.

Usage: make bench NAME=reach [OPTIONS="--quick | --only TASK ..."]

    (none)    Helsinki, Liechtenstein, Wuhan, generated nets of 50,000 and 500,000 edges; two seeds: an hour
    --quick   Helsinki, a generated net of 5,000 edges, one seed: two minutes
    --only    some of: circles nearest every_node polygons cuts moved

Peers live in .venv-bench (bench/requirements.txt; `make bench-peers`), pgRouting in a private PostGIS where it is
installed (setup/peer.sh). Exit 1 where a goal fails or answers differ.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.reach import circles, cuts, draw, drawn, moved, nodes
from bench.reach.nets import SHARED, why_missing
from bench.reach.report import Report
from bench.reach.runs import PEERS_PYTHON

NETS = ["helsinki", "liechtenstein", "wuhan", "lattice_50000", "lattice_500000"]
QUICK = ["helsinki", "lattice_5000"]
Task = Callable[[Report, Path], None]


def tasks(*, is_quick: bool) -> dict[str, Task]:
    """Return what there is to run."""
    names = [name for name in (QUICK if is_quick else NETS) if there(name)]
    seeds = list(draw.SEEDS[:1] if is_quick else draw.SEEDS)
    count = draw.FACILITIES // 4 if is_quick else draw.FACILITIES
    osm = [name for name in ("helsinki", "liechtenstein") if name in names]
    towns = [name for name in (["lauf"] if is_quick else ["lauf", "liechtenstein"]) if there(name)]
    return {
        "circles": lambda report, folder: circles.circles(report, folder, names, seeds, count),
        "nearest": lambda report, folder: nodes.nearest(report, folder, names, seeds, count),
        "every_node": lambda report, folder: nodes.every_node(report, folder, names),
        "polygons": lambda report, folder: drawn.polygons(report, folder, names, seeds, count),
        "cuts": lambda report, folder: cuts.cuts(report, folder, osm, seeds),
        "moved": lambda report, folder: moved.moved(report, folder, towns, seeds),
    }


def there(name: str) -> bool:
    """Return whether a network can be had; say so where it cannot."""
    return why_missing(name) is None


def main() -> None:
    """Run the tasks and say which goals hold."""
    asked = argparse.ArgumentParser(prog="bench.reach")
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--only", nargs="+", metavar="TASK")
    options = asked.parse_args()
    if not PEERS_PYTHON.exists():
        sys.exit("The peers are not set up: make bench-peers")
    if not SHARED.is_dir():
        print(f"real towns are left out: {why_missing('helsinki')}", file=sys.stderr)
    found = tasks(is_quick=options.quick)
    unknown = set(options.only or ()) - set(found)
    if unknown:
        sys.exit(f"No such task: {', '.join(sorted(unknown))}. There are: {' '.join(found)}")
    report = Report()
    with tempfile.TemporaryDirectory(prefix="wangge-bench-") as folder:
        for name in options.only or found:
            found[name](report, Path(folder))
    sys.exit(0 if report.table() else 1)


if __name__ == "__main__":
    main()
