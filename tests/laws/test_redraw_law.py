"""Laws of redrawing, on lattices drawn at random: nothing lost, all in one piece, and no smaller answer overlooked."""

from itertools import combinations, product
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.partition import propose_grids
from geo.rebalance import rebalance
from geo.splitting import BadLineError, GridInPiecesError, NotPartedError, Split, split_by_line, split_in_parts
from geo.suggestions import OPEN_MAX, fix, next_problems
from geo.verify import verify_plan
from tests.fixtures.lattice import lattice

Town = tuple[gpd.GeoDataFrame, pd.DataFrame]
SLOW = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def towns(draw: st.DrawFn, columns: int = 7, rows: int = 7, closed: tuple[float, ...] = (0, 0.2)) -> Town:
    """A lattice with households, water, empty ground and closed ways, all at random."""
    width, height = draw(st.integers(2, columns)), draw(st.integers(2, rows))
    draws = np.random.default_rng(draw(st.integers(0, 10**6)))
    households = draws.integers(1, draw(st.sampled_from([5, 30])), (height, width))
    households[draws.random((height, width)) < draw(st.sampled_from([0, 0.3]))] = 0
    households[draws.random((height, width)) < draw(st.sampled_from([0, 0.05]))] = 300
    wet = draws.random((height, width)) < draw(st.sampled_from([0, 0.1]))
    households[wet] = 0
    cells, borders = lattice(households, water={(int(x), int(y)) for y, x in np.argwhere(wet)})
    borders["is_walkable"] &= draws.random(len(borders)) >= draw(st.sampled_from(closed))
    return cells, borders


def pieces(town: Town, members: set[int]) -> list[set[int]]:
    """Return the pieces on foot of some land cells, by plain walking."""
    cells, borders = town
    land = {cell for cell in members if cells.at[cell, "kind"] != "water"}
    ways: dict[int, list[int]] = {cell: [] for cell in land}
    for a, b, is_walkable in borders[["cell_a", "cell_b", "is_walkable"]].itertuples(index=False):
        if is_walkable and a in land and b in land:
            ways[a].append(b)
            ways[b].append(a)
    found = []
    while land:
        piece, waiting = set[int](), [min(land)]
        while waiting:
            cell = waiting.pop()
            if cell not in piece:
                piece.add(cell)
                waiting += ways[cell]
        land -= piece
        found.append(piece)
    return found


def with_homes(town: Town, found: list[set[int]]) -> list[set[int]]:
    return [piece for piece in found if town[0].loc[sorted(piece), "households"].sum() > 0]


def check_split(town: Town, split: Split, count: int) -> None:
    """Every member in exactly one part, all sums kept, no part's homes apart, the heaviest part first."""
    cells = town[0]
    assert split.parts.index.equals(cells.index.sort_values())
    held = cells["households"].groupby(split.parts).sum()
    assert held.index.tolist() == list(range(count))
    assert held.sum() == cells["households"].sum()
    assert held.is_monotonic_decreasing
    whole = {frozenset(piece) for piece in pieces(town, set(cells.index))}
    for part in range(count):
        members = set(split.parts.index[split.parts == part])
        own = pieces(town, members)
        assert own
        assert len(with_homes(town, own)) <= 1
        # What hangs loose without homes was loose before.
        assert sum(frozenset(piece) not in whole for piece in own) <= 1


@SLOW
@given(town=towns(), ends=st.tuples(*[st.floats(-0.2, 1.2)] * 6), shuffle=st.integers(0, 9))
def test_a_line_parts_a_grid_in_two_or_says_why_not(town: Town, ends: tuple[float, ...], shuffle: int) -> None:
    cells, borders = town
    west, south, east, north = cells.total_bounds
    points = [
        (west + x * (east - west), south + y * (north - south)) for x, y in zip(ends[::2], ends[1::2], strict=True)
    ]
    line = shapely.LineString(points)
    try:
        split = split_by_line(cells, borders, cells.index, line)
    except NotPartedError:
        return
    except BadLineError:
        assert line.length == 0
        return
    except GridInPiecesError:
        assert len(with_homes(town, pieces(town, set(cells.index)))) > 1
        return
    check_split(town, split, 2)
    mixed = cells.sample(frac=1, random_state=shuffle), borders.sample(frac=1, random_state=shuffle)
    again = split_by_line(*mixed, mixed[0].index, line)
    pd.testing.assert_series_equal(again.parts, split.parts)
    assert again.moved.equals(split.moved)


