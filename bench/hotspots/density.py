"""Density surfaces beside KDEpy, and what a street's page waits for: tiles of many incidents; also ours, one a process.

Usage of the latter: python -m bench.hotspots.density OUT.npz POINTS.npz REPEATS (surface | tiles)

Surfaces are compared at the same grid points with KDEpy's and, at some of them, with the plain sum of all kernels.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.hotspots.points import REPORT_SEEDS, TOWN_M, invented
from bench.hotspots.runs import HotspotCaller, compared
from bench.reach.runs import Outcome, interleaved
from bench.reach.timing import best, hand_back
from geo.crs import metre_transformer, metric_crs
from geo.density import EQUATOR_M, binned, densest, density, density_tile, tile

Floats = npt.NDArray[np.float64]

GOAL, TIED_SHARE, PAGE_GOAL_S = 8.0, 0.01, 0.5
CELLS, AROUND_M, BANDWIDTH_M = 512, 300.0, 200.0
BOUNDS = (-AROUND_M, -AROUND_M, TOWN_M + AROUND_M, TOWN_M + AROUND_M)
CELL_M = (TOWN_M + 2 * AROUND_M) / CELLS
SUMMED = 400
LON, LAT, TILE_BANDWIDTH_M = 107.7, 27.95, 120.0
ZOOMS, SCREEN, SCREEN_ZOOM = range(10, 18), (5, 4), 14


def measure(*, quick: bool) -> Iterator[dict[str, Any]]:
    """Return the lines of surfaces, then of tiles."""
    with tempfile.TemporaryDirectory(prefix="wangge-bench-") as name:
        folder = Path(name)
        for seed in REPORT_SEEDS[:1] if quick else REPORT_SEEDS:
            for count in (100_000,) if quick else (10_000, 100_000, 1_000_000):
                yield from surfaces(folder, count, seed)
        for count in (100_000,) if quick else (100_000, 500_000):
            yield from tiles(folder, count, REPORT_SEEDS[0])


def surfaces(folder: Path, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Return the lines of one town: KDEpy on the same grid and on its own, and NumPy and SciPy by hand."""
    xy = invented(count, seed)
    file = folder / "points.npz"
    np.savez(file, xy=xy, bounds=BOUNDS, cells=CELLS, bandwidth_m=BANDWIDTH_M)
    peers = [HotspotCaller(name, "peers.density", (str(file), "5", name)) for name in ("same_grid", "own_grid", "hand")]
    ours = HotspotCaller("ours", "density", (str(file), "15", "surface"), is_ours=True)
    found = interleaved([ours, *peers], folder, rounds=2)
    data, size = f"invented {count}, seed {seed}", {"points": count, "cells": CELLS**2}
    for peer in peers:
        outcome = found[peer.name]
        failed = found["ours"].failed or outcome.failed
        if failed:
            yield {"task": "density", "data": data, "peer": peer.name, "failed": failed, "holds": False}
            continue
        is_same, facts = tied(found["ours"], found["same_grid"] if peer.name == "own_grid" else outcome, xy)
        is_rough = peer.name == "hand"  # whole incidents in the nearest cell: about a percent off by itself
        goal = GOAL if count >= 1_000_000 and not is_rough else None
        yield compared(
            "density", data, size, ours=found["ours"].cost("surface"), peer=str(outcome.fact("called")),
            peer_cost=outcome.cost("surface"), answers_equal=None if is_rough else is_same, goal=goal,
            quality=facts,
        )  # fmt: skip


def tied(ours: Outcome, peer: Outcome, xy: Floats) -> tuple[bool, dict[str, float]]:
    """Return whether ours is within a percent of the peak of the peer's and of the sum of kernels; and how far off."""
    mine, other = ours.answer["surface"], peer.answer["surface"]
    rng = np.random.default_rng(SUMMED)
    row, column = rng.integers(0, CELLS, (2, SUMMED))
    row[0], column[0] = np.unravel_index(mine.argmax(), mine.shape)
    middle = np.stack([BOUNDS[0] + (column + 0.5) * CELL_M, BOUNDS[3] - (row + 0.5) * CELL_M], axis=1)
    summed = np.array([np.exp(-((xy - at) ** 2).sum(axis=1) / (2 * BANDWIDTH_M**2)).sum() for at in middle])
    summed *= 1e6 / (2 * np.pi * BANDWIDTH_M**2)
    facts = {
        "off_the_peer": float(np.abs(mine - other).max() / mine.max()),
        "off_the_sum": float(np.abs(mine[row, column] - summed).max() / mine.max()),
        "peer_off_the_sum": float(np.abs(other[row, column] - summed).max() / mine.max()),
    }
    return max(facts["off_the_peer"], facts["off_the_sum"]) <= TIED_SHARE, {k: round(v, 7) for k, v in facts.items()}


