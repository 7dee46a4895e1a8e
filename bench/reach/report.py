"""The report: a JSON line for every comparison, and at the end the goals as a table."""

import json
import os
import sys
from typing import Any

from bench.reach.runs import ratio
from bench.reach.timing import Cost


class Report:
    """Prints as it goes; remembers the goals."""

    def __init__(self) -> None:
        self.goals: list[dict[str, Any]] = []

    def line(self, task: str, data: str, size: Any, **facts: Any) -> None:
        """Print one line of facts."""
        load = round(os.getloadavg()[0], 1)
        row = {"task": task, "data": data, "size": size, **facts, "load": load}
        print(json.dumps(row, ensure_ascii=False), flush=True)

    def compared(
        self,
        task: str,
        data: str,
        size: dict[str, int],
        *,
        ours: Cost | None,
        peer: str,
        peer_cost: Cost | None,
        answers_equal: bool | None,
        goal: float | None = None,
        threads: tuple[int, int],
        why_not: str | None = None,
        quality: dict[str, Any] | None = None,
    ) -> None:
        """Print ours beside one peer, with how many threads each may use.

        The goal is that many times the peer's speed, by the clock on the wall.
        """
        wall, cpu = ratio(peer_cost, ours, "wall_s"), ratio(peer_cost, ours, "cpu_s")
        self.line(
            task, data, size, ours=ours, peer=peer, peer_cost=peer_cost or {"failed": why_not},
            threads={"ours": threads[0], "peer": threads[1]}, ratio=wall, ratio_cpu=cpu, goal=goal,
            answers_equal=answers_equal, quality=quality or {},
        )  # fmt: skip
        name = f"{task} | {data} | {peer}"
        if answers_equal is not None:
            self.goal(f"{name} | same answers", goal="yes", seen=answers_equal, holds=answers_equal)
        if goal is not None:
            seen = why_not or f"{wall} x wall, {cpu} x CPU"
            holds = None if wall is None else wall >= goal
            self.goal(name, goal=f">= {goal:g} x", seen=seen, holds=holds, by_cpu=None if cpu is None else cpu >= goal)

    def goal(self, name: str, *, goal: str, seen: Any, holds: bool | None, by_cpu: bool | None = None) -> None:
        """Keep one goal: what was asked, what was seen, whether it holds (None: not judged), and by the processor."""
        self.goals.append({"name": name, "goal": goal, "seen": seen, "holds": holds, "by_cpu": by_cpu})

    def table(self) -> bool:
        """Print the goals as a table to the error stream; return whether none of them fails."""
        wide = max((len(row["name"]) for row in self.goals), default=0)
        for row in self.goals:
            mark = {True: "holds", False: "FAILS", None: "  -  "}[row["holds"]]
            if row["holds"] and row["by_cpu"] is False:
                mark = "wall "
            print(f"{mark}  {row['name']:<{wide}}  {row['goal']:<16}  {str(row['seen'])[:110]}", file=sys.stderr)
        print("wall: holds by the clock, on two threads beside one; not by processor seconds", file=sys.stderr)
        return not any(row["holds"] is False for row in self.goals)
