"""Cover: dissolved grids are exact, and the doctor finds every fault that is put in on purpose."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from geo.cells import cells_from_ground
from geo.cover import BadAssignmentError, LabelAcrossAreasError, cover_findings, dissolve, shapes_of_units
from geo.errors import DuplicateIdError, MissingColumnsError, MissingCrsError
from tests.fixtures.drawn import CODE, Drawn, degrees, draw, frame, metres

DRAWING = """
    .AA..+..BB..CC.
    .AA..+..BB..CC.
    +++++++++++++++
    .DD..+..EE.....
    .DD..+..EE.....
"""
ONE, TWO = CODE.format(1), CODE.format(2)


@pytest.fixture(scope="module")
def town() -> Drawn:
    return draw(DRAWING, split_at=[10])


@pytest.fixture(scope="module")
def cells(town: Drawn) -> gpd.GeoDataFrame:
    return cells_from_ground(*town.ground)


@pytest.fixture
def grids(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Two grids in the first community (west and east of the road), one in the second."""
    west = metres(cells).centroid.x < 55
    return dissolve(cells, pd.Series(np.where(cells["area_code"] == TWO, 2, np.where(west, 0, 1)), index=cells.index))


def test_grids_have_the_ground_the_vertices_and_the_sums_of_their_cells(
    cells: gpd.GeoDataFrame, grids: gpd.GeoDataFrame
) -> None:
    assert grids.index.tolist() == [0, 1, 2]
    assert grids.index.name == "grid"
    assert grids["area_code"].tolist() == [ONE, ONE, TWO]
    assert set(grids.geom_type) == {"MultiPolygon"}
    assert grids[["households", "people", "cells"]].sum().tolist() == [50, 150, len(cells)]
    assert metres(grids).area.sum() == pytest.approx(150 * 50, rel=1e-6)
    made = set(map(tuple, shapely.get_coordinates(grids.geometry.to_numpy())))
    assert made <= set(map(tuple, shapely.get_coordinates(cells.geometry.to_numpy())))
    assert shapely.coverage_is_valid(grids.geometry.to_numpy())


def test_a_grid_in_two_places_keeps_both(cells: gpd.GeoDataFrame) -> None:
    mine = cells[cells["area_code"] == ONE]
    far = mine.index[[0, -1]]
    grids = dissolve(mine, pd.Series(mine.index.isin(far).astype(int), index=mine.index))
    assert shapely.get_num_geometries(grids.geometry[1]) == 2


def test_labels_may_be_words_and_cells_left_out(cells: gpd.GeoDataFrame) -> None:
    some = pd.Series({cells.index[1]: "b", cells.index[0]: "a"})
    grids = dissolve(cells, some)
    assert grids.index.tolist() == ["a", "b"]
    assert grids.geometry["a"].equals(cells.geometry.iloc[0])


def test_the_order_of_cells_does_not_matter(cells: gpd.GeoDataFrame) -> None:
    label = pd.Series(np.where(cells["area_code"] == ONE, 1, 2), index=cells.index)
    one, other = (
        dissolve(cells, label),
        dissolve(cells.sample(frac=1, random_state=5), label.sample(frac=1, random_state=6)),
    )
    pd.testing.assert_frame_equal(
        pd.DataFrame(one.drop(columns="geometry")), pd.DataFrame(other.drop(columns="geometry"))
    )
    assert one.geometry.geom_equals(other.geometry).all()


def test_cells_that_are_no_cover_are_joined_by_overlay() -> None:
    shapes = [shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2)]
    cells = frame("cell_id", shapes, area_code=ONE, households=1, people=2)
    grids = dissolve(cells, pd.Series(0, index=cells.index))
    assert grids.is_valid.all()
    assert metres(grids).area[0] == pytest.approx(600, rel=1e-6)


def test_no_assignment_gives_no_grids(cells: gpd.GeoDataFrame) -> None:
    assert len(dissolve(cells, pd.Series(dtype="int64"))) == 0


def test_refusals_of_dissolve(cells: gpd.GeoDataFrame) -> None:
    label = pd.Series(0, index=cells.index)
    with pytest.raises(LabelAcrossAreasError, match="0"):
        dissolve(cells, label)
    with pytest.raises(BadAssignmentError, match="no such cell"):
        dissolve(cells, pd.Series({999: 1}))
    with pytest.raises(BadAssignmentError, match="no grid"):
        dissolve(cells, label.astype("float").where(label.index != 3))
    with pytest.raises(BadAssignmentError, match="twice"):
        dissolve(cells, pd.concat([label.iloc[:1], label.iloc[:1]]))
    with pytest.raises(MissingColumnsError):
        dissolve(cells.drop(columns="people"), label)


