"""The planning engine beside its peers, in one run: JSON lines to stdout, the floors as a table to stderr.

Usage: make bench NAME=partition [OPTIONS="--quick | --full | --only TASK ..."]

    (none)    cities to 1M cells, Tokyo, Taiwan, districts, demo towns to 100k cells, polygons, changes, slow peers
    --quick   sizes to 10k: a minute or two
    --full    the demo town of 1M cells too: hours
    --only    some of: cities tokyo taiwan florida rhode-island towns polygons changes order slow

Peers live in .venv-bench (bench/requirements.txt; `make bench-peers`). Exit 1 where a floor fails.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.partition import change, labels, real, ruled, shapes, slow
from bench.partition.city import REPORT_SEEDS, SHARED
from bench.partition.report import Report
from bench.partition.runs import PEERS_PYTHON

SIZES = {"quick": [1_000, 10_000], "usual": [1_000, 10_000, 100_000, 1_000_000]}
TOWNS = {"quick": [1_000], "usual": [1_000, 10_000, 100_000], "full": [1_000, 10_000, 100_000, 1_000_000]}
NEEDS_SHARED = ("tokyo", "taiwan", "florida", "rhode-island", "towns", "order")
Task = Callable[[Report, Path], None]


def tasks(pace: str) -> dict[str, Task]:
    """Return what there is to run at a pace: quick, usual or full."""
    sizes = SIZES.get(pace, SIZES["usual"])
    is_quick = pace == "quick"
    found: dict[str, Task] = {
        "cities": lambda report, folder: labels.cities(
            report, folder, sizes, REPORT_SEEDS[:1] if is_quick else REPORT_SEEDS
        ),
        "tokyo": labels.tokyo_wards,
        "taiwan": real.taiwan_cities,
        "florida": real.florida_precincts,
        "rhode-island": lambda report, folder: real.rhode_island_districts(
            report, folder, seconds=10 if is_quick else 60
        ),
        "towns": lambda report, folder: ruled.towns(report, folder, TOWNS[pace]),
        "polygons": lambda report, folder: shapes.polygons(report, folder, 10_000 if is_quick else 100_000),
        "changes": change.changes,
        "order": change.row_order,
        "slow": lambda report, folder: slow.slow_peers(report, folder, [1_000] if is_quick else [1_000, 5_000]),
    }
    return {name: task for name, task in found.items() if not is_quick or name not in ("tokyo", "taiwan")}


def main() -> None:
    """Run the tasks and say which floors hold."""
    asked = argparse.ArgumentParser(prog="bench.partition")
    asked.add_argument("--quick", action="store_const", const="quick", dest="pace")
    asked.add_argument("--full", action="store_const", const="full", dest="pace")
    asked.add_argument("--only", nargs="+", metavar="TASK")
    options = asked.parse_args()
    if not PEERS_PYTHON.exists():
        sys.exit("The peers are not set up: make bench-peers")
    found = tasks(options.pace or "usual")
    unknown = set(options.only or ()) - set(found)
    if unknown:
        sys.exit(f"No such task: {', '.join(sorted(unknown))}. There are: {' '.join(found)}")
    report = Report()
    with tempfile.TemporaryDirectory(prefix="wangge-bench-") as folder:
        for name in options.only or found:
            if name in NEEDS_SHARED and not SHARED.is_dir():
                print(
                    f"{name}: left out, the shared data are not at {SHARED} (WANGGE_SHARED names them)", file=sys.stderr
                )
                continue
            found[name](report, Path(folder))
    sys.exit(0 if report.table() else 1)


if __name__ == "__main__":
    main()
