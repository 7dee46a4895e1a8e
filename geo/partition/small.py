"""Small: a graph of some dozen cells, a set of which is the bits of one number, and the ground beyond them."""

from typing import NamedTuple

import numpy as np

from geo.partition.bands import Band
from geo.partition.compiled import Whole, compiled
from geo.partition.graph import Flags, Graph, Ints, arcs_of, pieces_on_foot

EXACT_CELLS = 62


class Small(NamedTuple):
    """A small graph and the ground around it.

    Neighbours on foot of each node as bits, households, people; the same of every piece of ground beyond
    (neighbours being the nodes it touches); the nodes beyond which nothing is known, as bits; those of them whose set
    may go on there; the band; and the households of all the ground that hangs together with the nodes.
    """

    around: Ints
    mass: Ints
    people: Ints
    beyond: Ints
    beyond_mass: Ints
    beyond_people: Ints
    open: Whole
    unfinished: Whole
    band: Band
    total: Whole


@compiled
def lowest(bits: Whole) -> int:
    """Return the position of the lowest bit that is set."""
    place = 0
    while not bits >> place & 1:
        place += 1
    return place


@compiled
def size_of(bits: Whole) -> int:
    """Return how many bits are set."""
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count


@compiled
def held_by(small: Small, members: Whole) -> Whole:
    """Return the households of some nodes."""
    held = np.int64(0)
    while members:
        held += small.mass[lowest(members)]
        members &= members - 1
    return held


def small_of(graph: Graph, band: Band, members: Ints, edge: Ints) -> Small:
    """Return the graph of at most `EXACT_CELLS` members, and the ground beyond them.

    Nothing is known of ground beyond that holds a node of the `edge`: grids may go on there.
    """
    place = np.full(graph.size, -1, dtype=np.int64)
    place[members] = np.arange(len(members))
    around = np.zeros(len(members), dtype=np.int64)
    arcs = arcs_of(graph, members)
    tails = np.repeat(np.arange(len(members)), graph.ptr[members + 1] - graph.ptr[members])[graph.foot[arcs]]
    heads = graph.idx[arcs][graph.foot[arcs]]
    inside = place[heads] >= 0
    np.bitwise_or.at(around, tails[inside], np.int64(1) << place[heads[inside]])
    pieces = known_pieces(graph, place < 0, edge)
    count, outside = int(pieces.max(initial=-1)) + 1, pieces >= 0
    beyond, at = np.zeros(count, dtype=np.int64), pieces[heads]
    np.bitwise_or.at(beyond, at[at >= 0], np.int64(1) << tails[at >= 0])
    masses, peoples = (
        np.bincount(pieces[outside], weights=column[outside], minlength=count).astype(np.int64)
        for column in (graph.mass, graph.people)
    )
    is_open = ~inside & (at < 0)
    open_ones = int(np.bitwise_or.reduce(np.int64(1) << tails[is_open], initial=0))
    whole = pieces_on_foot(graph, np.ones(graph.size, dtype=np.bool_)) if open_ones else pieces
    total = int(graph.mass[whole == whole[members[0]]].sum()) if open_ones else 0
    return Small(
        around, graph.mass[members], graph.people[members], beyond, masses, peoples, open_ones, open_ones, band, total
    )


def known_pieces(graph: Graph, among: Flags, edge: Ints) -> Ints:
    """Return the piece 0.. of each node `among` that holds no node of the `edge`, -1 elsewhere; the lightest few."""
    pieces = pieces_on_foot(graph, among)
    is_known = np.ones(int(pieces.max(initial=-1)) + 2, dtype=np.bool_)
    is_known[pieces[edge]] = is_known[-1] = False
    is_known[np.flatnonzero(is_known)[EXACT_CELLS:]] = False
    return np.where(is_known, np.cumsum(is_known) - 1, -1)[pieces]
