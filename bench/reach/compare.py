"""Comparing answers: node sets to the rim, metres, households - before any time is looked at."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LIMITS_M = (360.0, 1080.0)
RIM_M, SAME_M = 1e-6, 0.1
SUM_SHARE, LARGEST_HOME = 0.005, 120


def same_circles(
    ours: dict[str, Any], peer: dict[str, Any], facilities: int, nodes: int
) -> tuple[bool, dict[str, Any]]:
    """Return whether two callers met the same nodes, as far away, and found the same households; and how far apart.

    The peer may have been asked about the first few facilities only. Nodes may differ where one of the two puts them
    within a micrometre of the limit; households only at facilities where nodes do.
    """
    wide = [keyed(caller, facilities, nodes) for caller in (ours, peer)]
    facts: dict[str, Any] = {"facilities": facilities}
    apart, strays = 0.0, 0
    is_same = np.ones(facilities, dtype=np.bool_)
    for column, limit_m in enumerate(LIMITS_M):
        (mine, mine_m), (other, other_m) = ((key[to_m <= limit_m], to_m[to_m <= limit_m]) for key, to_m in wide)
        _, at, there = np.intersect1d(mine, other, assume_unique=True, return_indices=True)
        apart = max(apart, float(np.abs(mine_m[at] - other_m[there]).max(initial=0.0)))
        extra = np.concatenate([np.delete(mine, at), np.delete(other, there)])
        extra_m = np.concatenate([np.delete(mine_m, at), np.delete(other_m, there)])
        strays += int((np.abs(extra_m - limit_m) >= RIM_M).sum())
        is_same[extra // nodes] = False
        facts[f"nodes_{limit_m:.0f}"] = len(mine)
        facts[f"at_the_rim_{limit_m:.0f}"] = len(extra)
        told = [caller["sums"][:facilities, column] for caller in (ours, peer)]
        facts[f"households_differ_{limit_m:.0f}"] = int((told[0] != told[1])[is_same].sum())
        counted = [caller["counts"][:facilities, column] for caller in (ours, peer)]
        facts[f"counts_differ_{limit_m:.0f}"] = int((counted[0] != counted[1])[is_same].sum())
    facts |= {"nodes_not_at_the_rim": strays, "apart_m": apart}
    wrong = [value for name, value in facts.items() if "differ" in name]
    return strays == 0 and apart <= SAME_M and not any(wrong), facts


def keyed(caller: dict[str, Any], facilities: int, nodes: int) -> tuple[Ints, Floats]:
    """Return facility and node as one number, and metres, of the first facilities."""
    asked = caller["facility"] < facilities
    return caller["facility"][asked] * nodes + caller["node"][asked], caller["to_m"][asked]


def same_totals(ours: dict[str, Any], peer: dict[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Return whether counts and households of the facilities that the peer was asked about are the same."""
    asked = len(peer["counts"])
    facts = {name: int((ours[name][:asked] != peer[name]).sum()) for name in ("counts", "sums")}
    return not any(facts.values()), {"facilities": asked} | {f"{name}_differ": n for name, n in facts.items()}


def same_nearest(ours: dict[str, Any], peer: dict[str, Any], facilities: Ints) -> tuple[bool, dict[str, Any]]:
    """Return whether every node's nearest facility is as far in both; and at how many it is another one."""
    apart_m = float(np.abs(ours["way_m"] - peer["way_m"]).max())
    other = int((facilities[ours["owner"]] != peer["source"]).sum())
    return apart_m <= SAME_M, {"apart_m": apart_m, "another_facility_as_far": other}


def near_sums(ours: Floats, peer: Floats) -> tuple[bool, dict[str, Any]]:
    """Return whether households of every node agree within half a percent, or but for one home at the rim."""
    off = np.abs(ours - peer)
    is_far = off > np.maximum(SUM_SHARE * ours, LARGEST_HOME)
    facts = {
        "nodes_exactly_equal": round(float((off == 0).mean()), 6),
        "nodes_farther_off": int(is_far.sum()),
        "largest_difference": float(off.max(initial=0.0)),
        "total_off": round(float(abs(ours.sum() - peer.sum()) / max(ours.sum(), 1.0)), 9),
    }
    return bool(not is_far.any()), facts