def test_units_have_their_cells_and_may_lie_above_one_another(cells: gpd.GeoDataFrame) -> None:
    rows = pd.DataFrame({"unit": [7, 7, 3, 3], "cell_id": [1, 2, 2, 2], "households": 5})
    shapes = shapes_of_units(cells, rows)
    assert shapes.index.tolist() == [3, 7]
    assert shapes[3].equals(cells.geometry[2])
    assert shapes[7].equals(shapely.union_all(cells.geometry[[1, 2]].to_numpy()))
    with pytest.raises(BadAssignmentError, match="999"):
        shapes_of_units(cells, rows.assign(cell_id=999))


def test_a_whole_cover_has_no_findings(town: Drawn, grids: gpd.GeoDataFrame) -> None:
    findings = cover_findings(town.areas, grids, town.buildings)
    assert findings.empty
    assert findings.attrs["tolerance_m2"] == 0.01
    assert findings.crs == "EPSG:4326"


def changed(grids: gpd.GeoDataFrame, grid: int, shape: shapely.Geometry) -> gpd.GeoDataFrame:
    """Grids with the ground of one replaced, given in squares of the drawing."""
    out = grids.copy()
    out.loc[grid, "geometry"] = degrees([shape]).iloc[0]
    return out


def squares(grids: gpd.GeoDataFrame, grid: int) -> shapely.Geometry:
    return shapely.transform(metres(grids)[grid], lambda xy: xy / 10)


def test_a_missing_grid_is_a_gap_and_leaves_its_buildings_without(town: Drawn, grids: gpd.GeoDataFrame) -> None:
    findings = cover_findings(town.areas, grids.drop(index=2), town.buildings)
    assert findings["finding"].tolist() == ["gap", "building_in_none"]
    assert findings.loc[0, "area_m2"] == pytest.approx(50 * 50, rel=1e-4)
    assert findings.loc[0, "area_code"] == TWO
    assert findings.loc[1, "building_id"] == 3


def test_a_hole_of_a_square_metre_is_a_gap(town: Drawn, grids: gpd.GeoDataFrame) -> None:
    hole = squares(grids, 0).difference(shapely.box(0.5, 0.5, 0.6, 0.6))
    findings = cover_findings(town.areas, changed(grids, 0, hole), town.buildings)
    assert findings["finding"].tolist() == ["gap"]
    assert findings["area_m2"].tolist() == pytest.approx([1], abs=0.01)
    assert metres(findings).iloc[0].centroid.distance(shapely.Point(5.5, 5.5)) < 0.01


def test_an_overlap_names_both_grids(town: Drawn, grids: gpd.GeoDataFrame) -> None:
    wide = squares(grids, 0).union(shapely.box(5, 1, 6.5, 2))
    findings = cover_findings(town.areas, changed(grids, 0, wide), town.buildings)
    assert findings["finding"].tolist() == ["overlap"]
    assert findings.loc[0, ["grid", "other"]].tolist() == [0, 1]
    assert findings.loc[0, "area_m2"] == pytest.approx(100, rel=0.01)


def test_a_thin_gap_and_a_thin_overlap_are_slivers(town: Drawn, grids: gpd.GeoDataFrame) -> None:
    short = squares(grids, 0).difference(shapely.box(5.48, -1, 9, 9))
    assert cover_findings(town.areas, changed(grids, 0, short), town.buildings)["finding"].unique().tolist() == [
        "sliver_gap"
    ]
    long = squares(grids, 0).union(shapely.box(5, 0, 5.52, 5))
    assert cover_findings(town.areas, changed(grids, 0, long), town.buildings)["finding"].unique().tolist() == [
        "sliver_overlap"
    ]


def test_what_is_within_the_tolerance_is_no_finding(town: Drawn, grids: gpd.GeoDataFrame) -> None:
    hole = squares(grids, 0).difference(shapely.box(0.5, 0.5, 0.6, 0.6))
    assert cover_findings(town.areas, changed(grids, 0, hole), town.buildings, tolerance_m2=2).empty


