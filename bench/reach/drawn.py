"""Polygons of circles: seconds of `geo.reach.reach` for 2,000 stations, and how nearly they are true street buffers.

Stations stand on nodes and homes within some metres of them, so that no stretch off the streets is drawn and a circle
is its pieces of street, widened.
"""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from bench.reach import draw
from bench.reach.nets import Floats, Net, net
from bench.reach.report import Report
from bench.reach.runs import CORES
from bench.reach.timing import best
from geo.circles import filled_holes
from geo.crs import to_metric
from geo.pieces import reached_pieces
from geo.reach import HOLE_MAX_M2, WIDTH_M, reach
from geo.scene import Scene, scene_of
from geo.searches import nodes_within

MINUTES, LIMITS_M = (5.0, 15.0), np.array([360.0, 1080.0])
GOAL_S, OVERLAP_GOAL = 120.0, 0.95
COMPARED = 20  # stations, each with both circles
AWAY_M, AWAY_SEED = 10.0, 6


def polygons(report: Report, folder: Path, names: list[str], seeds: list[int], count: int) -> None:
    """Draw the circles of all stations of a network, and compare some with buffers that shapely makes."""
    for name in names:
        ground = net(name, folder)
        scene, joining = best(lambda ground=ground: scene_of(ground.network, homes(ground)), repeats=1)
        reach(points(ground, seed_nodes(ground, seeds[0], 4)), scene, minutes=MINUTES)
        for seed in seeds:
            stations = points(ground, seed_nodes(ground, seed, count))
            circles, cost = best(lambda: reach(stations, scene, minutes=MINUTES), repeats=1)  # noqa: B023
            told(report, f"{name} seed {seed}", ground, scene, (circles, stations), {"cost": cost, "joining": joining})


def told(
    report: Report, data: str, ground: Net, scene: Scene, drawn: tuple[Any, Any], costs: dict[str, dict[str, float]]
) -> None:
    """Print one network's line and its goals."""
    circles, stations = drawn
    few = stations.head(COMPARED)
    exact, peer_cost = best(lambda: buffered(scene, few), repeats=1)
    mine = to_metric(circles.loc[few.index].geometry, scene.crs).to_numpy()
    shared = shapely.area(shapely.intersection(mine, exact)) / shapely.area(shapely.union(mine, exact))
    overlap = [round(float(value), 4) for value in (shared.min(), np.median(shared))]
    seconds = costs["cost"]["wall_s"]
    each_ms = 1e3 * np.array([peer_cost["cpu_s"] / len(mine), costs["cost"]["cpu_s"] / len(circles)])
    report.line(
        "polygons", data, ground.size | {"stations": len(stations)}, ours=costs["cost"], joining_homes=costs["joining"],
        threads=f"ours on {CORES} threads, shapely on 1", peer="shapely buffers, unioned",
        ms_a_circle={"ours": round(each_ms[1], 2), "peer": round(each_ms[0], 2)},
        ratio_cpu=float(f"{each_ms[0] / each_ms[1]:.3g}"), goal=f"< {GOAL_S:.0f} s",
        quality={"circles_compared": len(mine), "overlap_least": overlap[0], "overlap_median": overlap[1]},
        answers_equal=overlap[0] >= OVERLAP_GOAL,
    )  # fmt: skip
    name = f"polygons | {data}"
    if len(stations) >= draw.FACILITIES:
        goal = f"< {GOAL_S:.0f} s"
        report.goal(f"{name} | {len(stations)} stations", goal=goal, seen=f"{seconds:.1f} s", holds=seconds < GOAL_S)
    report.goal(
        f"{name} | overlap", goal=f">= {OVERLAP_GOAL}", seen=f"least {overlap[0]}, median {overlap[1]}",
        holds=overlap[0] >= OVERLAP_GOAL,
    )  # fmt: skip


def buffered(scene: Scene, stations: gpd.GeoDataFrame) -> Any:
    """Return circles as polygons in metres, made of the pieces of street by shapely alone, station after station."""
    network, origins = scene.network, scene.join(stations)
    assert network is not None
    met = nodes_within(scene.net, origins, limit_m=LIMITS_M[-1])
    pieces = reached_pieces(network, origins, met, LIMITS_M)
    made = []
    for circle in range(len(stations) * len(LIMITS_M)):
        edge, from_m, to_m = pieces.of(circle)
        made.append(widened(network.edge_geometry[edge], from_m, to_m))
    return np.array(made, dtype=object)


def widened(lines: Any, from_m: Floats, to_m: Floats) -> Any:
    """Return the ground beside parts of lines, small holes filled."""
    from shapely.ops import substring

    parts = [substring(line, *span) for line, *span in zip(lines, from_m, to_m, strict=True)]
    return filled_holes(shapely.union_all(shapely.buffer(parts, WIDTH_M, quad_segs=16)), HOLE_MAX_M2)


def seed_nodes(ground: Net, seed: int, count: int) -> Any:
    """Return the network's own numbers of the facilities."""
    return ground.kept[draw.facilities(len(ground.kept), seed, count)]


def points(ground: Net, nodes: Any, away_m: Any = 0.0) -> gpd.GeoDataFrame:
    """Return stations at nodes of a network, or some metres away from them."""
    shapes = shapely.points(ground.network.node_xy[nodes] + away_m)
    index = pd.RangeIndex(1, len(nodes) + 1, name="station_id")
    return gpd.GeoDataFrame(geometry=shapes, crs=ground.network.crs, index=index).to_crs(4326)


def homes(ground: Net) -> gpd.GeoDataFrame:
    """Return the homes of a network as buildings."""
    count = ground.graph["households"]
    home = np.flatnonzero(count)
    away_m = np.random.default_rng(AWAY_SEED).uniform(-AWAY_M, AWAY_M, (len(home), 2))
    frame = points(ground, ground.kept[home], away_m).rename_axis(index="building_id")
    return frame.assign(households=count[home], people=3 * count[home])
