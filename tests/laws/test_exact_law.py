"""Laws of proofs: the solver's search and the verifier's say what trying everything says, on small ground."""

from itertools import combinations
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.knots import Knots, tied
from geo.partition.bands import Band, divides
from geo.partition.exact import are_without_grids, exact_division, grids_around
from geo.partition.graph import Edges, Graph, Nodes, graph_from_edges, pieces_on_foot
from geo.partition.impossible import is_without_grids, joined_piece, within_reach
from geo.proofs import Count, can_be_divided, can_hold
from geo.proofs import are_without_grids as is_refused
from geo.town import NO_LIMIT, Bounds

BAND, STEPS = Band(30, 50), 10**6
BOUNDS = Bounds((30, 0), (50, NO_LIMIT))
MANY = settings(max_examples=300)

Group = frozenset[int]


@st.composite
def grounds(draw: st.DrawFn) -> Graph:
    """One piece of two to nine cells: a random tree with some ways more, light, heavy and empty cells."""
    size = draw(st.integers(2, 9))
    draws = np.random.default_rng(draw(st.integers(0, 10**6)))
    links = {(int(draws.integers(0, b)), b) for b in range(1, size)}
    more = [pair for pair in combinations(range(size), 2) if pair not in links]
    links |= {pair for pair in more if draws.random() < draw(st.sampled_from([0, 0.1, 0.3]))}
    mass = draws.choice(draw(st.sampled_from([[0, 1, 4, 8, 12, 20, 26, 28, 29, 30, 34, 45], [1, 2, 26, 28, 29]])), size)
    ends = np.array(sorted(links))
    ones = np.ones(len(ends))
    edges = Edges(ends[:, 0], ends[:, 1], ones > 0, ones, ones)
    places = np.arange(size, dtype=np.float64)
    return graph_from_edges(edges, Nodes(mass.astype(np.int64), places, places, np.ones(size)))


def beside(graph: Graph) -> dict[int, set[int]]:
    return {u: set(graph.idx[graph.ptr[u] : graph.ptr[u + 1]].tolist()) for u in range(graph.size)}


def parts_of(graph: Graph, cells: Group) -> list[Group]:
    among = np.isin(np.arange(graph.size), list(cells))
    pieces = pieces_on_foot(graph, among)
    return [frozenset(np.flatnonzero(pieces == piece).tolist()) for piece in range(pieces.max(initial=-1) + 1)]


def grids_of(graph: Graph) -> list[Group]:
    """Every connected set of cells in band."""
    sets = (frozenset(cells) for size in range(1, graph.size + 1) for cells in combinations(range(graph.size), size))
    return [cells for cells in sets if 30 <= weight(graph, cells) <= 50 and len(parts_of(graph, cells)) == 1]


def weight(graph: Graph, cells: Group) -> int:
    return int(graph.mass[list(cells)].sum())


def is_left_well(graph: Graph, rest: Group) -> bool:
    masses = [weight(graph, part) for part in parts_of(graph, rest)]
    return all(mass == 0 or divides(mass, 0, BAND) for mass in masses)


def holds(graph: Graph, wanted: Group, free: Group, grids: list[Group]) -> bool:
    """Whether disjoint grids hold all wanted cells and leave what can be shared: everything is tried."""
    if not wanted & free:
        return is_left_well(graph, free)
    cell = min(wanted & free)
    return any(holds(graph, wanted, free - grid, grids) for grid in grids if cell in grid and grid <= free)


def knots_of(graph: Graph) -> Knots:
    loads = {u: (int(graph.mass[u]), 0) for u in range(graph.size)}
    return Knots(BOUNDS, {u: u for u in loads}, loads, beside(graph))


def all_of(graph: Graph) -> Group:
    return frozenset(range(graph.size))


@MANY
@given(graph=grounds())
def test_a_division_is_found_exactly_where_there_is_one(graph: Graph) -> None:
    cells, grids = all_of(graph), grids_of(graph)
    can_be = holds(graph, cells, cells, grids)
    found = exact_division(graph, BAND, steps=STEPS)
    assert (found is not None) == can_be
    assert can_be_divided(knots_of(graph), cells, Count()) == can_be
    if found is not None:
        assert all(frozenset(np.flatnonzero(found == part).tolist()) in grids for part in np.unique(found))


