"""Cover: doors against stored polygons, vacancies against duties, by hand on the small town."""

from datetime import date

import geopandas as gpd
import pytest
import shapely
from sqlalchemy import Connection, text

from data.stores import cover
from data.stores._rows import copy_frame
from data.tables import metadata
from tests.fixtures.small_town import COMMUNITIES, VACANT, SmallTown
from tests.store.kept import plain

A, B, C, D = COMMUNITIES
JULY = date(2026, 7, 1)
DOORS = ["doors", "doors_covered", "doors_without_grid", "doors_in_several"]


def test_cover_by_hand(conn: Connection) -> None:
    """16 buildings and 480 households each; two grids in A, B and C, one of C's vacant; no plan in D."""
    found = cover.cover_by_community(conn, on=JULY)
    assert plain(found[["name", *DOORS, "households", "grids", "vacant"]]) == [
        (A, "云溪社区", 16, 16, 0, 0, 480, 2, 0),
        (B, "桥头社区", 16, 16, 0, 0, 480, 2, 0),
        (C, "河东社区", 16, 8, 0, 0, 480, 2, 1),
        (D, "新城社区", 16, 0, 16, 0, 480, 0, 0),
    ]
    assert plain(cover.cover_by_community(conn, on=JULY, within=C)) == plain(found.loc[[C]])


def test_before_there_was_a_plan(conn: Connection) -> None:
    before = cover.cover_by_community(conn, on=date(2025, 12, 31))
    assert before["doors_covered"].sum() == before["grids"].sum() == 0
    assert len(cover.stray_doors(conn, on=date(2025, 12, 31))) == 64


def test_doors_without_a_grid(conn: Connection) -> None:
    strays = cover.stray_doors(conn, on=JULY)
    assert set(strays["area_code"]) == {D}
    assert set(strays["grids"]) == {0}
    assert len(strays) == 16
    assert len(cover.stray_doors(conn, on=JULY, most=5)) == 5
    assert len(cover.stray_doors(conn, on=JULY, within=A)) == 0


def test_a_stairwell_is_a_door_of_its_own(undone: Connection) -> None:
    """Building 1 gets two stairwells: one in its place, one told to lie in D, where nobody answers."""
    doors = gpd.GeoDataFrame(
        {"building_id": 1, "number": [1, 2], "households": [16, 14]},
        geometry=[shapely.Point(*SmallTown.point(0, 0)), shapely.Point(*SmallTown.point(13, 1))], crs="EPSG:4326",
    )  # fmt: skip
    copy_frame(undone, metadata.tables["stairwells"], doors)
    in_a = cover.cover_by_community(undone, on=JULY).loc[A]
    assert list(in_a[[*DOORS, "households"]]) == [17, 16, 1, 0, 480]
    strays = cover.stray_doors(undone, on=JULY, within=A)
    assert strays[["building_id", "households", "grids"]].to_numpy().tolist() == [[1, 14, 0]]
    # The public figure is of the same doors: the reader counts them, stairwells and all, and comes to the same.
    every = cover.cover_by_community(undone, on=JULY)[DOORS]
    undone.execute(text("SET LOCAL ROLE wangge_reader"))
    assert plain(cover.count_doors(undone, on=JULY)) == plain(every)
    assert plain(cover.count_doors(undone, on=JULY, within=A)) == plain(every.loc[[A]])


def test_polygons_are_asked_not_cells(undone: Connection) -> None:
    """A stored polygon that strays from its cells is found out: a gap, then an overlap."""
    moved = "UPDATE grids SET geometry = ST_Multi({}) WHERE grid_code = :code"
    shrunk = "ST_MakeEnvelope(107.700, 27.950, 107.701, 27.954, 4326)"
    undone.execute(text(moved.format(shrunk)), {"code": f"{A}001"})
    assert list(cover.stray_doors(undone, on=JULY, within=A)["grids"]) == [0, 0, 0, 0]
    assert list(cover.cover_by_community(undone, on=JULY).loc[A, DOORS]) == [16, 12, 4, 0]
    grown = "ST_MakeEnvelope(107.700, 27.950, 107.703, 27.954, 4326)"
    undone.execute(text(moved.format(grown)), {"code": f"{A}001"})
    assert list(cover.stray_doors(undone, on=JULY, within=A)["grids"]) == [2, 2, 2, 2]
    assert list(cover.cover_by_community(undone, on=JULY).loc[A, DOORS]) == [16, 12, 0, 4]


def test_vacancies(conn: Connection) -> None:
    found = cover.vacancies(conn, on=JULY)
    assert found[["grid_code", "community", "households"]].to_numpy().tolist() == [[VACANT, "河东社区", 240]]
    assert len(cover.vacancies(conn, on=JULY, within=A)) == 0


def test_a_duty_that_ended_leaves_a_vacancy(undone: Connection) -> None:
    undone.execute(text("UPDATE duties SET valid = '[2026-01-01,2026-07-01)' WHERE person_id IN (1, 2)"))
    assert len(cover.vacancies(undone, on=date(2026, 6, 30))) == 1
    assert sorted(cover.vacancies(undone, on=JULY)["grid_code"]) == [f"{A}001", f"{A}002", VACANT]


@pytest.mark.parametrize("scope", [A, ""])
def test_vacancies_do_not_hang_on_who_asks(undone: Connection, scope: str) -> None:
    """A duty out of the asker's sight is no vacancy."""
    undone.execute(text("SELECT set_config('wangge.scope', :scope, true)"), {"scope": scope})
    assert list(cover.vacancies(undone, on=JULY)["grid_code"]) == [VACANT]