@SLOW
@given(town=towns(), count=st.integers(2, 5), seed=st.integers(0, 3))
def test_parts_are_as_many_as_asked_or_cannot_be(town: Town, count: int, seed: int) -> None:
    cells, borders = town
    apart = pieces(town, set(cells.index))
    homes = int((cells["households"] > 0).sum())
    able = homes or int((cells["kind"] != "water").sum())
    try:
        split = split_in_parts(cells, borders, cells.index, count, seed=seed)
    except InputError:
        assert able < count or len(with_homes(town, apart) if homes else apart) > count
        return
    check_split(town, split, count)
    mixed = cells.iloc[::-1], borders.iloc[::-1]
    pd.testing.assert_series_equal(split_in_parts(*mixed, cells.index, count, seed=seed).parts, split.parts)


@SLOW
@given(town=towns(columns=3, rows=3, closed=(0,)))
def test_two_parts_of_a_small_grid_are_the_most_equal_there_are(town: Town) -> None:
    cells, borders = town
    ids = set(cells.index[cells["kind"] != "water"])
    if len(pieces(town, ids)) != 1 or (cells["households"] > 0).sum() < 2:
        return
    total, best = int(cells["households"].sum()), 10**9
    for size in range(1, len(ids)):
        for half in map(set, combinations(sorted(ids), size)):
            if len(pieces(town, half)) == len(pieces(town, ids - half)) == 1:
                best = min(best, abs(total - 2 * int(cells.loc[sorted(half), "households"].sum())))
    split = split_in_parts(cells, borders, cells.index, 2)
    held = cells["households"].groupby(split.parts).sum()
    assert held[0] - held[1] == best


def plain_fixes(town: Town, labels: pd.Series, grid: int, band: tuple[int, int], most: int) -> list[tuple[Any, ...]]:
    """Return all answers of `fix`, the best first, by trying every set: (cells, balance, border in m, moves)."""
    cells, borders = town
    lo, hi = band
    held = cells["households"].groupby(labels).sum()
    before = {g: len(pieces(town, set(labels.index[labels == g]))) for g in held.index}

    def missed(mass: int) -> int:
        return max(0, lo - mass, mass - hi)

    inward = held[grid] < lo
    foot = borders[borders["is_walkable"]]
    pairs = set(zip(labels[foot["cell_a"]], labels[foot["cell_b"]], strict=True))
    near = sorted({a for a, b in pairs if b == grid} | {b for a, b in pairs if a == grid} - {grid}) if pairs else []
    near = [g for g in near if g != grid]
    land = cells.index[cells["kind"] != "water"]
    givers = [c for c in land if (labels[c] in near if inward else labels[c] == grid)]
    places = list(product(givers, [grid] if inward else near))
    length = borders["length_m"].to_numpy()
    answers: list[tuple[Any, ...]] = []
    for size in range(1, most + OPEN_MAX + 1):
        for chosen in combinations(places, size):
            ids = [cell for cell, _ in chosen]
            bare = int((cells.loc[ids, "households"] == 0).sum())
            if len(set(ids)) < size or size - bare > most or bare > OPEN_MAX:
                continue
            now = labels.copy()
            now[ids] = [to for _, to in chosen]
            after = cells["households"].groupby(now).sum().reindex(held.index, fill_value=0)
            touched = sorted({*labels[ids], *now[ids]})
            if missed(after[grid]) or any(missed(after[g]) > missed(held[g]) for g in touched if g != grid):
                continue
            parts = {g: pieces(town, set(now.index[now == g])) for g in touched}
            if any(not 1 <= len(parts[g]) <= before[g] for g in touched):
                continue
            # What comes must touch what was there, even where that was in pieces.
            if any((labels[sorted(piece)] != g).all() for g in touched for piece in parts[g]):
                continue
            new = frozenset(chosen)
            if any(
                old < new and {c for c, _ in new - old} <= set(cells.index[cells["households"] == 0])
                for *_, old in answers
            ):
                continue
            balance = int((2 * after - lo - hi).abs().sum())
            cut = length[(now[borders["cell_a"]].to_numpy() != now[borders["cell_b"]].to_numpy())].sum()
            answers.append((size, balance, round(float(cut), 3), new))
        if len(answers) >= 3:
            break
    return sorted(answers, key=lambda answer: (answer[0], answer[1], answer[2], sorted(answer[3])))


