"""Plans of small towns whose right answer one can see."""

import numpy as np
import pandas as pd
import pytest

from geo.errors import InputError, MissingColumnsError, WrongCrsError
from geo.partition import GridProposal, propose_grids
from geo.partition.attachment import attached
from geo.partition.bands import BadBandError, Band, best_count, divides
from geo.partition.graph import Edges, Nodes, graph_from_edges
from geo.partition.ground import BadHouseholdsError, UnknownCellError
from geo.verify import verify_plan
from tests.fixtures.lattice import lattice, linked, passage, together

Frames = tuple[pd.DataFrame, pd.DataFrame]


def proposed(town: Frames, *, band: tuple[int, int] = (300, 500), **wishes: object) -> GridProposal:
    """Propose, and let the verifier agree before anything else is looked at."""
    cells, borders = town
    plan = propose_grids(cells, borders, band=band, **wishes)
    broken = verify_plan(
        cells,
        borders,
        plan.assignment,
        band=band,
        dedicated=plan.dedicated,
        exceptions=plan.exceptions,
        grids=plan.grids,
    )
    assert [violation.text("en") for violation in broken] == []
    return plan


def certificates(plan: GridProposal) -> list[str]:
    return sorted(plan.exceptions["certificate"])


def mosaic(columns: int, rows: int, low: int, high: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high + 1, (rows, columns))


@pytest.mark.parametrize(
    ("mass", "band", "shares"),
    [
        (300, (300, 500), True), (500, (300, 500), True), (299, (300, 500), False), (501, (300, 500), False),
        (599, (300, 500), False), (600, (300, 500), True), (1001, (300, 500), True), (0, (300, 500), False),
        (1051, (300, 350), False), (1199, (300, 350), False), (1200, (300, 350), True), (800, (400, 400), True),
    ],
)  # fmt: skip
def test_which_masses_whole_grids_can_share(mass: int, band: tuple[int, int], shares: bool) -> None:
    assert divides(mass, 0, Band(*band)) is shares


@pytest.mark.parametrize(("mass", "count"), [(620, 2), (550, 1), (560, 2), (100, 1), (0, 1), (4000, 10), (501, 1)])
def test_how_many_grids_a_mass_makes(mass: int, count: int) -> None:
    # 550 is 50 above one grid and 50 below two: the fewer; 560 is 60 above one and 40 below two.
    assert best_count(mass, 0, Band(300, 500)) == count


def test_620_households_make_two_grids_of_310() -> None:
    plan = proposed(lattice([[155, 155, 155, 155]]))
    assert plan.grids["households"].tolist() == [310, 310]
    assert plan.assignment.tolist() == [0, 0, 1, 1]
    assert plan.exceptions.empty


def test_550_households_stay_one_grid_with_a_certificate() -> None:
    plan = proposed(lattice([[110] * 5]))
    assert plan.grids["households"].tolist() == [550]
    assert certificates(plan) == ["piece_outside_band"]
    assert plan.exceptions.loc[0, "detail"]["households"] == 550


def test_both_bounds_are_allowed() -> None:
    assert proposed(lattice([[300, 500]])).exceptions.empty


def test_the_only_division_is_found() -> None:
    # 250 | 60 400 does not do: only (250, 60) and (400) are both in band, whatever the shapes.
    plan = proposed(lattice([[250, 60, 400]]))
    assert plan.grids["households"].tolist() == [310, 400]


def test_a_cell_above_the_band_is_a_grid_of_its_own() -> None:
    plan = proposed(lattice([[100, 100, 100], [100, 900, 100], [100, 100, 100]]))
    tower = plan.assignment.loc[5]
    assert plan.grids.loc[tower, "households"] == 900
    assert plan.assignment.value_counts()[tower] == 1
    assert certificates(plan) == ["cell_above_band"]


def test_scraps_beside_a_tower_come_with_it() -> None:
    # 20 households (under half of 300) that only the tower connects, and an empty yard.
    plan = proposed(lattice([[20, 900, 0], [0, 0, 0]], is_wall=lambda a, b: a[1] != b[1] and a[0] != 1))
    assert plan.grids["households"].tolist() == [920]
    assert certificates(plan) == ["cell_above_band"]


def test_a_cell_that_fits_nowhere_has_a_certificate() -> None:
    # 5 x 170 would share into two grids by sum, but 340 | 510 and 170 | 680 are the only cuts of a row.
    plan = proposed(lattice([[170] * 5]))
    assert len(plan.grids) == 2
    assert certificates(plan) == ["cells_without_grids"]


