"""Runs: ours and a peer, each in a process of its own on one file of arrays, and the line that compares them."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.reach.runs import PEERS_PYTHON, ROOT, Caller, ratio
from bench.reach.timing import Cost


@dataclass(frozen=True)
class HotspotCaller(Caller):
    """One way to answer: a module of this package."""

    def once(self, out: Path) -> dict[str, Any]:
        """Run it once and return its costs by label, or `{"failed": why}`."""
        python = sys.executable if self.is_ours else str(PEERS_PYTHON)
        command = [python, "-m", f"bench.hotspots.{self.module}", str(out), *self.told]
        env = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": str(self.threads)}
        try:
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=self.limit_s, env=env)
        except subprocess.TimeoutExpired:
            return {"failed": f"not done in {self.limit_s:.0f} s"}
        if done.returncode:
            return {"failed": (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1][:300]}
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def compared(
    task: str,
    data: str,
    size: dict[str, int],
    *,
    ours: Cost | None,
    peer: str,
    peer_cost: Cost | None,
    answers_equal: bool | None,
    goal: float | None = None,
    threads: tuple[int, int] = (1, 1),
    quality: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return ours beside one peer as a line; the ratio, and its goal, are by the clock on the wall."""
    return {
        "task": task, "data": data, "size": size, "ours": ours, "peer": peer, "peer_cost": peer_cost,
        "threads": {"ours": threads[0], "peer": threads[1]}, "ratio": ratio(peer_cost, ours, "wall_s"),
        "ratio_cpu": ratio(peer_cost, ours, "cpu_s"), "goal": goal, "answers_equal": answers_equal,
        "quality": quality or {},
    }  # fmt: skip