def tiles(folder: Path, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Return what a tile takes at each zoom, and what a page does whose filter changes."""
    file = folder / "places.npz"
    x, y = invented(count, seed).T
    epsg = metric_crs(LON, LAT).to_epsg()
    east_m, north_m = metre_transformer(epsg).transform(LON, LAT)
    lon, lat = metre_transformer(epsg).transform(x + east_m, y + north_m, direction="INVERSE")
    np.savez(file, lon=lon, lat=lat)
    found = interleaved([HotspotCaller("ours", "density", (str(file), "7", "tiles"), is_ours=True)], folder, rounds=2)
    ours = found["ours"]
    data, size = f"invented {count}, seed {seed}", {"points": count}
    if ours.failed:
        yield {"task": "tiles", "data": data, "failed": ours.failed, "holds": False}
        return
    costs: dict[str, Any] = {
        name: ours.cost(name) for name in ("binned", "densest", "screen", "one_alone", *map(str, ZOOMS))
    }
    page_s = sum(cost["wall_s"] for name in ("binned", "densest", "screen") if (cost := costs[name]))
    off = float(ours.answer["off"])
    yield {
        "task": f"tiles, a page of {SCREEN[0] * SCREEN[1]}", "data": data, "size": size, "ours": {"wall_s": page_s},
        "peer": "-", "goal": f"under {PAGE_GOAL_S:g} s", "holds": page_s < PAGE_GOAL_S,
        "answers_equal": off <= TIED_SHARE, "quality": costs | {"off_the_sum": round(off, 6)},
    }  # fmt: skip


def surface(out: Path, arrays: dict[str, Any], repeats: int) -> None:
    """Draw the surface of the town."""
    bandwidth_m = float(arrays["bandwidth_m"])
    west, south, east, north = arrays["bounds"].tolist()

    def drawn(xy: Floats) -> Floats:
        found, _ = density(xy, bandwidth_m=bandwidth_m, cell_m=CELL_M, bounds=(west, south, east, north))
        return found

    drawn(arrays["xy"][:100])
    found, cost = best(lambda: drawn(arrays["xy"]), repeats=repeats)
    hand_back(out, {"surface": cost}, surface=found)


def page(out: Path, arrays: dict[str, Any], repeats: int) -> None:
    """Lay out once, find the densest spot, then tiles: the town's middle at each zoom, and a screen of them."""
    lon, lat = arrays["lon"], arrays["lat"]
    middle = float(np.median(lon)), float(np.median(lat))
    wide = {"bandwidth_m": TILE_BANDWIDTH_M}
    once = binned(lon[:100], lat[:100])
    for zoom in ZOOMS:
        tile(once, **at(middle, zoom), **wide)
    costs: dict[str, Any] = {}
    once, costs["binned"] = best(lambda: binned(lon, lat), repeats=repeats)
    _, costs["densest"] = best(lambda: densest(once, **wide), repeats=repeats)
    for zoom in ZOOMS:
        _, costs[str(zoom)] = best(lambda zoom=zoom: tile(once, **at(middle, zoom), **wide), repeats=3 * repeats)
    _, costs["screen"] = best(lambda: [tile(once, **place, **wide) for place in screen(middle)], repeats=repeats)
    here = at(middle, SCREEN_ZOOM)
    made, costs["one_alone"] = best(lambda: density_tile(lon, lat, **here, **wide), repeats=repeats)
    hand_back(out, costs, off=off_the_sum(made, here, lon, lat))


def at(middle: tuple[float, float], z: int) -> dict[str, int]:
    """Return the tile a place is on."""
    lon, lat = middle
    down = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2
    return {"z": z, "x": int((lon + 180) / 360 * 2**z), "y": int(down * 2**z)}


def screen(middle: tuple[float, float]) -> list[dict[str, int]]:
    """Return the tiles of a screen."""
    here = at(middle, SCREEN_ZOOM)
    shift = [(i - SCREEN[0] // 2, j - SCREEN[1] // 2) for i in range(SCREEN[0]) for j in range(SCREEN[1])]
    return [here | {"x": here["x"] + i, "y": here["y"] + j} for i, j in shift]


def off_the_sum(made: Floats, here: dict[str, int], lon: Floats, lat: Floats) -> float:
    """Return how far a tile is from the sum of kernels at some pixels, of its peak; metres are those of the pixel."""
    rng = np.random.default_rng(SUMMED)
    row, column = rng.integers(0, 256, (2, SUMMED // 4))
    world = 256 * 2 ** here["z"]
    down = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * world - here["y"] * 256 - 0.5
    right = (lon / 360 + 0.5) * world - here["x"] * 256 - 0.5
    angle = np.pi * (1 - 2 * (row + here["y"] * 256 + 0.5) / world)
    pixel_m = EQUATOR_M / world / np.cosh(angle)
    summed = np.array([
        np.exp(-(((down - i) ** 2 + (right - j) ** 2) * m**2) / (2 * TILE_BANDWIDTH_M**2)).sum()
        for i, j, m in zip(row, column, pixel_m, strict=True)
    ])  # fmt: skip
    return float(np.abs(made[row, column] - summed * 1e6 / (2 * np.pi * TILE_BANDWIDTH_M**2)).max() / made.max())


if __name__ == "__main__":
    task = {"surface": surface, "tiles": page}[sys.argv[4]]
    task(Path(sys.argv[1]), dict(np.load(sys.argv[2])), int(sys.argv[3]))
