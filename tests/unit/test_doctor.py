"""Doctor: a right plan has no finding; each fault that is put in on purpose is found, sized, placed and mended."""

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.cover import dissolve
from geo.doctor import ERRORS, UNITS, WARNINGS, PlanGround, plan_findings
from geo.errors import MissingColumnsError
from tests.fixtures.lattice import AREA, SIDE_M, lattice

BAND = (20, 60)
# Two grids of 3 x 3: W in the west, E in the east, 5 households a cell.
COUNTS = [[5] * 6] * 3


def ground(**how: object) -> PlanGround:
    """A right plan of the two grids; `how` goes to the lattice."""
    cells, borders = lattice(COUNTS, **how)  # type: ignore[arg-type]  # passed through as it is
    cells["building_id"] = pd.array(cells.index + 100, dtype="Int64")
    column = (cells.index - 1) % 6
    grid_of = pd.Series(["E" if at > 2 else "W" for at in column], index=cells.index, name="grid")
    return PlanGround(
        areas=gpd.GeoDataFrame(geometry=[cells.union_all()], index=pd.Index([AREA], name="area_code"), crs=4326),
        cells=cells, borders=borders, grid_of=grid_of, grids=stored(cells, grid_of), buildings=houses(cells),
    )  # fmt: skip


def stored(cells: gpd.GeoDataFrame, grid_of: pd.Series) -> gpd.GeoDataFrame:
    return dissolve(cells, grid_of).drop(columns="cells").assign(kind="general", is_locked=False, exception=None)


def houses(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One small house in the middle of each cell, with the cell's households."""
    frame = cells.set_index("building_id")[["area_code", "households", "geometry"]].rename_axis("building_id")
    middles = shapely.buffer(shapely.centroid(frame.geometry.to_numpy()), 3e-5)
    return gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=middles, crs=4326)


def drawn(plan: PlanGround, grid_of: pd.Series) -> PlanGround:
    return replace(plan, grid_of=grid_of, grids=stored(plan.cells, grid_of))


def kinds(found: gpd.GeoDataFrame) -> list[str]:
    return list(found["kind"])


def test_a_right_plan_has_no_finding() -> None:
    found = plan_findings(ground(), band=BAND)
    assert found.empty
    assert found.crs == "EPSG:4326"
    assert set(UNITS) == {*ERRORS, *WARNINGS}


def test_a_gap_and_an_overlap_are_found_with_place_and_size() -> None:
    plan = ground()
    shapes = plan.grids.geometry.to_list()
    corner = plan.cells.geometry[1]
    bare = replace(plan, grids=plan.grids.set_geometry([shapes[0], shapes[1].difference(corner)]))
    found = plan_findings(bare, band=BAND)
    assert kinds(found) == ["gap", "building_in_none"]
    assert found["size"][0] == pytest.approx(SIDE_M**2, rel=1e-3)
    assert found.geometry[0].equals_exact(corner, 1e-9) or found.geometry[0].symmetric_difference(corner).area < 1e-12
    assert found["building_id"].tolist() == [None, 101]
    twice = replace(plan, grids=plan.grids.set_geometry([shapes[0].union(plan.cells.geometry[3]), shapes[1]]))
    found = plan_findings(twice, band=BAND)
    assert kinds(found) == ["overlap", "building_in_two"]
    assert found[["grid", "other"]].to_numpy().tolist() == [["E", "W"], ["E", "W"]]
    assert found["is_error"].all()


def test_ground_outside_the_community_is_found() -> None:
    plan = ground()
    smaller = plan.areas.set_geometry([plan.areas.geometry.iloc[0].difference(plan.cells.geometry[1])])
    found = plan_findings(replace(plan, areas=smaller), band=BAND)
    assert kinds(found) == ["outside"]
    assert found["grid"].tolist() == ["W"]


def test_a_piece_apart_may_go_to_the_grid_around_it() -> None:
    plan = ground()
    grid_of = plan.grid_of.copy()
    grid_of[6] = "W"  # the north-eastern corner, in the midst of E
    found = plan_findings(drawn(plan, grid_of), band=BAND)
    assert kinds(found) == ["pieces"]
    (piece,) = found.to_dict("records")
    assert (piece["grid"], piece["other"], piece["cells"], piece["size"]) == ("W", "E", (6,), 5.0)
    mended = drawn(plan, grid_of.where(~grid_of.index.isin(piece["cells"]), piece["other"]))
    assert plan_findings(mended, band=BAND).empty