@SLOW
@given(
    town=towns(columns=4, rows=3, closed=(0, 0.15)), seed=st.integers(0, 10**6), moves_max=st.integers(1, 2),
    band=st.sampled_from([(10, 20), (20, 40), (30, 60)]),
)  # fmt: skip
def test_fix_finds_what_trying_everything_finds(town: Town, seed: int, moves_max: int, band: tuple[int, int]) -> None:
    cells, borders = town
    draws = np.random.default_rng(seed)
    labels = pd.Series(draws.integers(0, 3, len(cells)) if seed % 3 == 0 else np.sort(draws.integers(0, 3, len(cells))))
    labels.index = cells.index
    grid = int(labels.iloc[0])
    found = fix(cells, borders, labels, grid, band=band, moves_max=moves_max)
    held = int(cells["households"][labels == grid].sum())
    if band[0] <= held <= band[1]:
        assert found.state == "in_band"
        return
    assert found.is_exhaustive
    expected = plain_fixes(town, labels, grid, band, moves_max)[:3]
    assert [frozenset((m.cell_id, m.to_grid) for m in answer.moves) for answer in found.answers] == [
        moves for *_, moves in expected
    ]
    start = borders["length_m"][labels[borders["cell_a"]].to_numpy() != labels[borders["cell_b"]].to_numpy()].sum()
    for answer, (_, _, cut, _) in zip(found.answers, expected, strict=True):
        now = labels.copy()
        for move in answer.moves:
            assert now[move.cell_id] == move.from_grid
            now[move.cell_id] = move.to_grid
        for name, mass in answer.households.items():
            assert int(cells["households"][now == name].sum()) == mass
        assert abs(answer.border_m - (cut - start)) < 1e-6
    mixed = cells.sample(frac=1, random_state=1), borders.sample(frac=1, random_state=2)
    assert fix(*mixed, labels.iloc[::-1], grid, band=band, moves_max=moves_max) == found


@SLOW
@given(town=towns(columns=9, rows=9, closed=(0,)), seed=st.integers(0, 10**6), ring=st.integers(0, 2))
def test_rebalance_touches_only_the_ring_and_makes_nothing_worse(town: Town, seed: int, ring: int) -> None:
    cells, borders = town
    plan = propose_grids(cells, borders, band=(60, 120), seed=seed % 5)
    draws = np.random.default_rng(seed)
    grown = cells.assign(households=cells["households"] + draws.integers(0, 20, len(cells)) * (cells["households"] > 0))
    labels = plan.assignment
    grid = int(draws.choice(labels.unique()))
    found = rebalance(grown, borders, labels, [grid], band=(60, 120), ring=ring, seed=seed % 3)
    assert grid in set(labels[found.assignment.index])
    assert set(labels.index[labels.isin(labels[found.assignment.index])]) == set(found.assignment.index)
    assert found.grids["households_after"].sum() == found.grids["households_before"].sum()
    inside = borders["cell_a"].isin(found.assignment.index) & borders["cell_b"].isin(found.assignment.index)
    here = grown.loc[found.assignment.index]
    broken = verify_plan(here, borders[inside], found.assignment, band=(60, 120), exceptions=found.exceptions)
    assert [violation.text("en") for violation in broken if violation.rule != "band"] == []
    assert found.is_in_band == found.grids.loc[found.assignment.unique(), "is_in_band_after"].all()


@SLOW
@given(town=towns(), seed=st.integers(0, 10**6))
def test_problems_are_those_that_counting_finds(town: Town, seed: int) -> None:
    cells, borders = town
    labels = pd.Series(np.random.default_rng(seed).integers(0, 4, len(cells)), index=cells.index)
    problems = next_problems(cells, borders, labels, band=(20, 40), vacant=[1])
    for grid in labels.unique():
        held = int(cells["households"][labels == grid].sum())
        apart = len(pieces(town, set(labels.index[labels == grid])))
        bad = not 20 <= held <= 40 or apart > 1 or grid == 1
        assert (grid in problems.index) == bad
        if bad:
            assert problems.at[grid, "pieces"] == apart
            assert problems.at[grid, "outside"] == (held - 40 if held > 40 else min(0, held - 20))