def test_ground_that_a_street_of_one_cell_held_together_is_proved_piece_by_piece() -> None:
    # 520 hang on the first cell, which 590 in small cells touch; and again: without it, 520 hang on the fourth.
    small = lattice(
        [[260] + [3] * 59, [0] + [4] * 59, [260] + [3] * 59], is_wall=lambda a, b: (a[0], b[0]) == (0, 1) and a[1] != 1
    )
    plan = proposed(small)
    assert "unresolved" not in certificates(plan)
    ways = [(1, 2), (1, 3), (1, 5), (1, 6), (4, 5), (4, 6), (4, 7), *((cell, cell + 1) for cell in range(7, 86))]
    plan = proposed(linked([0, 260, 260, 0, 260, 260] + [5] * 80, ways))
    assert set(certificates(plan)) == {"cells_without_grids"}
    assert plan.grids["households"].between(300, 500).sum() == 1


def test_a_cell_that_no_grid_can_hold_leaves_room_to_the_others() -> None:
    households = [294, 296, 232, 0, 0, 0, 166, 166, 100, 340]
    ways = [(1, 2), (1, 3), (2, 3), (2, 4), (3, 4), (3, 5), (4, 5), (4, 6), (5, 7), (5, 8), (6, 9), (9, 10)]
    plan = proposed(linked(households, ways))
    assert set(certificates(plan)) == {"cells_without_grids"}


def test_a_river_divides_and_its_cells_join_a_bank() -> None:
    water = {(2, row) for row in range(4)}
    households = [[80, 80, 0, 90, 90]] * 4
    plan = proposed(lattice(households, water=water))
    labels = plan.assignment.to_numpy().reshape(4, 5)
    assert set(labels[:, :2].ravel()).isdisjoint(labels[:, 3:].ravel())
    assert plan.exceptions.loc[plan.exceptions["rule"] == "contiguity"].empty
    assert set(labels[:, 2]) <= set(labels[:, [1, 3]].ravel())


def test_a_bridge_joins_two_banks() -> None:
    cells, borders = lattice([[200, 0, 200]], water={(1, 0)})
    assert certificates(proposed((cells, borders))) == ["piece_outside_band"] * 2
    plan = proposed((cells, passage(borders, 1, 3)))
    assert plan.grids["households"].tolist() == [400]


def test_open_ground_joins_a_grid_on_foot_rather_than_along_a_longer_wall() -> None:
    # Node 1 has a wall of 60 m to grid 0 and a way of 30 m to grid 1; node 3 has only a wall, to grid 1.
    edges = Edges(
        np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([False, True, False]), *[np.array([60.0, 30, 10])] * 2
    )
    graph = graph_from_edges(edges, Nodes(np.zeros(4, dtype=np.int64), np.arange(4.0), np.zeros(4), np.ones(4)))
    assert attached(graph, np.array([0, -1, 1, -1]), np.array([-1, 0, -1, 1])).tolist() == [0, 1, 1, 1]


def test_chains_of_water_fill_from_their_banks() -> None:
    plan = proposed(lattice([[400, 0, 0, 0, 0]], water={(1, 0), (2, 0), (3, 0), (4, 0)}))
    assert plan.assignment.tolist() == [0, 0, 0, 0, 0]
    assert plan.exceptions.empty


def test_an_island_without_households_is_attached_and_said() -> None:
    water = {(1, 0), (1, 1), (0, 1), (2, 1)}
    plan = proposed(lattice([[0, 0, 400], [0, 0, 0], [300, 0, 0]], water=water, is_wall=lambda a, b: a[1] != b[1]))
    assert plan.exceptions["rule"].tolist() == ["contiguity"]
    assert certificates(plan) == ["unpeopled_piece"]


def test_ground_that_touches_nothing_joins_the_nearest_grid() -> None:
    far = lattice([[0]], first_id=100, west=50)
    plan = proposed(together(lattice([[400, 400]]), far))
    assert plan.assignment.loc[100] == plan.assignment.loc[2]
    assert certificates(plan) == ["unpeopled_piece"]


@pytest.mark.parametrize("water", [set(), {(0, 0), (1, 0)}])
def test_a_community_without_households_is_one_grid(water: set[tuple[int, int]]) -> None:
    plan = proposed(lattice([[0, 0]], water=water))
    assert plan.assignment.tolist() == [0, 0]
    assert certificates(plan) == ["piece_outside_band"]


