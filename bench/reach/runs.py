"""Runs: each caller in a fresh process of its own environment, ours and the peers by turns, the least seconds kept."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from bench.reach.timing import Cost

ROOT = Path(__file__).resolve().parents[2]
PEERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
CORES = os.cpu_count() or 1
LIMIT_S = 900.0
NUMBERS = count()


@dataclass(frozen=True)
class Caller:
    """One way to answer: a module of this package, what it is told, its environment, and the threads it may use."""

    name: str
    module: str
    told: tuple[str, ...]
    is_ours: bool = False
    threads: int = 1
    limit_s: float = LIMIT_S

    def once(self, out: Path) -> dict[str, Any]:
        """Run it once and return its costs by label, or `{"failed": why}`."""
        python = sys.executable if self.is_ours else str(PEERS_PYTHON)
        command = [python, "-m", f"bench.reach.{self.module}", str(out), *self.told]
        env = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": str(self.threads)}
        try:
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=self.limit_s, env=env)
        except subprocess.TimeoutExpired:
            return {"failed": f"not done in {self.limit_s:.0f} s"}
        if done.returncode:
            return {"failed": (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1][:300]}
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))


@dataclass
class Outcome:
    """What a caller answered, and what it took: of all its runs the least wall and the least processor seconds."""

    caller: Caller
    out: Path
    costs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def failed(self) -> str | None:
        """Why there is no answer, or None."""
        return next((cost["failed"] for cost in self.costs if "failed" in cost), None)

    def cost(self, *labels: str) -> Cost | None:
        """Return the least seconds of some steps together, or None where there is no answer."""
        if self.failed is not None:
            return None
        return {
            name: float(f"{sum(min(cost[label][name] for cost in self.costs) for label in labels):.4g}")
            for name in ("wall_s", "cpu_s")
        }

    def fact(self, name: str) -> Any:
        """Return what the last run told besides its seconds."""
        return self.costs[-1].get(name)

    @property
    def answer(self) -> dict[str, Any]:
        """The arrays of the last run."""
        with np.load(self.out, allow_pickle=False) as arrays:
            return dict(arrays)


def interleaved(callers: Sequence[Caller], folder: Path, *, rounds: int) -> dict[str, Outcome]:
    """Run all callers `rounds` times by turns; one that failed is not asked again."""
    found = {caller.name: Outcome(caller, folder / f"answer_{next(NUMBERS)}.npz") for caller in callers}
    for _ in range(rounds):
        for outcome in found.values():
            if outcome.failed is None:
                outcome.costs.append(outcome.caller.once(outcome.out))
    return found


def ratio(peer: Cost | None, ours: Cost | None, what: str) -> float | None:
    """Return how many times longer the peer takes, or None where one of the two has no answer."""
    if peer is None or ours is None:
        return None
    return float(f"{peer[what] / max(ours[what], 1e-9):.3g}")
