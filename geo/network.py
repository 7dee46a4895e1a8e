"""Network: the streets people may walk, as a graph in metres.

Streets become edges between the points where they meet: ends, and vertices that two streets share
(to some centimetre). Streets that cross without a shared vertex do not meet - one may be a bridge -
unless ``node_crossings`` is asked for. Walking goes both ways on every street.

Frames
    streets   index street_id; is_walkable, is_bridge; name, is_steps (may be missing); LineString or MultiLineString.
    gates     index gate_id; compound_id; is_open (may be missing); Point.
    compounds index compound_id; polygons.
    barriers  index barrier_id; kind (water, rail, wall); lines or polygons.
All come in EPSG:4326 and are measured in the metre zone of the streets (`geo.crs`).

Limits: no slopes, no traffic lights; a street that a source draws through a wall is walked.
 See docs/methods/walking.md.
"""

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.crs import metric_crs, metric_crs_of, to_metric
from geo.frames import LINES, require, require_geometry
from geo.noding import Vertices, edge_ranges, vertices_of
from geo.obstacles import Obstacles, obstacles

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

ISLAND_M = 300.0


@dataclass(frozen=True, eq=False)
class WalkNetwork:
    """The walking graph: n nodes, m edges, 2m arcs in CSR form.

    Attributes
    ----------
    crs
        the metre CRS of everything below (means nothing while the network is empty).
    node_xy
        (n, 2) metres.
    edge_nodes, edge_length_m, edge_street, edge_name, edge_is_bridge
        (m, 2) int32 from and to node; (m,) metres; (m,) street id, street name, bridge or tunnel.
    vertex_xy, vertex_m, edge_vertex
        (v, 2) vertices edge after edge; metres from the edge's start; (m + 1,) where each edge begins.
    arc_start, arc_node, arc_edge
        (n + 1,), (2m,), (2m,) int32: the arcs of node i are ``arc_start[i]:arc_start[i + 1]``.
    component
        (n,) int32: the piece of the network a node is in; 0 has the most street.
    island_m
        pieces with less street than this are joined only where nothing else is within reach.
    obstacles
        what access may not cross.
    """

    crs: pyproj.CRS
    node_xy: Floats
    edge_nodes: npt.NDArray[np.int32]
    edge_length_m: Floats
    edge_street: npt.NDArray[np.object_]
    edge_name: npt.NDArray[np.object_]
    edge_is_bridge: Bools
    vertex_xy: Floats
    vertex_m: Floats
    edge_vertex: Ints
    arc_start: npt.NDArray[np.int32]
    arc_node: npt.NDArray[np.int32]
    arc_edge: npt.NDArray[np.int32]
    component: npt.NDArray[np.int32]
    island_m: float
    obstacles: Obstacles

    @property
    def is_empty(self) -> bool:
        """Whether there is no street at all."""
        return len(self.edge_length_m) == 0

    @cached_property
    def edge_geometry(self) -> npt.NDArray[np.object_]:
        """(m,) LineStrings in metres."""
        line = np.repeat(np.arange(len(self.edge_length_m)), np.diff(self.edge_vertex))
        return np.asarray(shapely.linestrings(self.vertex_xy, indices=line), dtype=object)

    @cached_property
    def arc_m(self) -> Floats:
        """(2m,) metres along each arc."""
        return np.asarray(self.edge_length_m[self.arc_edge])

    @cached_property
    def components(self) -> pd.DataFrame:
        """Index component: length_m, edges, name (of its longest named street, or None)."""
        edge = pd.DataFrame(
            {"component": self.component[self.edge_nodes[:, 0]], "length_m": self.edge_length_m, "name": self.edge_name}
        )
        table = edge.groupby("component")["length_m"].agg(length_m="sum", edges="size")
        named = edge.dropna(subset="name").groupby(["component", "name"])[["length_m"]].sum().reset_index()
        named = named.sort_values(["length_m", "name"], ascending=[True, False])
        # shortest first: the name written last is the longest street's
        longest = dict(zip(named["component"], named["name"], strict=True))
        names = [longest.get(component) for component in table.index]
        return pd.DataFrame(table).assign(name=pd.Series(names, index=table.index, dtype=object))

    @cached_property
    def joinable(self) -> list[tuple[shapely.STRtree, Ints]]:
        """Trees of the edges a place may join, with their numbers: the mainland first, then the islands."""
        if self.is_empty:
            return []
        length_m = self.components["length_m"].to_numpy()
        is_island = (length_m < self.island_m)[self.component[self.edge_nodes[:, 0]]]
        chosen = [np.flatnonzero(~self.edge_is_bridge & (is_island == wanted)) for wanted in (False, True)]
        return [(shapely.STRtree(self.edge_geometry[edge]), edge) for edge in chosen]


