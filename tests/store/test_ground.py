"""Ground, cells and stations: the part of the country asked for, and no other; cells replaced as a whole."""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import Connection, Engine, text

from data.postgis.engine import reading, transaction
from data.stores import areas, cells, ground, people, plans, stations
from data.stores._rows import copy_frame
from data.stores._values import RefusedRowsError
from data.stores.town import write_town
from data.tables import metadata
from geo.errors import ConflictError
from tests.fixtures.small_town import (
    COMMUNITIES,
    COUNTY,
    SOUTH,
    STEP,
    STREETS,
    WEST,
    draw_borders,
    draw_cells,
    draw_town,
)
from tests.store.kept import plain


def at(column: float, row: float) -> tuple[float, float]:
    """The middle of a square of the lattice."""
    return WEST + (column + 0.5) * STEP, SOUTH + (row + 0.5) * STEP


@pytest.mark.parametrize(
    ("within", "communities"),
    [
        ("*", COMMUNITIES),
        ("529901", COMMUNITIES),
        (COUNTY, COMMUNITIES),
        ("529901001", COMMUNITIES[:2]),
        (STREETS[1], COMMUNITIES[2:]),
        (COMMUNITIES[1], COMMUNITIES[1:2]),
        ("52990100100", COMMUNITIES[:2]),
        ("11", ()),
    ],
)
def test_within(conn: Connection, within: str, communities: tuple[str, ...]) -> None:
    assert tuple(areas.read_areas(conn, level="community", within=within).index) == communities
    assert set(ground.read_buildings(conn, within=within)["area_code"]) == set(communities)
    assert set(cells.read_cells(conn, within=within)["area_code"]) == set(communities)
    assert set(stations.read_stations(conn, within=within)["area_code"]) <= set(communities)


def test_areas_by_level(conn: Connection) -> None:
    assert list(areas.read_areas(conn, level="street").index) == list(STREETS)
    assert len(areas.read_areas(conn)) == 7
    assert areas.read_areas(conn).loc[COUNTY, "parent_code"] is None


def test_stations_by_category(conn: Connection) -> None:
    assert list(stations.read_stations(conn, category="health").index) == [2]


def test_what_has_no_code_is_found_by_its_ground(undone: Connection) -> None:
    """A street, wall and gate in D, and nothing of them in A; one street crosses all."""
    line = shapely.LineString([at(13, 1), at(14, 1)])
    add(undone, "streets", line, road_class="path", is_walkable=True, length_m=99.0)
    add(undone, "barriers", line, kind="wall")
    add(undone, "gates", shapely.Point(*at(1.501, 1)), compound_id=1)
    add(undone, "gates", shapely.Point(*at(13, 1)), compound_id=None)
    expected = {COMMUNITIES[0]: (1, 0, 1), COMMUNITIES[3]: (2, 1, 1), "*": (2, 1, 2)}
    readers = (ground.read_streets, ground.read_barriers, ground.read_gates)
    for within, counts in expected.items():
        assert tuple(len(read(undone, within=within)) for read in readers) == counts


def add(conn: Connection, noun: str, shape: shapely.Geometry, **values: object) -> None:
    columns = {name: pd.Series([value], dtype=object) for name, value in values.items()}
    copy_frame(conn, metadata.tables[noun], gpd.GeoDataFrame(columns, geometry=[shape], crs="EPSG:4326"))


@pytest.fixture
def ground_only(writer: Engine) -> Engine:
    """The small town's ground, without cells or plans."""
    with transaction(writer, actor="t", action="t") as conn:
        write_town(conn, draw_town())
    return writer


RENAME = "UPDATE {noun} SET name = name || '一' WHERE {key} = (SELECT {which}({key}) FROM {noun})"


@pytest.mark.parametrize(
    ("noun", "key", "edition"), [("stations", "station_id", ground.edition), ("people", "person_id", people.edition)]
)
def test_an_edition_grows_with_each_change_though_one_begun_earlier_comes_later(
    ground_only: Engine, noun: str, key: str, edition: Callable[[Connection], int]
) -> None:
    # The audit numbers a change when it is written, not when its transaction is through.
    seen = [_ask(ground_only, edition)]
    with transaction(ground_only, actor="t", action="t") as slow:
        slow.execute(text(RENAME.format(noun=noun, key=key, which="min")))
        with transaction(ground_only, actor="t", action="t") as quick:
            quick.execute(text(RENAME.format(noun=noun, key=key, which="max")))
        seen.append(_ask(ground_only, edition))
    seen.append(_ask(ground_only, edition))
    assert seen == sorted(set(seen))
    assert _ask(ground_only, edition) == seen[-1], "nothing was written"


