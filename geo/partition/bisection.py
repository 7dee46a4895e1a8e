"""Bisection: a first division of many pieces of ground, each halved again and again along its cheapest line.

In each halving the nodes are swept in a few straight directions; in each the cheapest cut near the
wanted share is looked for, and the cheapest of these is taken. Loose bits go to the other half; where
that throws the shares out, the next direction is tried, and at last the order of how much nearer on foot
a node is to one far end of the ground than to the other: both halves are then nearly in one piece,
however the ground winds. Metres and households. All pieces are done in one call: pieces never meet.
"""

import heapq
from typing import NamedTuple

import numpy as np

from geo.partition.compiled import Whole, compiled
from geo.partition.graph import Floats, Graph, Ints, SmallInts

DIRECTIONS = 2
# Above so many parts a segment is cut at its middle, across its longer side: what the line costs matters further down.
PARTS_UNSWEPT = 64
SLACK, OFF_MAX = 0.2, 0.25
FAR_OFF = 1e9
CUT_TAGS = 6
STEPS = 1 << 16


class Aim(NamedTuple):
    """What a halving aims at: parts in all and their share, mass of the first side and how far off a cut may be."""

    parts: int
    share: float
    want: float
    slack: float


class Halving(NamedTuple):
    """Scratch of halvings: side of each node, its tag (numbers only one step knows), and a stack."""

    side: SmallInts
    tag: SmallInts
    stack: SmallInts


@compiled
def sorted_along(graph: Graph, rows: SmallInts, starts: Ints, direction: Floats) -> SmallInts:
    """Return the nodes of `rows`, piece by piece as there, each piece sorted along its direction.

    Places are rounded to 1/65536 of a piece's extent, so that counting sorts do; ties stay in the order of `rows`.
    """
    result = rows.copy()
    key = np.empty(len(rows), dtype=np.int64)
    dx, dy = direction
    for i in range(len(starts) - 1):
        low, high = starts[i], starts[i + 1]
        least, most = np.inf, -np.inf
        for j in range(low, high):
            along = dx * graph.x[rows[j]] + dy * graph.y[rows[j]]
            least, most = min(least, along), max(most, along)
        step = max(most - least, 1e-9) / (STEPS - 1)
        for j in range(low, high):
            key[j] = int((dx * graph.x[rows[j]] + dy * graph.y[rows[j]] - least) / step)
        sort_by_key(result[low:high], key[low:high])
    return result


@compiled
def sort_by_key(nodes: SmallInts, key: Ints) -> None:
    """Sort `nodes` by `key` (< 65536) in place, ties as they stand."""
    if len(nodes) < 2048:
        order = np.argsort(key, kind="mergesort")
        nodes[:] = nodes[order]
        return
    now, then = nodes.copy(), key.copy()
    for shift in (0, 8):
        count = np.zeros(257, dtype=np.int64)
        for i in range(len(then)):
            count[((then[i] >> shift) & 255) + 1] += 1
        count = np.cumsum(count)
        before, keys = now.copy(), then.copy()
        for i in range(len(keys)):
            bucket = (keys[i] >> shift) & 255
            now[count[bucket]], then[count[bucket]] = before[i], keys[i]
            count[bucket] += 1
    nodes[:] = now


@compiled
def sweep(graph: Graph, order: SmallInts, aim: Aim, tag: SmallInts, fresh: int) -> tuple[float, int]:
    """Return the rating of the cheapest cut of `order` near the wanted mass, and where it is. Uses two tags.

    Where no cut is within the slack, the nearest one. Both sides keep a node.
    """
    held, cost, best, cut = 0, 0.0, np.inf, 1
    for u in order:
        tag[u] = fresh
    for i in range(len(order) - 1):
        u = order[i]
        held += graph.mass[u]
        tag[u] = fresh + 1
        for p in range(graph.ptr[u], graph.ptr[u + 1]):
            there = tag[graph.idx[p]]
            if there == fresh:
                cost += graph.cost[p]
            elif there == fresh + 1:
                cost -= graph.cost[p]
        over = abs(held - aim.want) - aim.slack
        if over > 0.0 and held > aim.want and best < FAR_OFF:
            break
        rating = cost if over <= 0.0 else FAR_OFF * (1.0 + over) + cost
        if rating < best:
            best, cut = rating, i + 1
    return best, cut


@compiled
def middle(graph: Graph, order: SmallInts, want: float) -> int:
    """Return how many nodes of `order` hold a mass nearest to `want`; at least one, and not all."""
    held = 0
    for i in range(len(order) - 1):
        mass = graph.mass[order[i]]
        if held + mass > want:
            return max(1, i + (1 if held + mass - want < want - held else 0))
        held += mass
    return len(order) - 1


