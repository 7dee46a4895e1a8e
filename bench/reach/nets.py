"""Networks to walk on: real ones out of the shared data, generated ones, and the graph of each that peers get.

A peer's graph is the largest piece of our network, parallel edges reduced to the shortest, loops left out; its nodes
are ours in our order, so that all walk the same metres. Facilities and homes stand on nodes.
"""

import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from data.readers.osm import read_osm_ways
from geo.access import Doors
from geo.crs import metric_crs
from geo.network import WalkNetwork, walk_network

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Arrays = dict[str, npt.NDArray[Any]]

SHARED = Path(os.environ.get("WANGGE_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data"
OSM = {"helsinki": "helsinki_centre", "liechtenstein": "liechtenstein_2021", "lauf": "lauf_de_2020"}
WUHAN = "wuhan"
SPACING_M, JITTER_M, LEFT_OUT = 60.0, 8.0, 0.08
LATTICE_LON, LATTICE_LAT = 24.0, 52.0
LATTICE_SEED, HOMES_SEED = 3, 5
HOME_SHARE, HOUSEHOLDS_MAX = 0.6, 120


@dataclass(frozen=True, eq=False)
class Net:
    """One network, the nodes of its largest piece, the graph of that piece, and where it is written for callers."""

    name: str
    network: WalkNetwork
    kept: Ints
    graph: Arrays
    folder: Path

    @property
    def size(self) -> dict[str, int]:
        """Nodes and edges of the graph that all walk."""
        return {"nodes": len(self.kept), "edges": len(self.graph["edge"])}


def net(name: str, folder: Path) -> Net:
    """Return a network by name - helsinki, liechtenstein, lauf, wuhan or lattice_EDGES - written to a folder."""
    place = folder / name
    place.mkdir(exist_ok=True)
    if (place / "net.pickle").exists():
        network = pickle.loads((place / "net.pickle").read_bytes())
    else:
        network = network_of(name)
        (place / "net.pickle").write_bytes(pickle.dumps(network))
    kept, graph = graph_of(network)
    np.savez(place / "graph.npz", kept=kept, **graph)
    return Net(name, network, kept, graph, place)


def why_missing(name: str) -> str | None:
    """Return why a network cannot be had, or None."""
    if name.startswith("lattice") or SHARED.is_dir():
        return None
    return f"the shared data are not at {SHARED} (WANGGE_SHARED names them)"


def network_of(name: str) -> WalkNetwork:
    """Return the walking network of a name."""
    if name == WUHAN:
        return walk_network(wuhan_streets())
    if name in OSM:
        ways = read_osm_ways(osm_file(name))
        return walk_network(ways.streets, gates=ways.gates, compounds=ways.compounds, barriers=ways.barriers)
    return walk_network(lattice(int(name.removeprefix("lattice_")), seed=LATTICE_SEED))


def osm_file(name: str) -> Path:
    """Return the extract of a real town."""
    return SHARED / "osm" / f"{OSM[name]}.osm.pbf"


def wuhan_streets() -> gpd.GeoDataFrame:
    """Return the streets of Wuhan: all are walked, none is a bridge."""
    told = gpd.read_parquet(SHARED / "china" / "wuhan_streets_osm.parquet")
    return street_frame(told.geometry.to_crs(4326).to_numpy())


def lattice(edges: int, *, seed: int) -> gpd.GeoDataFrame:
    """Return streets between the jittered points of a square lattice, about so many, some of them left out."""
    rng = np.random.default_rng([seed, edges])
    side = int(np.sqrt(edges / (2 * (1 - LEFT_OUT)))) + 1
    crs = metric_crs(LATTICE_LON, LATTICE_LAT)
    corner = gpd.GeoSeries.from_xy([LATTICE_LON], [LATTICE_LAT], crs=4326).to_crs(crs).get_coordinates().to_numpy()[0]
    rows, columns = np.divmod(np.arange(side * side), side)
    xy = corner + SPACING_M * np.stack([columns, rows], axis=1) + rng.normal(0, JITTER_M, (side * side, 2))
    across, along = np.flatnonzero(columns < side - 1), np.flatnonzero(rows < side - 1)
    ends = np.concatenate([np.stack([across, across + 1], 1), np.stack([along, along + side], 1)])
    ends = ends[rng.random(len(ends)) >= LEFT_OUT]
    # Points are projected once, so that streets that meet share them to the last bit.
    lonlat = shapely.get_coordinates(gpd.GeoSeries(shapely.points(xy), crs=crs).to_crs(4326).to_numpy())
    return street_frame(shapely.linestrings(lonlat[ends]))


def street_frame(shapes: Any) -> gpd.GeoDataFrame:
    """Return streets as the network takes them."""
    index = pd.RangeIndex(1, len(shapes) + 1, name="street_id")
    return gpd.GeoDataFrame({"is_walkable": True, "is_bridge": False}, geometry=shapes, index=index, crs=4326)


def graph_of(network: WalkNetwork) -> tuple[Ints, Arrays]:
    """Return the nodes of the largest piece, and its graph for peers: edges once, and both ways in rows."""
    kept = np.flatnonzero(network.component == 0)
    place = np.full(len(network.component), -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    ends = np.sort(place[network.edge_nodes], axis=1)
    wanted = (ends[:, 0] >= 0) & (ends[:, 0] != ends[:, 1])
    ends, way_m = ends[wanted], network.edge_length_m[wanted]
    order = np.lexsort((way_m, ends[:, 1], ends[:, 0]))
    ends, way_m = ends[order], way_m[order]
    first = np.concatenate([[True], (np.diff(ends, axis=0) != 0).any(axis=1)])
    ends, way_m = ends[first], way_m[first]
    tail, head = np.concatenate([ends, ends[:, ::-1]]).T
    order = np.lexsort((head, tail))
    ptr = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=len(kept)))])
    return kept, {
        "xy": network.node_xy[kept], "edge": ends, "edge_m": way_m, "ptr": ptr.astype(np.int32),
        "idx": head[order].astype(np.int32), "way_m": np.tile(way_m, 2)[order], "households": households(len(kept)),
    }  # fmt: skip


def households(nodes: int) -> Ints:
    """Return how many households live at each node: 1 to 120 at three of five, else none."""
    rng = np.random.default_rng([HOMES_SEED, nodes])
    return np.where(rng.random(nodes) < HOME_SHARE, rng.integers(1, HOUSEHOLDS_MAX + 1, nodes), 0).astype(np.int64)


def doors_at(network: WalkNetwork, nodes: Ints) -> Doors:
    """Return places that stand on nodes of the network: at an end of any of their edges, no stretch before it."""
    edge = network.arc_edge[network.arc_start[nodes]].astype(np.int64)
    along_m = np.where(network.edge_nodes[edge, 0] == nodes, 0.0, network.edge_length_m[edge])
    nobody = np.full(len(nodes), -1, dtype=np.int64)
    problem = np.full(len(nodes), None, dtype=object)
    return Doors(network.node_xy[nodes], edge, along_m, np.zeros(len(nodes)), nobody, nobody.copy(), problem)
