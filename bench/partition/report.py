"""The report: a JSON line for every comparison and every floor, and at the end the floors as a table."""

import json
import sys
from typing import Any

from bench.partition.runs import Outcome, ratio


class Report:
    """Prints as it goes; remembers the floors."""

    def __init__(self) -> None:
        self.floors: list[dict[str, Any]] = []

    def row(self, task: str, data: str, size: int, **facts: Any) -> None:
        """Print one line of facts."""
        print(json.dumps({"task": task, "data": data, "size": size, **facts}, ensure_ascii=False), flush=True)

    def floor(self, name: str, data: str, *, goal: str, seen: Any, holds: bool | None) -> None:
        """Print one floor of the issue: what was asked, what was seen, whether it holds (None: not judged)."""
        line = {"floor": name, "data": data, "goal": goal, "seen": seen, "holds": holds}
        self.floors.append(line)
        print(json.dumps(line, ensure_ascii=False), flush=True)

    def compared(
        self, task: str, data: str, size: int, *, ours: Outcome, peer: Outcome, comparable: str, quality: dict[str, Any]
    ) -> None:
        """Print ours beside one peer: `quality` holds the measures of both, by caller name."""
        self.row(
            task,
            data,
            size,
            ours=ours.cost if ours.failed is None else {"failed": ours.failed},
            peer=peer.caller.name,
            peer_cost=peer.cost if peer.failed is None else {"failed": peer.failed},
            ratio_cpu=ratio(peer, ours),
            ratio_wall=ratio(peer, ours, "wall_s"),
            comparable=comparable,
            quality={"ours": quality.get(ours.caller.name), "peer": quality.get(peer.caller.name)},
        )

    def table(self) -> bool:
        """Print the floors as a table to the error stream; return whether none of them fails."""
        wide = max((len(f"{line['floor']} | {line['data']}") for line in self.floors), default=0)
        for line in self.floors:
            mark = {True: "holds", False: "FAILS", None: "  -  "}[line["holds"]]
            place = f"{line['floor']} | {line['data']}"
            print(f"{mark}  {place:<{wide}}  {line['goal']:<40}  {str(line['seen'])[:80]}", file=sys.stderr)
        return not any(line["holds"] is False for line in self.floors)