@compiled
def cut_at(graph: Graph, order: SmallInts, cut: int, work: Halving, fresh: int) -> int:
    """Lay the sides of a cut, each in one piece; return the mass of side 0. Uses `CUT_TAGS` tags."""
    for i in range(len(order)):
        work.tag[order[i]] = fresh if i < cut else fresh + 1
    count = flood(graph, order[0], work, fresh, fresh + 2)[0]
    if count < cut:
        cut -= hand_over(graph, order, work, fresh, fresh + 1)
    last = order[len(order) - 1]
    count = flood(graph, last, work, fresh + 1, fresh + 3)[0] if work.tag[last] == fresh + 1 else 0
    if count < len(order) - cut:
        hand_over(graph, order, work, fresh + 1, fresh + 2)
    held = 0
    for u in order:
        work.side[u] = work.tag[u] - fresh - 2
        if work.side[u] == 0:
            held += graph.mass[u]
    return held


@compiled
def hand_over(graph: Graph, nodes: SmallInts, work: Halving, own: int, other: int) -> int:
    """Give all loose bits of a side but the heaviest (then largest) to the other side; return how many nodes.

    Nodes of the side are tagged `own`, or `own + 2` where they were met already; those kept end as `own + 2`,
    those given away as `other`.
    """
    met, kept = own + 2, own + 4
    for u in nodes:
        if work.tag[u] == met:
            work.tag[u] = own
    best, best_mass, best_count = -1, -1, 0
    for s in nodes:
        if work.tag[s] == own:
            count, mass = flood(graph, s, work, own, met)
            if mass > best_mass or (mass == best_mass and count > best_count):
                best, best_mass, best_count = s, mass, count
    flood(graph, best, work, met, kept)
    given = 0
    for u in nodes:
        if work.tag[u] == met:
            work.tag[u] = other
            given += 1
        elif work.tag[u] == kept:
            work.tag[u] = met
    return given


@compiled
def flood(graph: Graph, start: int, work: Halving, old: int, new: int) -> tuple[int, int]:
    """Retag what one can walk to from `start` over nodes tagged `old`; return how many nodes and their mass."""
    work.tag[start] = new
    work.stack[0] = start
    height, count, mass = 1, 0, 0
    while height > 0:
        height -= 1
        u = work.stack[height]
        count += 1
        mass += graph.mass[u]
        for p in range(graph.ptr[u], graph.ptr[u + 1]):
            v = graph.idx[p]
            if work.tag[v] == old and graph.foot[p]:
                work.tag[v] = new
                work.stack[height] = v
                height += 1
    return count, mass


@compiled
def farthest(graph: Graph, nodes: SmallInts, start: Whole, tag: SmallInts, fresh: int, away: Floats) -> Whole:
    """Fill `away` with distances on foot from `start` over nodes tagged `fresh`; return the farthest node."""
    for u in nodes:
        away[u] = np.inf
    away[start] = 0.0
    heap = [(0.0, np.int64(start))]
    while len(heap) > 0:
        here, u = heapq.heappop(heap)
        if here > away[u]:
            continue
        for p in range(graph.ptr[u], graph.ptr[u + 1]):
            v = np.int64(graph.idx[p])
            if not graph.foot[p] or tag[v] != fresh:
                continue
            there = here + np.hypot(graph.x[u] - graph.x[v], graph.y[u] - graph.y[v])
            if there < away[v]:
                away[v] = there
                heapq.heappush(heap, (there, v))
    last = start
    for u in nodes:
        if away[u] > away[last]:
            last = np.int64(u)
    return last


@compiled
def along_the_way(graph: Graph, nodes: SmallInts, work: Halving, fresh: int) -> SmallInts:
    """Return the nodes by how much nearer on foot they are to one far end of their part than to the other."""
    near, far = np.empty(len(work.tag)), np.empty(len(work.tag))
    for u in nodes:
        work.tag[u] = fresh
    source = farthest(graph, nodes, np.int64(nodes[0]), work.tag, fresh, near)
    sink = farthest(graph, nodes, source, work.tag, fresh, near)
    farthest(graph, nodes, sink, work.tag, fresh, far)
    value = np.empty(len(nodes))
    for i in range(len(nodes)):
        value[i] = near[nodes[i]] - far[nodes[i]]
    return nodes[np.argsort(value, kind="mergesort")]


@compiled
def split_orders(orders: SmallInts, low: Whole, high: Whole, side: SmallInts) -> int:
    """Bring the nodes of side 0 in `low:high` of every order to the front, else as they stand; return how many."""
    count = 0
    later = np.empty(high - low, dtype=orders.dtype)
    for d in range(len(orders)):
        count, rest = 0, 0
        for i in range(low, high):
            u = orders[d, i]
            if side[u] == 0:
                orders[d, low + count] = u
                count += 1
            else:
                later[rest] = u
                rest += 1
        orders[d, low + count : high] = later[:rest]
    return count


