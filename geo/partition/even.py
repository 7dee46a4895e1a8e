"""Even grids: a number of grids is given and no band; the largest deviation from an equal share is made least.

A division in a wide band is made first and settled towards equal shares. Then two neighbouring grids at a
time are joined and parted anew along random spanning trees, so that neither is further off than the worst
grid was: the worst grow better, the others wander and so make way. When that helps no more, the worst part
and one or two neighbours are searched completely for a closer division; then the best is shaken and searched
so again. A small piece is searched completely: its optimum is certain. Source: recombination, DeFord, Duchin
and Solomon (2021), with a limit that closes in; shaking as in iterated local search, Lourenço, Martin and
Stützle (2003).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from geo.partition.bands import Band, masses_of
from geo.partition.compiled import Whole, compiled
from geo.partition.exact import SearchTooLongError, exact_division
from geo.partition.graph import Graph, Ints, arcs_of, in_order, subgraph
from geo.partition.moves import settled
from geo.partition.pairs import Pairing, neighbour, paired_tree, pairing_of
from geo.partition.small import EXACT_CELLS
from geo.partition.solver import Asked, best_start, one_piece_limits

WIDEST = 0.5
CERTAIN_CELLS, EVEN_STEPS = 40, 3_000_000
IDLE_A_PART, NODES_WALKED = 2000, 4_000_000
# How often the best is shaken, how long, and by how much worse than the worst parts may become.
KICKS, KICK_NODES, KICK = 40, 5000, 5.0
LEVEL, ALIKE = 1e-6, 1e-6
POLISH_STEPS = 30_000


class Wander(NamedTuple):
    """How long pairs are parted anew: times in a row that the worst grows no better, and nodes walked in all.

    Wanderers may end `kick` times as far off as the worst.
    """

    idle: int
    nodes: int
    kick: float = 1.0


def share_of(cells: Ints, pieces: Ints, count: int) -> Band:
    """Return a wide band around the equal share of `count` grids, over ground that can have it.

    Parameters
    ----------
    cells
        Households of each cell: one above one and a half shares is a grid by itself.
    pieces
        Households of each piece connected on foot: one below half a share is one, too.
    count
        Grids in all.
    """
    total, left = int(pieces.sum()), count
    share = total / count
    for _ in range(len(cells) + len(pieces)):
        towers, scraps = cells[cells > (1 + WIDEST) * share], pieces[pieces < (1 - WIDEST) * share]
        left = count - len(towers) - len(scraps)
        if left < 1:
            break
        now = (total - int(towers.sum()) - int(scraps.sum())) / left
        if now == share:
            break
        share = now
    off = max(1, int(WIDEST * share))
    return Band(max(1, int(np.ceil(share - off))), max(1, int(np.floor(share + off))), centre=max(share, 1.0))


def evened(graph: Graph, pieces: Ints, counts: Ints, asked: Asked, *, rng: np.random.Generator) -> Ints:
    """Divide each piece into its count of connected parts whose largest deviation from the target is as small as found.

    Parameters and result as `geo.partition.solver.divide_pieces`; the target is the middle of the band.
    """
    labels, _ = best_start(graph, pieces, counts, asked, rng=rng)
    now = labels.copy()
    for piece in np.flatnonzero(counts > 1):
        members = np.flatnonzero(pieces == piece)
        if labels[members].max() > labels[members].min():
            own = evened_piece(subgraph(graph, members), in_order(labels[members]), asked, rng=rng)
            now[members] = now.max() + 1 + own
    inside = now >= 0
    now[inside] = in_order(now[inside])
    return now


def evened_piece(graph: Graph, labels: Ints, asked: Asked, *, rng: np.random.Generator) -> Ints:
    """Return a division of one piece into as many parts, nearer to equal shares."""
    target = asked.band.target
    exactly = Band(max(1, int(target)), max(1, int(np.ceil(target))), centre=target)
    near = settled(graph, labels, one_piece_limits(graph, labels, exactly), asked.pull)
    if deviation(graph, near, target) > deviation(graph, labels, target):
        near = labels
    near = polished(graph, recombined(graph, near, target, rng=rng), target)
    if graph.size <= CERTAIN_CELLS:
        return best_of_all(graph, near, target)
    return kicked(graph, near, target, rng=rng)


def kicked(graph: Graph, labels: Ints, target: float, *, rng: np.random.Generator) -> Ints:
    """Return the most even of many divisions, each polished after the best so far was shaken."""
    best = labels
    for _ in range(KICKS):
        if is_even(graph, best, target):
            break
        now = best.copy()
        recombine(graph, now, masses_of(graph, now), target, Wander(IDLE_A_PART, KICK_NODES, KICK), rng)
        now = polished(graph, now, target)
        best = now if deviation(graph, now, target) < deviation(graph, best, target) else best
    return best


def is_even(graph: Graph, labels: Ints, target: float) -> bool:
    """Return whether no part is further off than rounding asks for."""
    return deviation(graph, labels, target) < max(1.0, ALIKE * target)


def recombined(graph: Graph, labels: Ints, target: float, *, rng: np.random.Generator) -> Ints:
    """Return a division whose largest deviation is smaller: pairs of neighbours are parted anew, again and again."""
    best, idle = labels, IDLE_A_PART * (int(labels.max()) + 1)
    left = NODES_WALKED // (1 if graph.size > CERTAIN_CELLS else 20)
    while left > 0 and not is_even(graph, best, target):
        now = labels.copy()
        left = recombine(graph, now, masses_of(graph, now), target, Wander(idle, left), rng)
        best = now if deviation(graph, now, target) < deviation(graph, best, target) else best
    return best


def polished(graph: Graph, labels: Ints, target: float) -> Ints:
    """Return a division whose worst parts are nearer to the target: searched completely with some neighbours."""
    now, names = labels.copy(), np.arange(int(labels.max()) + 1)
    while not is_even(graph, now, target):
        worst = int(np.argmax(np.abs(masses_of(graph, now) - target)))
        band = closer_than(graph, now, target)
        for region in regions_around(graph, now, worst):
            members = np.flatnonzero(np.isin(now, region))
            parts = closer_division(subgraph(graph, members), band, len(region))
            if parts is not None:
                now[members] = names[region][parts]
                break
        else:
            return now
    return now


def closer_division(region: Graph, band: Band, count: int) -> Ints | None:
    """Return a division of a small region into `count` parts in band, or None."""
    if region.size > EXACT_CELLS:
        return None
    try:
        return exact_division(region, band, steps=POLISH_STEPS, count=count)
    except SearchTooLongError:
        return None


def regions_around(graph: Graph, labels: Ints, part: int) -> Iterator[list[int]]:
    """Yield a part with each of its neighbours on foot, then with two that hang together with it."""
    near = neighbours_of(graph, labels, [part])
    yield from ([part, one] for one in near)
    seen: set[frozenset[int]] = set()
    for one in near:
        for other in neighbours_of(graph, labels, [part, one]):
            if frozenset((one, other)) not in seen:
                seen.add(frozenset((one, other)))
                yield [part, one, other]


def neighbours_of(graph: Graph, labels: Ints, parts: list[int]) -> list[int]:
    """Return the other parts that one can walk to from some parts in one step."""
    arcs = arcs_of(graph, np.flatnonzero(np.isin(labels, parts)))
    near: list[int] = np.setdiff1d(labels[graph.idx[arcs[graph.foot[arcs]]]], parts).tolist()
    return near


@compiled
def recombine(graph: Graph, labels: Ints, mass: Ints, target: float, wander: Wander, rng: np.random.Generator) -> int:
    """Part pairs of neighbours anew; return how many nodes may still be walked."""
    left = wander.nodes
    size = len(labels)
    work = pairing_of(size)
    member = np.zeros(len(mass), dtype=np.int64)
    for u in range(size):
        member[labels[u]] = u
    least, idle, turn, enough = np.abs(mass - target).max(), 0, 0, max(1.0, ALIKE * target)
    while idle < wander.idle and left > 0 and least >= enough:
        turn, idle = turn + 2, idle + 1
        is_worst = idle % 2 == 1
        part = np.argmax(np.abs(mass - target)) if is_worst else rng.integers(0, len(mass))
        other = neighbour(graph, labels, member[part], work, turn, rng)
        count = paired_tree(graph, labels, (member[part], other), work, turn + 1, rng)
        left -= count
        # A wanderer may end as far off as the worst: without that, nothing could move over level ground.
        off = least if is_worst else wander.kick * least + LEVEL
        root = best_edge(work, count, mass[part] + mass[other], target, off, rng)
        if root < 0:
            continue
        lay(labels, work, count, root, (part, other))
        mass[part], mass[other] = work.held[root], mass[part] + mass[other] - work.held[root]
        member[part], member[other] = root, work.order[0]
        worst = np.abs(mass - target).max()
        if worst < least:
            least, idle = worst, 0
    return left if least >= enough else 0


@compiled
def best_edge(work: Pairing, count: int, total: int, target: float, least: float, rng: np.random.Generator) -> int:
    """Return the node whose branch is a part, any one that leaves both parts less far off than `least`; -1: none."""
    met, found = 0, -1
    for i in range(1, count):
        held = work.held[work.order[i]]
        if max(abs(held - target), abs(total - held - target)) < least:
            met += 1
            found = work.order[i] if rng.integers(0, met) == 0 else found
    return int(found)


@compiled
def lay(labels: Ints, work: Pairing, count: int, root: int, pair: tuple[Whole, Whole]) -> None:
    """Label the branch of `root` with the first part, the rest of the tree with the second."""
    for i in range(count):
        u = work.order[i]
        inside = u == root or (i > 0 and labels[work.parent[u]] == -2)
        labels[u] = -2 if inside else pair[1]
    for i in range(count):
        if labels[work.order[i]] == -2:
            labels[work.order[i]] = pair[0]


def best_of_all(graph: Graph, labels: Ints, target: float) -> Ints:
    """Return the most even division of a small piece: closer ones are sought until there is none."""
    now, count = labels, int(labels.max()) + 1
    while deviation(graph, now, target) > 0:
        try:
            closer = exact_division(graph, closer_than(graph, now, target), steps=EVEN_STEPS, count=count)
        except SearchTooLongError:
            return now
        if closer is None or deviation(graph, closer, target) >= deviation(graph, now, target):
            return now
        now = closer
    return now


def closer_than(graph: Graph, labels: Ints, target: float) -> Band:
    """Return the band of whole numbers nearer to the target than the worst part is."""
    # A hair less, so that rounding never asks for the same again.
    off = deviation(graph, labels, target) - 1e-6
    return Band(int(np.floor(target - off)) + 1, int(np.ceil(target + off)) - 1)


def deviation(graph: Graph, labels: Ints, target: float) -> float:
    """Return the largest distance of a part's households from the target."""
    return float(np.abs(masses_of(graph, labels) - target).max())