@pytest.mark.parametrize(
    ("how", "barrier"),
    [
        ({"is_wall": lambda a, b: {a[1], b[1]} == {0, 1} and a[0] < 3}, "wall"),
        ({"water": [(0, 1), (1, 1), (2, 1)]}, "water"),
    ],
)
def test_a_grid_cut_by_a_wall_or_a_river_is_found(how: dict[str, object], barrier: str) -> None:
    """Its parts touch, and nobody can walk from one to the other inside it."""
    found = plan_findings(ground(**how), band=BAND)
    cut = found[found["kind"] == "cut"].to_dict("records")
    assert [(one["grid"], one["other"], one["barrier"]) for one in cut] == [("W", "E", barrier)]
    assert cut[0]["size"] == 15.0
    assert len(cut[0]["cells"]) == 3


def test_a_locked_neighbour_takes_nothing_and_a_certificate_excuses() -> None:
    plan = ground()
    grid_of = plan.grid_of.copy()
    grid_of[6] = "W"
    plan = drawn(plan, grid_of)
    locked = replace(plan, grids=plan.grids.assign(is_locked=[True, False]))
    assert plan_findings(locked, band=BAND)["other"].tolist() == [None]
    excused = replace(plan, grids=plan.grids.assign(exception=[None, "disconnected"]))
    assert plan_findings(excused, band=BAND)["is_error"].tolist() == [False]


def test_an_island_too_small_for_a_grid_may_stay_and_a_larger_one_may_not() -> None:
    """The north, all of it W, behind a wall: nobody walks from it to any other grid of the community."""
    plan = ground(is_wall=lambda a, b: {a[1], b[1]} == {0, 1})
    column = (plan.grid_of.index - 1) % 6
    plan = drawn(plan, plan.grid_of.where((plan.grid_of.index > 6) & (column != 3), "W"))
    for band, is_error in (((31, 60), False), ((30, 60), True)):  # six cells of 5 households
        found = plan_findings(plan, band=band)
        (island,) = found[found["kind"] == "cut"].to_dict("records")
        assert (island["size"], island["other"], island["is_error"]) == (30.0, None, is_error)


def test_counts_are_held_against_cells_register_and_band() -> None:
    plan = ground()
    wrong = replace(plan, grids=plan.grids.assign(households=[45, 44]))
    found = plan_findings(wrong, band=BAND)
    assert found[["kind", "grid", "size", "is_error"]].to_numpy().tolist() == [["sums", "W", 1.0, True]]
    register = plan.buildings["households"].copy()
    register[101] += 7  # of W
    register[106] -= 2  # of E
    found = plan_findings(replace(plan, buildings=plan.buildings.assign(households=register)), band=BAND)
    told = found[["kind", "grid", "size", "is_error"]].to_numpy().tolist()
    assert told == [["register", "W", 7.0, False], ["register", "E", -2.0, False]]
    for band, kind, size in (((50, 60), "below", -5.0), ((10, 40), "above", 5.0)):
        found = plan_findings(plan, band=band)
        assert found[["kind", "size"]].to_numpy().tolist() == [[kind, size]] * 2
    exempt = replace(plan, grids=plan.grids.assign(kind="dedicated"))
    assert plan_findings(exempt, band=(50, 60)).empty


def test_vacant_grids_are_told_and_stop_nothing() -> None:
    found = plan_findings(replace(ground(), vacant=["W", "elsewhere"]), band=BAND)
    assert found[["kind", "grid", "size", "is_error"]].to_numpy().tolist() == [["vacant", "W", 45.0, False]]


def test_rows_in_another_order_change_nothing() -> None:
    plan = ground(water=[(0, 1), (1, 1), (2, 1)])
    grid_of = plan.grid_of.copy()
    grid_of[6] = "W"
    plan = replace(drawn(plan, grid_of), vacant=["E"])
    turned = replace(
        plan, cells=plan.cells.iloc[::-1], borders=plan.borders.iloc[::-1], grid_of=plan.grid_of.iloc[::-1],
        grids=plan.grids.iloc[::-1], buildings=plan.buildings.iloc[::-1],
    )  # fmt: skip
    one, other = (plan_findings(each, band=BAND) for each in (plan, turned))
    columns = ["kind", "is_error", "grid", "other", "building_id", "size", "barrier"]
    assert one[columns].astype(str).equals(other[columns].astype(str))
    assert [sorted(cells) for cells in one["cells"]] == [sorted(cells) for cells in other["cells"]]
    assert shapely.equals(one.geometry.normalize().to_numpy(), other.geometry.normalize().to_numpy()).all()


def test_what_is_missing_is_said() -> None:
    plan = ground()
    with pytest.raises(MissingColumnsError, match="is_locked"):
        plan_findings(replace(plan, grids=plan.grids.drop(columns="is_locked")), band=BAND)