@compiled
def cuts_of(graph: Graph, own: SmallInts, aim: Aim, dirs: Floats, tag: SmallInts, fresh: int) -> tuple[Floats, Ints]:
    """Return the rating of the best cut along each direction of a segment, and where it is."""
    ratings, cuts = np.empty(len(own)), np.empty(len(own), dtype=np.int64)
    for d in range(len(own)):
        order = own[d]
        if aim.parts > PARTS_UNSWEPT:
            dx, dy = graph.x[order[-1]] - graph.x[order[0]], graph.y[order[-1]] - graph.y[order[0]]
            ratings[d], cuts[d] = -abs(dirs[d, 0] * dx + dirs[d, 1] * dy), middle(graph, order, aim.want)
        else:
            ratings[d], cuts[d] = sweep(graph, order, aim, tag, fresh + 2 * d)
    return ratings, cuts


@compiled
def shared_out(held: int, aim: Aim) -> tuple[int, float]:
    """Return how many parts side 0 should make when it holds `held`, and by what share of a part each would be off."""
    first = max(1, min(int(held / aim.share + 0.5), aim.parts - 1))
    return first, abs(held / aim.share - first) / min(first, aim.parts - first)


@compiled
def halve(graph: Graph, own: SmallInts, aim: Aim, dirs: Floats, work: Halving, fresh: int) -> int:
    """Lay the sides of a segment; return the mass of side 0. Uses `CUT_TAGS` tags a direction and four times more."""
    ratings, cuts = cuts_of(graph, own, aim, dirs, work.tag, fresh)
    best, best_off = -1, np.inf
    for d in np.argsort(ratings, kind="mergesort"):
        fresh += CUT_TAGS
        held = cut_at(graph, own[d], cuts[d], work, fresh)
        off = shared_out(held, aim)[1]
        if off <= OFF_MAX:
            return held
        if off < best_off:
            best, best_off = d, off
    order = along_the_way(graph, own[0], work, fresh + CUT_TAGS)
    cut = sweep(graph, order, aim, work.tag, fresh + CUT_TAGS + 1)[1]
    held = cut_at(graph, order, cut, work, fresh + 2 * CUT_TAGS)
    if shared_out(held, aim)[1] <= best_off:
        return held
    return cut_at(graph, own[best], cuts[best], work, fresh + 3 * CUT_TAGS)


@compiled
def bisect(graph: Graph, orders: SmallInts, starts: Ints, counts: Ints, dirs: Floats, part: Ints) -> int:
    """Divide the piece at `starts[i]:starts[i + 1]` of every order into `counts[i]` parts; return how many in all."""
    size = graph.ptr.size - 1
    work = Halving(np.zeros(size, np.int8), np.zeros(size, np.int32), np.empty(size, np.int32))
    used, fresh = 0, 1
    none: Whole = np.int64(0)
    waiting: list[tuple[Whole, Whole, Whole]] = [(none, none, none)]
    for i in range(len(counts) - 1, -1, -1):
        waiting.append((starts[i], starts[i + 1], min(counts[i], starts[i + 1] - starts[i])))
    while len(waiting) > 0:
        low, high, parts = waiting.pop()
        own = orders[:, low:high]
        if parts < 2:
            for u in own[0]:
                part[u] = used
            used += high > low
            continue
        aim = aim_of(graph, own[0], parts)
        held = halve(graph, own, aim, dirs, work, fresh)
        fresh += CUT_TAGS * (len(dirs) + 4)
        count = split_orders(orders, low, high, work.side)
        first = max(1, parts - (high - low - count), min(shared_out(held, aim)[0], count))
        waiting.append((low + count, high, parts - first))
        waiting.append((low, low + count, first))
    return used


@compiled
def aim_of(graph: Graph, nodes: SmallInts, parts: Whole) -> Aim:
    """Return what the halving of a segment into `parts` parts aims at."""
    total = 0
    for u in nodes:
        total += graph.mass[u]
    share = max(total, 1) / parts
    return Aim(parts, share, share * (parts // 2), SLACK * share)


def bisected(graph: Graph, pieces: Ints, counts: Ints, *, turn: float = 0.0) -> Ints:
    """Divide pieces of ground into connected parts of about equal mass.

    Parameters
    ----------
    graph
        Any number of pieces.
    pieces
        Piece 0..k-1 of each node, -1 for nodes left out; each piece is connected on foot.
    counts
        Into how many parts each piece is divided; fewer come out only where it has fewer nodes.
    turn
        Angle of the first direction swept (radians): another one gives another division.

    Returns
    -------
    Ints
        Part of each node, 0.. over all pieces, piece by piece; -1 where left out.
    """
    angles = turn + np.arange(DIRECTIONS) * np.pi / DIRECTIONS
    dirs = np.column_stack([np.cos(angles), np.sin(angles)])
    rows = np.argsort(pieces, kind="stable").astype(np.int32)
    starts = np.searchsorted(pieces[rows], np.arange(len(counts) + 1))
    orders = np.stack([sorted_along(graph, rows, starts, direction) for direction in dirs])
    part = np.full(graph.size, -1, dtype=np.int64)
    bisect(graph, orders, starts, np.asarray(counts, dtype=np.int64), dirs, part)
    return part
