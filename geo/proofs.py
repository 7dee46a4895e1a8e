"""Proofs: is an exception's certificate true? Written apart from `geo.partition`, for `geo.verify`.

Each test starts from the cells again; *piece* and *shore* are those of `geo.town`.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from geo.knots import Knots, knots_of, knots_without
from geo.town import NO_LIMIT, Bounds, Ints, Load, Town

Group = frozenset[int]
Piece = tuple[set[int], Load]

MOST_SETS = 200_000
MOST_KNOTS = 62


@dataclass(frozen=True)
class Proof:
    """One exception as it was stated."""

    grid: int
    rule: str
    certificate: str
    detail: dict[str, Any] = field(default_factory=dict)


def is_proved(town: Town, proof: Proof) -> bool:
    """Return whether the certificate is of the closed list, fits the rule, and is true."""
    rules, test = TESTS.get(proof.certificate, ((), unproved))
    return proof.rule in rules and test(town, proof)


def unproved(_town: Town, _proof: Proof) -> bool:
    """No certificate at all."""
    return False


def locked_grid(town: Town, proof: Proof) -> bool:
    """The grid holds exactly the cells of a locked old grid."""
    return proof.grid in town.untouched


def cell_above_band(town: Town, proof: Proof) -> bool:
    """One cell above the band; all else are scraps: whole pieces of under half the lower bound."""
    own = np.flatnonzero((town.grid == proof.grid) & town.is_land)
    above = own[town.is_above[own]]
    scraps = np.unique(town.piece[own][town.piece[own] >= 0])
    mass = town.piece_load[scraps, town.bounds.first]
    whole = all((town.grid[town.piece == scrap] == proof.grid).all() for scrap in scraps)
    small = bool(((2 * mass < town.bounds.lo[town.bounds.first]) | (mass == 0)).all())
    return len(above) == 1 and town.cell_ids[above[0]] == proof.detail.get("cell_id") and whole and small


def piece_outside_band(town: Town, proof: Proof) -> bool:
    """The grid's peopled ground is in one piece that cannot be shared, and has no more grids than it needs."""
    own = own_pieces(town, proof.grid)
    if len(own) == 0:
        return is_all_of_empty_community(town, proof.grid)
    if len(own) > 1 or town.bounds.is_shareable(town.load_of(town.piece == own[0])):
        return False
    grids, fewest, most = grids_of_piece(town, own[0])
    # A count that cannot be may press the piece to fewer or more.
    return (fewest <= grids or town.pressed < 0) and (grids <= most or town.pressed > 0)


def is_all_of_empty_community(town: Town, grid: int) -> bool:
    """Return whether a grid holds all open ground of a community, and nobody lives there."""
    here = town.area == town.area[np.flatnonzero(town.grid == grid)[0]]
    rest = town.grid[here & ~town.is_locked & ~town.is_dedicated]
    peopled = here & town.is_general & (town.mass > 0)
    return bool(len(rest) and (rest == grid).all() and not peopled.any())


def grids_of_piece(town: Town, piece: int) -> tuple[int, int, int]:
    """Return how many grids a piece has, and the fewest and most it should have."""
    inside = town.piece == piece
    grids = len(np.unique(town.grid[inside & (town.mass > 0)]))
    return grids, *town.bounds.counts(town.load_of(inside), int((town.mass[inside] > 0).sum()))


def count_impossible(town: Town, proof: Proof) -> bool:
    """So many grids cannot be in band. For a grid: and its piece has as few, or as many, as it can or beyond."""
    if town.pressed == 0 or proof.detail.get("count", town.count) != town.count:
        return False
    if proof.rule == "count":
        return (town.made - int(town.count or 0)) * town.pressed < 0
    own = own_pieces(town, proof.grid)
    if len(own) != 1:
        return False
    grids, fewest, most = grids_of_piece(town, own[0])
    return grids <= fewest if town.pressed < 0 else grids >= most


