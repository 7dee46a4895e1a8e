"""Areas: faces of ground gathered into communities, communities into streets, streets into the county.

Gathering starts from blocks and joins the smallest with a neighbour, again and again: first over alleys
and lanes, later over main roads, over rails late and over the river never (within a community). Areas
are unions of faces that share vertices, so they tile exactly.
"""

import heapq
from dataclasses import dataclass

import numpy as np
import shapely

from data.demo.blocks import Blocks
from data.demo.draft import Ints, Path, Points, Shapes

HOUSEHOLDS_MOST = 3000
HOUSEHOLDS_LEAST = 1500
HOUSEHOLDS_FEW = 330  # no community has fewer
HOUSEHOLDS_A_KM2 = 480
HOUSEHOLDS_A_STREET = 17000
# How readily ground is joined over an edge of each class: people feel at home on one side of a main road.
EASE = {"primary": 0.12, "secondary": 0.25, "tertiary": 0.5, "service": 0.6, "": 1.0}
RIVER_EASE = 0.0


@dataclass(frozen=True)
class Gathered:
    """Which community each face belongs to, which street each community, and the communities' ground."""

    community: Ints
    street: Ints
    shapes: Shapes


def gather(blocks: Blocks, households: Ints, *, river: Points) -> Gathered:
    """Gather faces into communities and streets.

    Parameters
    ----------
    blocks
        The tile's faces and edges.
    households
        Households in each face (n,).
    river
        The river's middle as vertices (m, 2): edges on it part communities.
    """
    start = _units(blocks)
    total = int(households.sum())
    whole = total + shapely.area(blocks.faces).sum() / 1e6 * HOUSEHOLDS_A_KM2
    most = min(HOUSEHOLDS_MOST, max(600, round(0.62 * whole)))
    least = min(HOUSEHOLDS_LEAST, round(0.34 * whole))
    # ground counts too: a community of farms has fewer households than one of towers
    ground = shapely.area(blocks.faces) / 1e6 * HOUSEHOLDS_A_KM2
    weight = np.bincount(start, weights=households + ground).astype(np.int64)
    ease = _eases(blocks, start, river)
    rough = _renumbered(join(weight, ease, most=most, least=least, keep=2)[start])
    weight = np.bincount(rough, weights=households).astype(np.int64)
    community = _renumbered(join(weight, _eases(blocks, rough, river), most=0, least=HOUSEHOLDS_FEW, keep=2)[rough])
    shapes = np.array(
        [shapely.coverage_union_all(blocks.faces[community == n]) for n in range(community.max() + 1)], dtype=object
    )
    weight = np.bincount(community, weights=households).astype(np.int64)
    count = max(1, round(total / HOUSEHOLDS_A_STREET))
    street = join(weight, _between(blocks, community), most=round(1.3 * total / count), least=0, keep=count)
    street = _few(street, weight, _between(blocks, community), count)
    return Gathered(community, _renumbered(street), shapes)


def _units(blocks: Blocks) -> Ints:
    """Return a number for each face: one for all faces of a block in town, one for each face outside."""
    number = blocks.leaf.copy()
    outside = np.array([blocks.leaves[leaf].kind in ("fringe", "river", "rail") for leaf in blocks.leaf.tolist()])
    number[outside] = blocks.leaf.max() + 1 + np.arange(int(outside.sum()))
    return _renumbered(number)


def _renumbered(number: Ints) -> Ints:
    return np.asarray(np.unique(number, return_inverse=True)[1], dtype=np.int64)


def _pairs(blocks: Blocks) -> tuple[Ints, Ints]:
    """Return edges that part two faces, and those faces (k, 2)."""
    order = np.lexsort(blocks.edge_faces.T[::-1])
    edges, faces = blocks.edge_faces[order].T
    twice = np.flatnonzero(edges[1:] == edges[:-1])
    return edges[twice], np.column_stack([faces[twice], faces[twice + 1]])


def _length(path: Path) -> float:
    return float(np.hypot(*np.diff(path.coords, axis=0).T).sum())