def test_a_walled_compound_without_gate_is_its_own_piece() -> None:
    inside = {(1, 1), (2, 1)}
    households = [[100, 100, 100, 100], [100, 60, 60, 100], [100, 100, 100, 100]]
    plan = proposed(lattice(households, is_wall=lambda a, b: (a in inside) != (b in inside)))
    walled = plan.assignment.loc[[6, 7]]
    assert walled.nunique() == 1
    assert plan.grids.loc[walled.iloc[0], "households"] == 120
    assert certificates(plan) == ["piece_outside_band"]


def test_compounds_that_fit_stay_whole() -> None:
    # Nine compounds of 4 x 4 cells with 400 households each, on ground with nothing else to follow.
    compounds = {(x, y): x // 4 + 3 * (y // 4) for x in range(12) for y in range(12)}
    cells, borders = lattice([[25] * 12] * 12, compounds=compounds)
    plan = proposed((cells, borders))
    assert plan.assignment.groupby(cells["compound_id"]).nunique().eq(1).all()
    assert plan.grids["households"].eq(400).all()


def test_a_compound_is_broken_only_where_it_must_be() -> None:
    # Three compounds of 220 in a row: no two fit together, none is enough alone; cells of 55 do.
    compounds = {(x, 0): x // 4 for x in range(12)}
    plan = proposed(lattice([[55] * 12], compounds=compounds))
    assert plan.exceptions.empty
    assert sorted(plan.grids["households"]) == [330, 330]


def test_borders_follow_the_road() -> None:
    # A road after the 4th of 10 columns: 8 rows x 4 x 10 = 320 | 480 households, both in band.
    def kind(a: tuple[int, int], b: tuple[int, int]) -> str:
        return "road" if {a[0], b[0]} == {3, 4} else "none"

    plan = proposed(lattice([[10] * 10] * 8, kind_of=kind))
    assert plan.grids["households"].tolist() == [320, 480]


def test_communities_are_independent_and_numbered_in_turn() -> None:
    west, east = mosaic(8, 8, 1, 60, seed=1), mosaic(9, 7, 1, 90, seed=2)
    one = lattice(west, area_code="520103001001")
    other = lattice(east, area_code="520103001002", first_id=500, west=8)
    alone, both = proposed(other), proposed(together(other, one))
    offset = int((both.grids["area_code"] == "520103001001").sum())
    assert both.grids["area_code"].is_monotonic_increasing
    assert both.grids.index.tolist() == list(range(len(both.grids)))
    pd.testing.assert_series_equal(both.assignment.loc[alone.assignment.index] - offset, alone.assignment)


def test_grids_are_numbered_as_a_page_is_read() -> None:
    compounds = {(x, y): x // 2 + 2 * (y // 2) for x in range(4) for y in range(4)}
    plan = proposed(lattice([[100] * 4] * 4, compounds=compounds))
    assert plan.assignment.to_numpy().reshape(4, 4)[::2, ::2].tolist() == [[0, 1], [2, 3]]


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    cells, borders = together(lattice([[400]]), lattice([[400]], area_code="520103001002", first_id=9, west=3))
    propose_grids(cells, borders, progress=lambda done, whole: told.append((done, whole)))
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize("band", [(0, 500), (500, 300), (300.5, 500)])
def test_a_band_that_is_none_is_refused(band: tuple[int, int]) -> None:
    with pytest.raises(BadBandError, match="band"):
        propose_grids(*lattice([[400]]), band=band)


def test_frames_that_cannot_be_divided_are_refused() -> None:
    cells, borders = lattice([[400, 10]])
    with pytest.raises(BadHouseholdsError, match="negative"):
        propose_grids(cells.assign(households=[-1, 10]), borders)
    with pytest.raises(BadHouseholdsError, match="missing"):
        propose_grids(cells.assign(households=[np.nan, 10.0]), borders)
    with pytest.raises(BadHouseholdsError, match="on water"):
        propose_grids(cells.assign(kind="water"), borders)
    with pytest.raises(UnknownCellError, match="99"):
        propose_grids(cells, borders.assign(cell_b=99))
    with pytest.raises(MissingColumnsError, match="people"):
        propose_grids(cells.drop(columns="people"), borders)
    with pytest.raises(WrongCrsError):
        propose_grids(cells.to_crs(3857), borders)
    with pytest.raises(InputError):
        propose_grids(cells.iloc[:0], borders.iloc[:0])


def test_what_is_handed_in_stays_as_it_was() -> None:
    cells, borders = lattice(mosaic(6, 6, 1, 100))
    before, before_borders = cells.copy(), borders.copy()
    propose_grids(cells, borders)
    pd.testing.assert_frame_equal(pd.DataFrame(cells), pd.DataFrame(before))
    pd.testing.assert_frame_equal(borders, before_borders)