@MANY
@given(graph=grounds(), data=st.data())
def test_so_many_parts_are_found_exactly_where_there_are(graph: Graph, data: Any) -> None:
    def made(free: Group, count: int) -> bool:
        if not free or not count:
            return not free and not count
        return any(made(free - grid, count - 1) for grid in grids if min(free) in grid and grid <= free)

    grids, count = grids_of(graph), data.draw(st.integers(1, 4))
    found = exact_division(graph, BAND, steps=STEPS, count=count)
    assert (found is not None) == made(all_of(graph), count)


def test_a_heavy_cell_may_take_all_its_ways_together() -> None:
    """28 with 1 on either side: neither leads on to enough for 30, both together do."""
    ones = np.ones(2)
    edges = Edges(np.array([0, 0]), np.array([1, 2]), ones > 0, ones, ones)
    graph = graph_from_edges(edges, Nodes(np.array([28, 1, 1]), np.arange(3.0), np.arange(3.0), np.ones(3)))
    reach = within_reach(graph, np.array([0]), BAND.hi)
    assert not are_without_grids(graph, np.array([0]), reach, BAND, steps=STEPS)
    assert can_hold(knots_of(graph), [0], all_of(graph), Count())
    assert exact_division(graph, BAND, steps=STEPS) is not None
    assert can_be_divided(knots_of(graph), all_of(graph), Count())


@MANY
@given(graph=grounds(), data=st.data())
def test_cells_are_without_grids_exactly_where_they_are(graph: Graph, data: Any) -> None:
    order = data.draw(st.permutations(range(graph.size)))
    wanted = order[: data.draw(st.integers(1, graph.size))]
    can_be = holds(graph, frozenset(wanted), all_of(graph), grids_of(graph))
    reach = within_reach(graph, np.array(wanted), BAND.hi)
    assert are_without_grids(graph, np.array(wanted), reach, BAND, steps=STEPS) == (not can_be)
    assert can_hold(knots_of(graph), wanted, all_of(graph), Count()) == can_be
    grids = grids_around(graph, np.array(wanted), reach, BAND, steps=STEPS)
    assert (grids is not None) == can_be
    if grids is not None:
        assert is_left_well(graph, frozenset(np.flatnonzero(grids < 0).tolist()))


@MANY
@given(graph=grounds(), data=st.data())
def test_dead_ends_and_knots_change_no_answer(graph: Graph, data: Any) -> None:
    cell = data.draw(st.integers(0, graph.size - 1))
    assume(graph.mass[cell] > 0 and is_left_well(graph, all_of(graph)))
    can_be = holds(graph, frozenset([cell]), all_of(graph), grids_of(graph))
    piece = joined_piece(graph, BAND)
    node = int(piece.node_of[cell])
    is_bad = bool(piece.shared_badly(BAND)[node])
    # With dead ends joined more is proved: grids elsewhere must be in band, too.
    if can_be and (is_bad or is_without_grids(piece.nodes, [node], BAND)):
        assert not holds(graph, all_of(graph), all_of(graph), grids_of(graph))
    ground = tied(knots_of(graph))
    if can_be and is_refused(ground, [ground.knot_of[cell]]):
        assert not holds(graph, all_of(graph), all_of(graph), grids_of(graph))


@MANY
@given(graph=grounds(), data=st.data())
def test_a_small_window_proves_nothing_that_is_not_so(graph: Graph, data: Any) -> None:
    """Only some of the cells within reach are looked at; what lies beyond may hold anything."""
    cell = data.draw(st.integers(0, graph.size - 1))
    near, edge = within_reach(graph, np.array([cell]), BAND.hi)
    kept = near[: data.draw(st.integers(1, len(near)))]
    edge = np.concatenate([edge, np.setdiff1d(near, kept)])
    if are_without_grids(graph, np.array([cell]), (kept, edge), BAND, steps=STEPS):
        assert not holds(graph, frozenset([cell]), all_of(graph), grids_of(graph))