def _eases(blocks: Blocks, unit: Ints, river: Points) -> dict[tuple[int, int], float]:
    """Return how readily two units join: the length of their common border, weighted by what runs along it."""
    on_river = {tuple(spot) for spot in river.tolist()}
    eases: dict[tuple[int, int], float] = {}
    edges, faces = _pairs(blocks)
    for edge, (a, b) in zip(edges.tolist(), unit[faces].tolist(), strict=True):
        if a == b:
            continue
        path = blocks.edges[edge]
        is_river = not path.road_class and tuple(path.coords[len(path.coords) // 2].tolist()) in on_river
        ease = RIVER_EASE if is_river else EASE.get(path.road_class, 0.8)
        key = (min(a, b), max(a, b))
        eases[key] = eases.get(key, 0.0) + ease * _length(path)
    return eases


def _between(blocks: Blocks, number: Ints) -> dict[tuple[int, int], float]:
    """Return the plain lengths of common borders, the river's too."""
    eases: dict[tuple[int, int], float] = {}
    edges, faces = _pairs(blocks)
    for edge, (a, b) in zip(edges.tolist(), number[faces].tolist(), strict=True):
        if a != b:
            key = (min(a, b), max(a, b))
            eases[key] = eases.get(key, 0.0) + _length(blocks.edges[edge]) * EASE.get(
                blocks.edges[edge].road_class, 0.8
            )
    return eases


def join(weight: Ints, eases: dict[tuple[int, int], float], *, most: int, least: int, keep: int) -> Ints:
    """Join the smallest part with a neighbour until parts are large enough.

    Parameters
    ----------
    weight
        Households of each part (n,).
    eases
        How readily neighbours (a < b) join; those at 0 only when nothing else is left.
    most, least
        No joining beyond `most`, unless a part is below `least`.
    keep
        Stop at this many parts.

    Returns
    -------
    Ints
        The part each belongs to at the end (n,), numbered by one of its members.
    """
    ease: list[dict[int, float]] = [{} for _ in weight]
    for (a, b), value in eases.items():
        ease[a][b] = ease[b][a] = value
    load = weight.tolist()
    member = list(range(len(load)))
    heap = [(load[n], n) for n in range(len(load))]
    heapq.heapify(heap)
    left = len(load)
    while heap and left > keep:
        size, part = heapq.heappop(heap)
        if member[part] != part or load[part] != size:
            continue
        other = _partner(part, ease, load, most=most, least=least)
        if other is None:
            continue
        _merge(part, other, ease, load, member)
        heapq.heappush(heap, (load[other], other))
        left -= 1
    return np.array([_root(n, member) for n in range(len(load))], dtype=np.int64)


def _partner(part: int, ease: list[dict[int, float]], load: list[int], *, most: int, least: int) -> int | None:
    """Return the neighbour to join: the closest that stays within `most`, or the smallest for a part below `least`."""
    fits = [n for n in ease[part] if load[part] + load[n] <= most and ease[part][n] > 0]
    if fits:
        return max(fits, key=lambda n: (ease[part][n] / (200 + load[part] + load[n]) ** 0.6, -n))
    if load[part] >= least or not ease[part]:
        return None
    near = [n for n in ease[part] if ease[part][n] > 0] or list(ease[part])
    return min(near, key=lambda n: (load[n], n))


def _merge(part: int, other: int, ease: list[dict[int, float]], load: list[int], member: list[int]) -> None:
    member[part] = other
    load[other] += load[part]
    for n, value in ease[part].items():
        del ease[n][part]
        if n != other:
            ease[n][other] = ease[other][n] = ease[other].get(n, 0.0) + value
    ease[part] = {}


def _root(n: int, member: list[int]) -> int:
    while member[n] != n:
        n = member[n]
    return n


def _few(street: Ints, weight: Ints, eases: dict[tuple[int, int], float], count: int) -> Ints:
    """Join the smallest streets until there are `count`."""
    number = _renumbered(street)
    if number.max() + 1 <= count:
        return number
    total = np.bincount(number, weights=weight).astype(np.int64)
    between: dict[tuple[int, int], float] = {}
    for (a, b), value in eases.items():
        key = (int(min(number[a], number[b])), int(max(number[a], number[b])))
        if key[0] != key[1]:
            between[key] = between.get(key, 0.0) + value
    return join(total, between, most=int(total.sum()), least=0, keep=count)[number]