def own_pieces(town: Town, grid: int) -> Ints:
    """Return the pieces in which households of a grid live; too many grids may leave one with empty ground."""
    held = town.piece[(town.grid == grid) & (town.mass > 0)]
    if len(held) == 0 and town.pressed > 0:
        held = town.piece[(town.grid == grid) & (town.piece >= 0)]
        held = held[town.piece_load[held, town.bounds.first] > 0]
    return np.unique(held[held >= 0])


def cells_without_grids(town: Town, proof: Proof) -> bool:
    """No disjoint connected sets in band hold the cells and leave ground that can be shared.

    Cells `aside` are set aside first, if that is true of each of them.
    """
    named, aside = places_of(town, proof, "cell_ids"), places_of(town, proof, "aside")
    pieces = np.unique(town.piece[named + aside])
    if not (town.grid[named] == proof.grid).any() or len(pieces) != 1 or pieces[0] < 0:
        return False
    if own_pieces(town, proof.grid).tolist() != pieces.tolist():
        return False
    ground = town_knots(town, int(pieces[0]))
    alone = {ground.knot_of[cell] for cell in aside}
    if alone & {ground.knot_of[cell] for cell in named} or not all(are_without_grids(ground, [knot]) for knot in alone):
        return False
    ground = knots_without(ground, alone) if alone else ground
    return are_without_grids(ground, [ground.knot_of[cell] for cell in named])


def are_without_grids(ground: Knots, knots: list[int]) -> bool:
    """Return whether it is proved, in so many sets, that no grids in band can hold some knots."""
    if any(is_shared_badly(ground, knot) for knot in knots):
        return True
    try:
        return not can_hold(ground, knots, frozenset(ground.loads), Count())
    except TooManySetsError:
        return False


def is_shared_badly(ground: Knots, knot: int) -> bool:
    """Return whether no whole number of grids can share the peopled ground that hangs together with a knot."""
    return any(is_short(ground, load) for _, load in pieces_from(ground, {knot}, frozenset(ground.loads)))


def town_knots(town: Town, piece: int) -> Knots:
    """Return the knots of a piece; a plan with many exceptions asks again and again."""
    if piece not in town.known_knots:
        town.known_knots[piece] = knots_of(town, np.flatnonzero(town.piece == piece))
    known: Knots = town.known_knots[piece]
    return known


def places_of(town: Town, proof: Proof, role: str) -> list[int]:
    """Return the cells that a certificate names in a role, by position."""
    names: list[object] = list(proof.detail.get(role, []))
    places: list[int] = town.cell_ids.get_indexer(pd.Index(names)).tolist()
    return [place for place in places if place >= 0]


def can_hold(ground: Knots, knots: list[int], free: Group, count: "Count") -> bool:
    """Return whether disjoint connected sets in band of free knots hold `knots` and leave what can be shared."""
    rest = [knot for knot in knots if knot in free]
    if rest and free not in count.known:
        count.known[free] = not are_crowded(ground, rest, free) and any(
            not ground.bounds.is_below(ground.load_of(group)) and can_hold(ground, rest, free - group, count)
            for group in connected_sets(ground, rest[0], free, count)
        )
    return not rest or count.known[free]


@dataclass
class Count:
    """How many sets a proof has looked at, and what it knows of the ground left over."""

    sets: int = 0
    known: dict[Group, bool] = field(default_factory=dict)


class TooManySetsError(Exception):
    """A search was larger than a certificate may ask for."""


def connected_sets(ground: Knots, knot: int, among: Group, count: Count) -> Iterator[Group]:
    """Yield the connected sets inside `among` that hold `knot`, are not above the band and leave what can be shared.

    Where a piece beside a set cannot be shared, larger sets go on there: they must hold some of it.
    """
    layer = {frozenset([knot])}
    while layer:
        count.sets += len(layer)
        if count.sets > MOST_SETS:
            raise TooManySetsError
        wider: set[Group] = set()
        for group in layer:
            pieces = list(pieces_beside(ground, group, among))
            short = [(piece, load) for piece, load in pieces if is_short(ground, load)]
            if is_hopeless(ground, group, [load for _, load in short]) or not leaves_enough(ground, group, pieces):
                continue
            if not short:
                yield group
            # Of several, the smallest gives way least often.
            onward = min((piece for piece, _ in short), key=len, default=among)
            near = set().union(*(ground.beside[u] for u in group)) & onward - group
            wider |= {group | {u} for u in near}
        layer = wider


