"""Runs: each call in a fresh process of its own environment, ours and the peers by turns, medians kept."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
PEERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
LIMIT_S = 180.0
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
NUMBERS = count()
SECONDS = ("wall_s", "cpu_s")


@dataclass(frozen=True)
class Caller:
    """One way to answer: a module of this package, its environment, what it is told."""

    name: str
    module: str
    told: tuple[str, ...]
    is_ours: bool = False
    limit_s: float = LIMIT_S

    def once(self, out: Path) -> dict[str, Any]:
        """Run it once and return its cost, or `{"failed": why}`."""
        python = sys.executable if self.is_ours else str(PEERS_PYTHON)
        command = [python, "-m", f"bench.partition.{self.module}", self.told[0], str(out), *self.told[1:]]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, cwd=ROOT, timeout=self.limit_s, env=os.environ | ONE_THREAD
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"not done in {self.limit_s:.0f} s"}
        if done.returncode:
            return {"failed": (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1][:300]}
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))


@dataclass
class Outcome:
    """What a caller answered, and what it took: the medians of its runs."""

    caller: Caller
    out: Path
    costs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def failed(self) -> str | None:
        """Why there is no answer, or None."""
        return next((cost["failed"] for cost in self.costs if "failed" in cost), None)

    @property
    def cost(self) -> dict[str, float]:
        """Median seconds and memory, the number of runs, and how far apart they were."""
        if self.failed is not None:
            return {"runs": len(self.costs)}
        row = {name: round(median(cost[name] for cost in self.costs), 4) for name in SECONDS}
        row["cpu_s_least"] = round(min(cost["cpu_s"] for cost in self.costs), 4)
        row["cpu_s_most"] = round(max(cost["cpu_s"] for cost in self.costs), 4)
        row["grown_mb"] = round(median(cost["peak_mb"] - cost["base_mb"] for cost in self.costs), 1)
        return row | {"runs": len(self.costs)}

    @property
    def answer(self) -> dict[str, Any]:
        """The arrays of the last run."""
        with np.load(self.out, allow_pickle=False) as arrays:
            return dict(arrays)

    @property
    def labels(self) -> Any:
        """The zone of each cell."""
        return self.answer["labels"]


def interleaved(callers: Sequence[Caller], folder: Path, *, rounds: int) -> dict[str, Outcome]:
    """Run all callers `rounds` times by turns; one that failed is not asked again."""
    found = {caller.name: Outcome(caller, folder / f"answer_{next(NUMBERS)}.npz") for caller in callers}
    for _ in range(rounds):
        for outcome in found.values():
            if outcome.failed is None:
                outcome.costs.append(outcome.caller.once(outcome.out))
    return found


def ratio(peer: Outcome, ours: Outcome, what: str = "cpu_s") -> float | None:
    """Return how many times longer the peer takes, or None where one of the two has no answer."""
    if peer.failed is not None or ours.failed is not None:
        return None
    return float(f"{peer.cost[what] / max(ours.cost[what], 1e-9):.3g}")