def test_a_grid_outside_its_community_is_found(town: Drawn, grids: gpd.GeoDataFrame) -> None:
    wide = squares(grids, 0).union(shapely.box(-3, 0, 1, 1))
    findings = cover_findings(town.areas, changed(grids, 0, wide), town.buildings)
    assert findings["finding"].tolist() == ["outside"]
    assert findings["area_m2"].tolist() == pytest.approx([300], rel=1e-4)


def test_a_grid_of_an_unknown_community_is_all_outside(town: Drawn, grids: gpd.GeoDataFrame) -> None:
    astray = grids.assign(area_code=[ONE, ONE, "529901009009"])
    findings = cover_findings(town.areas, astray, town.buildings)
    assert findings["finding"].unique().tolist() == ["outside"]
    assert findings["area_m2"].sum() == pytest.approx(50 * 50, rel=1e-4)


def test_a_building_in_two_grids_is_found_and_one_on_a_border_is_not(town: Drawn, grids: gpd.GeoDataFrame) -> None:
    wide = squares(grids, 0).union(squares(grids, 1))
    found = cover_findings(town.areas, changed(grids, 0, wide), town.buildings)
    twice = found[found["finding"] == "building_in_two"]
    assert sorted(twice["building_id"]) == [2, 5]
    assert twice[["grid", "other"]].to_numpy().tolist() == [[0, 1], [0, 1]]
    on_line = replace(town, buildings=frame("building_id", [shapely.box(5.2, 1, 5.8, 1.5)]))
    assert cover_findings(town.areas, grids, on_line.buildings).empty


def test_broken_shapes_are_mended_not_refused(town: Drawn, grids: gpd.GeoDataFrame) -> None:
    bow = shapely.Polygon([(0, 0), (5, 5), (5, 0), (0, 5)])
    findings = cover_findings(town.areas, changed(grids, 0, bow), town.buildings)
    assert {"gap", "overlap"} & set(findings["finding"])


def test_no_grids_at_all(town: Drawn, grids: gpd.GeoDataFrame) -> None:
    findings = cover_findings(town.areas, grids.iloc[:0], town.buildings)
    assert findings["finding"].value_counts().to_dict() == {"gap": 2, "building_in_none": 5}
    assert findings["area_m2"].sum() == pytest.approx(150 * 50, rel=1e-4)


def test_refusals_of_findings(town: Drawn, grids: gpd.GeoDataFrame) -> None:
    with pytest.raises(MissingColumnsError):
        cover_findings(town.areas, grids.drop(columns="area_code"), town.buildings)
    with pytest.raises(MissingCrsError):
        cover_findings(town.areas, grids.set_crs(None, allow_override=True), town.buildings)
    with pytest.raises(DuplicateIdError):
        cover_findings(town.areas, pd.concat([grids, grids]), town.buildings)


@pytest.mark.parametrize(
    ("boxes", "area_m2"),
    [
        ([(0, 0, 2, 2), (0, 0, 2, 2)], 400),  # one cell drawn twice
        ([(0, 0, 4, 4), (1, 1, 2, 2)], 1600),  # one inside the other
        ([(0, 0, 2, 2), (2, 0, 4, 1)], 600),  # side by side without a common vertex
        ([(0, 0, 2, 2), (0, 0, 2, 1)], 400),  # on one another
    ],
)
def test_cells_of_any_polygon_layer_are_joined(boxes: list[tuple[float, ...]], area_m2: float) -> None:
    cells = frame("cell_id", [shapely.box(*box) for box in boxes], area_code=ONE, households=1, people=2)
    grids = dissolve(cells, pd.Series(0, index=cells.index))
    assert grids.is_valid.all()
    assert metres(grids).area[0] == pytest.approx(area_m2, rel=1e-6)


def test_polygons_do_not_depend_on_how_they_are_dealt_to_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = [shapely.box(x, y, x + 1, y + 1) for x in range(20) for y in range(20)]
    cells = frame("cell_id", shapes, area_code=ONE, households=1, people=2)
    label = pd.Series([n // 7 for n in range(400)], index=cells.index).sample(frac=1, random_state=2)
    whole = dissolve(cells, label)
    monkeypatch.setattr("geo.cover.PART", 10)
    assert_geodataframe_equal(whole, dissolve(cells, label))
    assert whole["cells"].sum() == 400
    assert metres(whole).area.sum() == pytest.approx(40_000, rel=1e-6)