def _ask(engine: Engine, edition: Callable[[Connection], int]) -> int:
    with reading(engine) as conn:
        return edition(conn)


def test_cells_and_borders_come_back(ground_only: Engine) -> None:
    made = draw_cells()
    borders = draw_borders(made)
    with transaction(ground_only, actor="t", action="t") as conn:
        cells.write_cells(conn, made, borders)
    with reading(ground_only) as conn:
        back = cells.read_cells(conn)
        assert plain(back[made.columns.drop("geometry")]) == plain(made.drop(columns="geometry"))
        assert str(back["building_id"].dtype) == "Int64"
        assert str(back["households"].dtype) == "int64"
        expected = borders.sort_values(["cell_a", "cell_b"], ignore_index=True)
        assert plain(cells.read_borders(conn)[expected.columns]) == plain(expected)
        assert shapely.equals_identical(back.geometry.values, made.geometry.values).all()


def test_borders_within_have_both_cells_inside(conn: Connection) -> None:
    borders = cells.read_borders(conn, within=COMMUNITIES[1])
    inside = set(cells.read_cells(conn, within=COMMUNITIES[1]).index)
    assert len(borders) == 24  # a 4 x 4 lattice has 2 x 4 x 3 inner borders
    assert set(borders["cell_a"]) | set(borders["cell_b"]) <= inside


def test_cutting_again_replaces_those_communities_only(ground_only: Engine) -> None:
    made = draw_cells()
    one = made[made["area_code"] == COMMUNITIES[0]].iloc[:2]
    with transaction(ground_only, actor="t", action="t") as conn:
        cells.write_cells(conn, made, draw_borders(made))
        cells.write_cells(conn, one.set_axis(one.index + 1000).rename_axis("cell_id"), draw_borders(made).iloc[:0])
        by_area = cells.read_cells(conn).groupby("area_code").size()
        borders = cells.read_borders(conn)
    assert by_area.tolist() == [2, 16, 16, 16]
    assert len(borders) == 3 * 24


def test_ids_of_a_neighbours_cells_are_refused(ground_only: Engine) -> None:
    made = draw_cells()
    one = made[made["area_code"] == COMMUNITIES[0]]
    clash = one.set_axis(one.index + 16).rename_axis("cell_id")  # those of the second community
    with transaction(ground_only, actor="t", action="t") as conn:
        cells.write_cells(conn, made, draw_borders(made))
    with pytest.raises(RefusedRowsError, match="cells_pkey"), transaction(ground_only, actor="t", action="t") as conn:
        cells.write_cells(conn, clash, draw_borders(made).iloc[:0])


def test_cells_that_a_plan_stands_on_stay(undone: Connection) -> None:
    made = draw_cells()
    with pytest.raises(ConflictError, match="plans 1 "):
        cells.write_cells(undone, made, draw_borders(made))
    free = made[made["area_code"] == COMMUNITIES[3]]
    cells.write_cells(undone, free, draw_borders(free))  # no plan covers D
    assert plans.list_plans(undone, within=COMMUNITIES[3]) == []


def test_a_border_is_told_from_the_lower_cell(undone: Connection) -> None:
    border = pd.DataFrame({"cell_a": [2], "cell_b": [1], "length_m": [1.0], "kind": ["none"], "is_walkable": [True]})
    with pytest.raises(RefusedRowsError, match="cell_borders_order_check"):
        copy_frame(undone, metadata.tables["cell_borders"], border)


def test_only_a_road_has_a_class(undone: Connection) -> None:
    """The class comes back as it was written, and no other border may carry one."""
    made, borders = draw_cells(), draw_borders(draw_cells())
    free = made[made["area_code"] == COMMUNITIES[3]]  # no plan covers D
    mine = borders[borders["cell_a"].isin(free.index) & borders["cell_b"].isin(free.index)]
    kinds = np.where(np.arange(len(mine)) % 2 == 0, "road", "none")
    classed = mine.assign(kind=kinds, road_class=np.where(kinds == "road", "primary", None))
    cells.write_cells(undone, free, classed)
    found = cells.read_borders(undone, within=COMMUNITIES[3])
    assert found["road_class"].fillna("").tolist() == ["primary" if kind == "road" else "" for kind in found["kind"]]
    with pytest.raises(RefusedRowsError, match="cell_borders_road_class_check"):
        cells.write_cells(undone, free, classed.assign(kind="none", road_class="primary"))