def is_hopeless(ground: Knots, group: Group, short: list[Load]) -> bool:
    """Return whether a set is above the band, or will be with what `short` pieces beside it cannot do without it."""
    load, first = ground.load_of(group), ground.bounds.first
    lo, hi = ground.bounds.lo[first], ground.bounds.hi[first]
    # Of a piece, what whole grids in band cannot hold; nothing, where only people are missing.
    taken = sum(held[first] % hi for held in short if -(-held[first] // hi) * lo > held[first])
    return ground.bounds.is_above(load) or load[first] + taken > hi


def leaves_enough(ground: Knots, group: Group, pieces: list[Piece]) -> bool:
    """Return whether grids can share, by its sum, what a set leaves of the ground it can go on to.

    It must take what it lacks, and may take what it has room for.
    """
    first, enough = ground.bounds.first, enough_to_share(ground.bounds)
    lo, hi = ground.bounds.lo[first], ground.bounds.hi[first]
    held = ground.load_of(group)[first]
    beside = set().union(*(ground.beside[u] for u in group))
    around = {u for u in beside if held + ground.loads[u][first] <= hi}
    loads = [load[first] for piece, load in pieces if not around.isdisjoint(piece)]
    most, least = sum(loads) - max(0, lo - held), sum(loads) - (hi - held)
    return max(loads, default=0) >= enough or min(most, most // lo * hi) >= least


def is_short(ground: Knots, load: Load) -> bool:
    """Return whether no whole number of grids can share a piece; without households it can come along with any."""
    return load[ground.bounds.first] > 0 and not ground.bounds.is_shareable(load)


def are_crowded(ground: Knots, knots: list[int], free: Group) -> bool:
    """Return whether some knots, no two of which fit into a grid, have fewer ways on than they are.

    None is a grid by itself, so each needs a free knot beside it, and another than the others.
    Source: Hall (1935), on representatives of subsets; Kuhn (1955), the way to find them.
    """
    first = ground.bounds.first
    lo, hi = ground.bounds.lo[first], ground.bounds.hi[first]
    loads = {knot: ground.loads[knot][first] for knot in knots}
    heavy = {knot: load for knot, load in loads.items() if hi < 2 * load and load < lo}
    left = free - set(heavy)
    ways = {knot: ways_on(ground, knot, left, (lo - load, hi - load)) for knot, load in heavy.items()}
    taken: dict[int, int] = {}
    return not all(finds_way(knot, ways, taken, set()) for knot in heavy)


def ways_on(ground: Knots, knot: int, among: Group, room: Load) -> set[int]:
    """Return knots beside a knot one of which its grid must hold: those that lead on to `room[0]` households or more.

    Where those that do not lead on to so many have them together, all knots beside it.
    """
    first, near = ground.bounds.first, set(ground.beside[knot] & among)
    led = {start: led_to(ground, start, among, room) for start in near}
    strong = {start for start, met in led.items() if sum(ground.loads[u][first] for u in met) >= room[0]}
    weak: set[int] = set().union(*(led[start] for start in near - strong))
    return strong if sum(ground.loads[u][first] for u in weak) < room[0] else near


def led_to(ground: Knots, start: int, among: Group, room: Load) -> set[int]:
    """Return the knots from `start` on, none heavier than `room[1]`, until they hold `room[0]` together."""
    first = ground.bounds.first
    met: set[int] = set()
    waiting, seen, held = [start], {start}, 0
    while waiting and held < room[0]:
        u = waiting.pop()
        if ground.loads[u][first] <= room[1]:
            met.add(u)
            held += ground.loads[u][first]
            fresh = (ground.beside[u] & among) - seen
            seen |= fresh
            waiting += fresh
    return met


def finds_way(knot: int, ways: dict[int, set[int]], taken: dict[int, int], tried: set[int]) -> bool:
    """Return whether a knot gets a way of its own, others giving theirs up where they have another."""
    for way in sorted(ways[knot] - tried):
        tried.add(way)
        if way not in taken or finds_way(taken[way], ways, taken, tried):
            taken[way] = knot
            return True
    return False


def pieces_beside(ground: Knots, group: Group, free: Group) -> Iterator[Piece]:
    """Yield each piece of `free` ground left beside `group`; of those large enough for any share, a part."""
    left = free - group
    return pieces_from(ground, set().union(*(ground.beside[u] for u in group)) & left, left)


def pieces_from(ground: Knots, starts: Collection[int], among: Group) -> Iterator[Piece]:
    """Yield each piece `among` knots that holds one of `starts`; of those large enough for any share, a part."""
    enough = enough_to_share(ground.bounds)
    first = ground.bounds.first
    known: set[int] = set()
    for start in starts:
        if start in known:
            continue
        met, waiting, load = {start}, [start], (0, 0)
        while waiting and load[first] < enough:
            u = waiting.pop()
            load = (load[0] + ground.loads[u][0], load[1] + ground.loads[u][1])
            fresh = (ground.beside[u] & among) - met
            met |= fresh
            waiting += fresh
        known |= met
        yield met, load


def enough_to_share(bounds: Bounds) -> int:
    """Return from where on every load can be shared; nowhere, where people and households are both asked for."""
    if len(bounds.asked) > 1:
        return NO_LIMIT
    lo, hi = bounds.lo[bounds.first], bounds.hi[bounds.first]
    return lo * (lo // (hi - lo) + 1) if hi > lo else NO_LIMIT


def piece_without_division(town: Town, proof: Proof) -> bool:
    """The grid's small piece was divided in every way; none is in band."""
    own = own_pieces(town, proof.grid)
    if len(own) != 1:
        return False
    knots = town_knots(town, int(own[0]))
    if len(knots.loads) > MOST_KNOTS:
        return False
    try:
        return not can_be_divided(knots, frozenset(knots.loads), Count())
    except TooManySetsError:
        return False


def can_be_divided(ground: Knots, rest: Group, count: Count) -> bool:
    """Return whether connected sets in band cover `rest`: try all that hold the knot with the fewest neighbours."""
    if not rest:
        return True
    if rest not in count.known:
        knot = min(rest, key=lambda u: (len(ground.beside[u] & rest), u))
        count.known[rest] = any(
            not ground.bounds.is_below(ground.load_of(group)) and can_be_divided(ground, rest - group, count)
            for group in connected_sets(ground, knot, rest, count)
        )
    return count.known[rest]


def unpeopled_piece(town: Town, proof: Proof) -> bool:
    """All parts of the grid but one are whole shores without households."""
    own = (town.grid == proof.grid) & town.is_land
    parts = np.unique(town.part[own])
    attached = 0
    for part in parts:
        cells = np.flatnonzero(town.part == part)
        shore = town.shore == town.shore[cells[0]]
        attached += bool(shore.sum() == len(cells) and town.mass[cells].sum() == 0)
    return attached >= len(parts) - 1


Test = Callable[[Town, Proof], bool]
TESTS: dict[str, tuple[tuple[str, ...], Test]] = {
    "cell_above_band": (("band",), cell_above_band),
    "piece_outside_band": (("band",), piece_outside_band),
    "cells_without_grids": (("band",), cells_without_grids),
    "piece_without_division": (("band",), piece_without_division),
    "count_impossible": (("band", "count"), count_impossible),
    "locked_grid": (("band", "contiguity"), locked_grid),
    "unpeopled_piece": (("contiguity",), unpeopled_piece),
}