def walk_network(
    streets: gpd.GeoDataFrame,
    *,
    gates: gpd.GeoDataFrame | None = None,
    compounds: gpd.GeoDataFrame | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    node_crossings: bool = False,
    island_m: float = ISLAND_M,
    uses_steps: bool = True,
) -> WalkNetwork:
    """Return the walking graph of `streets`; empty where none is walkable.

    Parameters
    ----------
    streets, gates, compounds, barriers
        as in the module's docstring. Not changed.
    node_crossings
        also join streets where they cross without a shared vertex, bridges left out, and where an
        end lies on another street. For sources whose lines were not drawn to meet.
    uses_steps
        False for those who cannot: streets that are steps are then not there.
    island_m
        see `WalkNetwork`; stray pieces of path, cut off by a slip of the map, catch no stations.

    Raises
    ------
    MissingColumnsError, DuplicateIdError, MissingCrsError, WrongCrsError, WrongGeometryError
        A frame is not what it must be.
    """
    require(streets, "streets", columns=("is_walkable", "is_bridge"))
    require_geometry(streets, "streets", kinds=LINES)
    usable = streets["is_walkable"].astype(bool)
    if not uses_steps and "is_steps" in streets:
        usable &= ~streets["is_steps"].astype(bool)
    walkable = streets[usable].sort_index()
    crs = metric_crs_of(streets) if len(streets) else metric_crs(0.0, 0.0)
    is_bridge = walkable["is_bridge"].to_numpy(dtype=bool)
    vertices = vertices_of(walkable.geometry.to_numpy(), is_bridge, node_crossings=node_crossings)
    first, last, node = edge_ranges(vertices)
    street = vertices.line[first]
    name = np.full(len(walkable), None, dtype=object)
    if "name" in walkable:
        has_name = walkable["name"].notna().to_numpy()
        name[has_name] = walkable["name"].to_numpy(dtype=object)[has_name]
    return _assemble(
        crs,
        vertices,
        (first, last, node),
        labels=(walkable.index.to_numpy().astype(object)[street], name[street], is_bridge[street]),
        island_m=island_m,
        hindrances=obstacles(crs, barriers=barriers, compounds=compounds, gates=gates),
    )


def _assemble(
    crs: pyproj.CRS,
    vertices: Vertices,
    ranges: tuple[Ints, Ints, Ints],
    *,
    labels: tuple[npt.NDArray[np.object_], npt.NDArray[np.object_], Bools],
    island_m: float,
    hindrances: Obstacles,
) -> WalkNetwork:
    """Measure the edges and lay out the graph."""
    first, last, node = ranges
    taken = runs(first, last + 1)
    line = np.repeat(np.arange(len(first)), last + 1 - first)
    xy = shapely.get_coordinates(
        to_metric(gpd.GeoSeries(shapely.points(vertices.lonlat), crs="EPSG:4326"), crs).to_numpy()
    )
    edge_vertex = np.concatenate([[0], np.cumsum(last + 1 - first)]).astype(np.int64)
    measure = _measures(xy[taken], line, edge_vertex)
    length_m = measure[edge_vertex[1:] - 1] if len(first) else np.empty(0)
    ends, node_xy = _numbered(np.stack([node[first], node[last]], axis=1), np.stack([xy[first], xy[last]], axis=1))
    n = len(node_xy)
    street, name, is_bridge = labels
    arc_start, arc_node, arc_edge = _arcs(ends, n)
    component = _components(ends, length_m, n)
    return WalkNetwork(
        crs, node_xy, ends, length_m, street, name, is_bridge, xy[taken], measure, edge_vertex,
        arc_start, arc_node, arc_edge, component, island_m, hindrances,
    )  # fmt: skip


def runs(start: Ints, stop: Ints) -> Ints:
    """Return the positions ``start[i]:stop[i]``, one run after another."""
    count = stop - start
    skipped = np.concatenate([[0], np.cumsum(count)[:-1]]) if len(count) else np.empty(0, dtype=np.int64)
    return np.asarray(np.repeat(start - skipped, count) + np.arange(int(count.sum())), dtype=np.int64)


def _numbered(ends: Ints, end_xy: Floats) -> tuple[Small, Floats]:
    """Number nodes along a Hilbert curve: a search then reads memory near to what it read last."""
    node_xy = np.zeros((int(ends.max(initial=-1)) + 1, 2))
    node_xy[ends[::-1].ravel()] = end_xy[::-1].reshape(-1, 2)
    if len(node_xy) == 0:
        return ends.astype(np.int32), node_xy
    along = gpd.GeoSeries(shapely.points(node_xy)).hilbert_distance().to_numpy()
    order = np.lexsort((node_xy[:, 1], node_xy[:, 0], along))
    number = np.empty(len(order), dtype=np.int32)
    number[order] = np.arange(len(order))
    return number[ends], node_xy[order]


def _measures(xy: Floats, line: Ints, edge_vertex: Ints) -> Floats:
    step = np.concatenate([[0.0], np.hypot(*np.diff(xy, axis=0).T)]) if len(xy) else np.empty(0)
    step[edge_vertex[:-1]] = 0.0
    along = np.cumsum(step)
    return np.asarray(along - along[edge_vertex[:-1]][line])


def _arcs(ends: npt.NDArray[np.int32], n: int) -> tuple[Small, Small, Small]:
    tail = np.concatenate([ends[:, 0], ends[:, 1]])
    head = np.concatenate([ends[:, 1], ends[:, 0]])
    edge = np.tile(np.arange(len(ends), dtype=np.int32), 2)
    order = np.lexsort((edge, head, tail))
    start = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=n))]).astype(np.int32)
    return start, head[order], edge[order]


def _components(ends: npt.NDArray[np.int32], length_m: Floats, n: int) -> npt.NDArray[np.int32]:
    """Label the pieces of the network, the longest first, ties by their lowest node."""
    if n == 0:
        return np.empty(0, dtype=np.int32)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n))
    count, raw = connected_components(graph, directed=False)
    total_m = np.bincount(raw[ends[:, 0]], weights=length_m, minlength=count)
    rank = np.empty(count, dtype=np.int32)
    rank[np.lexsort((np.arange(count), -total_m))] = np.arange(count)
    return np.asarray(rank[raw])
