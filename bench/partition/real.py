"""Real tessellations through the frames: Taiwan's small areas, Florida's precincts, Rhode Island's districts."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.partition.bare import BAND, TAIWAN, Frames, arrays_of, florida, rhode_island, taiwan
from bench.partition.ground import Arrays, written
from bench.partition.quality import masses_of, pieces_of
from bench.partition.report import Report
from bench.partition.runs import Caller, Outcome, interleaved

FLORIDA_PARTS, FLORIDA_BEST = 3, 0.0071868
ISLAND_PARTS, GERRY_S = 37, 60.0
UNCERTIFIED = 2


def task(folder: Path, name: str, frames: Frames, **asked: Any) -> Path:
    """Write frames and wishes for our process."""
    path = folder / f"{name}.pickle"
    pd.to_pickle({"cells": frames[0], "borders": frames[1], "asked": asked}, path)
    return path


def asked_of_us(path: Path) -> Caller:
    """Return our own caller of a plan."""
    return Caller("ours", "ours", (str(path), "plan"), is_ours=True, limit_s=600)


def told(outcome: Outcome) -> dict[str, Any]:
    """Return what our process said of its plan beside the cost."""
    return (
        {}
        if outcome.failed
        else {name: outcome.costs[-1][name] for name in ("exceptions", "refused", "refusals", "grids")}
    )


def deviation(arrays: Arrays, labels: Any, parts: int) -> float | None:
    """Return the largest deviation from an equal share; None where a zone is missing or in pieces."""
    masses = masses_of(arrays, labels)
    if len(masses) != parts or (pieces_of(arrays, labels) > 1).any():
        return None
    return round(float(np.abs(masses / (arrays["mass"].sum() / parts) - 1).max()), 7)


def taiwan_cities(report: Report, folder: Path) -> None:
    """Divide three cities' small areas; the verifier must refuse at most two grids a city."""
    for city in TAIWAN:
        frames = taiwan(city)
        arrays = arrays_of(*frames)
        graph = written(folder / "graph.npz", arrays)
        metis = Caller("METIS well", "peers.metis", (str(graph), "well", str(sum(BAND) / 2)))
        found = interleaved([asked_of_us(task(folder, city, frames, band=BAND)), metis], folder, rounds=1)
        quality = {
            name: quality_of_frames(arrays, outcome.labels) for name, outcome in found.items() if not outcome.failed
        }
        quality["ours"] = quality.get("ours", {}) | told(found["ours"])
        report.compared(
            "small areas", f"taiwan_{city}", len(frames[0]), ours=found["ours"], peer=found["METIS well"],
            comparable="same areas and households; ours includes frames, METIS starts from the ready graph",
            quality=quality,
        )  # fmt: skip
        refused = quality["ours"].get("refused")
        holds = refused is not None and refused <= UNCERTIFIED
        seen = found["ours"].failed or refused
        report.floor("uncertified violations", f"taiwan_{city}", goal=f"<= {UNCERTIFIED}", seen=seen, holds=holds)


def quality_of_frames(arrays: Arrays, labels: Any) -> dict[str, Any]:
    """Return band and contiguity of labels."""
    masses = masses_of(arrays, labels)
    return {
        "zones": len(masses), "out_of_band": int(((masses < BAND[0]) | (masses > BAND[1])).sum()),
        "in_pieces": int((pieces_of(arrays, labels) > 1).sum()), "least": int(masses.min()), "most": int(masses.max()),
    }  # fmt: skip


def florida_precincts(report: Report, folder: Path) -> None:
    """Find the least maximum deviation, known from the complete list of plans."""
    frames = florida()
    arrays = arrays_of(*frames)
    graph = written(folder / "graph.npz", arrays)
    gerry = Caller("gerrychain best", "peers.chains", (str(graph), "best", str(FLORIDA_PARTS), "10"))
    path = task(folder, "florida", frames, count=FLORIDA_PARTS, band=None)
    found = interleaved([asked_of_us(path), gerry], folder, rounds=1)
    seen = deviations(found, arrays, FLORIDA_PARTS)
    report.compared(
        "least deviation", "redist_fl25", len(frames[0]), ours=found["ours"], peer=found["gerrychain best"],
        comparable="contiguous, three districts, deviation by one function; gerrychain searched 10 s", quality=seen,
    )  # fmt: skip
    ours = seen.get("ours", {}).get("max_deviation")
    holds = ours is not None and ours <= FLORIDA_BEST + 5e-8
    report.floor(
        "least max deviation", "redist_fl25", goal=f"= {FLORIDA_BEST}", seen=found["ours"].failed or ours, holds=holds
    )


def deviations(found: dict[str, Outcome], arrays: Arrays, parts: int) -> dict[str, Any]:
    """Return the deviation each caller reached."""
    return {
        name: {"max_deviation": deviation(arrays, outcome.labels, parts)} | ({} if name != "ours" else told(outcome))
        for name, outcome in found.items()
        if outcome.failed is None
    }


def rhode_island_districts(report: Report, folder: Path, *, seconds: float = GERRY_S) -> None:
    """Divide the mainland beside gerrychain's best of a minute; with the island, ask for the exception."""
    frames = rhode_island(with_island=False)
    arrays = arrays_of(*frames)
    graph = written(folder / "graph.npz", arrays)
    gerry = Caller("gerrychain best", "peers.chains", (str(graph), "best", str(ISLAND_PARTS), str(seconds)))
    path = task(folder, "mainland", frames, count=ISLAND_PARTS, band=None)
    found = interleaved([asked_of_us(path), gerry], folder, rounds=1)
    seen = deviations(found, arrays, ISLAND_PARTS)
    report.compared(
        "least deviation", "rhode_island_mainland", len(frames[0]), ours=found["ours"], peer=found["gerrychain best"],
        comparable=f"contiguous, 37 districts, deviation by one function; gerrychain searched {seconds:.0f} s",
        quality=seen,
    )  # fmt: skip
    ours, other = (seen.get(name, {}).get("max_deviation") for name in ("ours", "gerrychain best"))
    report.floor(
        "max deviation no worse than gerrychain's", "rhode_island_mainland",
        goal=f"<= {other}", seen=found["ours"].failed or ours,
        holds=ours is not None and (other is None or ours <= other),
    )  # fmt: skip
    island(report, folder)


def island(report: Report, folder: Path) -> None:
    """With the island: an exception with a certificate that the verifier accepts."""
    frames = rhode_island(with_island=True)
    path = task(folder, "island", frames, count=ISLAND_PARTS, band=None)
    ours = interleaved([asked_of_us(path)], folder, rounds=1)["ours"]
    facts = told(ours)
    report.row("island", "rhode_island", len(frames[0]), ours=ours.failed or ours.cost, quality=facts)
    known = {kind for kind in facts.get("exceptions", {}) if kind != "unresolved"}
    holds = bool(known) and facts.get("refused") == 0
    report.floor(
        "an exception with a true certificate", "rhode_island with island",
        goal="one, accepted by the verifier", seen=ours.failed or facts, holds=holds,
    )  # fmt: skip
