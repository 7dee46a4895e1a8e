"""Doors: names typed in the ways people type them, and the building nearest to a point."""

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import Connection, text

from data.postgis.engine import READER, reading
from data.stores import doors
from data.stores._rows import copy_frame
from data.tables import metadata
from geo.rng import generator
from tests.fixtures.small_town import COMMUNITIES, SmallTown, square
from tests.store.kept import Kept

NAMES = ("金桂花园", "麒龙新城", "人民路小区", "云溪花园", "Sunny 100%", "a_b苑")


@pytest.fixture
def streets(undone: Connection) -> Connection:
    """Six compounds of 12 blocks each, with addresses along 人民路."""
    crs = "EPSG:4326"
    compounds = gpd.GeoDataFrame(
        {"area_code": COMMUNITIES[1], "name": NAMES},
        geometry=[shapely.MultiPolygon([square(4, at / 2)]) for at in range(6)], crs=crs,
        index=pd.RangeIndex(101, 107, name="compound_id"),
    )  # fmt: skip
    blocks = [(compound, number) for compound in range(101, 107) for number in range(1, 13)]
    words = {101: "{}栋", 102: "{}号楼", 103: "{}幢", 104: "{}栋", 105: "Block {}", 106: "{}栋"}
    buildings = gpd.GeoDataFrame(
        {
            "area_code": COMMUNITIES[1],
            "compound_id": [compound for compound, _ in blocks],
            "name": [words[compound].format(number) for compound, number in blocks],
            "address": [f"人民路{10 * (compound - 100) + number}号" for compound, number in blocks],
            "households": 1,
            "people": 1,
        },
        geometry=[shapely.MultiPolygon([square(4, at / 20, width=0.01, height=0.01)]) for at in range(len(blocks))],
        crs=crs, index=pd.RangeIndex(1_001, 1_001 + len(blocks), name="building_id"),
    )  # fmt: skip
    copy_frame(undone, metadata.tables["compounds"], compounds)
    copy_frame(undone, metadata.tables["buildings"], buildings)
    return undone


@pytest.mark.parametrize(
    ("typed", "kind", "label"),
    [
        ("金桂花园", "compound", "金桂花园"),
        ("金桂", "compound", "金桂花园"),
        ("麒龙新城", "compound", "麒龙新城"),
        ("金桂花园3栋", "building", "金桂花园 3栋"),
        ("金桂花园 3 栋", "building", "金桂花园 3栋"),
        ("金桂花园３栋", "building", "金桂花园 3栋"),
        ("金桂花园，3幢", "building", "金桂花园 3栋"),
        ("金桂花园三栋", "building", "金桂花园 3栋"),
        ("金桂花园12号楼", "building", "金桂花园 12栋"),
        ("麒龙新城5栋", "building", "麒龙新城 5号楼"),
        ("麒龙新城5号楼", "building", "麒龙新城 5号楼"),
        ("人民路小区7栋", "building", "人民路小区 7幢"),
        ("人民路23号", "building", "麒龙新城 3号楼"),
        ("桥头社区", "community", "桥头社区"),
        ("桥头", "community", "桥头社区"),
        ("云溪苑6栋", "building", "云溪苑6栋"),
        ("sunny100%", "compound", "Sunny 100%"),
        ("a_b苑", "compound", "a_b苑"),
    ],
)
def test_the_best_place(streets: Connection, typed: str, kind: str, label: str) -> None:
    found = doors.search(streets, typed, 5)
    assert list(found.loc[0, ["kind", "label"]]) == [kind, label]
    assert found["score"].between(0, 1).all()


def test_a_place_lies_where_it_is(streets: Connection) -> None:
    best = doors.search(streets, "金桂花园", 1).iloc[0]
    assert square(4, 0).covers(shapely.Point(best["lon"], best["lat"]))
    assert best["id"] == "101"


def test_a_name_of_many_doors_says_how_far_it_reaches(streets: Connection) -> None:
    """The radius holds the whole extent in the local metre zone, and is no more than its widest width."""
    best = doors.search(streets, "金桂花园", 1).iloc[0]
    metres = gpd.GeoSeries([square(4, 0), shapely.Point(best["lon"], best["lat"])], crs=4326).to_crs(4545)
    corners = shapely.points(shapely.get_coordinates(metres.iloc[0]))
    reach_m = shapely.distance(metres.iloc[1], corners).max()
    assert best["accuracy_m"] == pytest.approx(reach_m, abs=1 + reach_m * 0.002)
    assert (doors.search(streets, "金桂花园12号楼", 1)["accuracy_m"] == 0).all()


NONSENSE = ["", "   ", "，。", "\x00", "%", "_", "%%%", "查无此地", "zzzz", "'; DROP TABLE areas; --"]


@pytest.mark.parametrize("typed", NONSENSE)
def test_nothing_like_it(streets: Connection, typed: str) -> None:
    """Signs of LIKE mean themselves: neither of them finds everything."""
    found = doors.search(streets, typed)
    assert len(found) <= 1 + (typed in ("%", "_"))
    assert list(found.columns) == ["kind", "id", "label", "score", "lon", "lat", "accuracy_m"]


def test_no_more_than_asked_for(streets: Connection) -> None:
    assert len(doors.search(streets, "人民路", 7)) == 7


def test_a_long_text_is_cut(streets: Connection) -> None:
    doors.search(streets, "金桂花园" * 5_000)


def test_the_same_words_give_the_same_order(streets: Connection) -> None:
    assert doors.search(streets, "人民路").equals(doors.search(streets, "人民路"))


def test_the_public_may_search(kept: Kept) -> None:
    with reading(kept.engines[READER], scope="") as conn:
        assert doors.search(conn, "云溪苑").loc[0, "label"] == "云溪苑"
        assert doors.nearest_building(conn, *SmallTown.point(1, 1), within_m=50) == 6


def test_names_are_found_by_their_index(undone: Connection) -> None:
    undone.execute(
        text(
            "INSERT INTO buildings (area_code, address, households, people, geometry) SELECT :code,"
            " chr(20000 + n % 5000) || chr(20000 + n / 7) || '路' || n || '号', 1, 1, geometry"
            " FROM generate_series(1, 2000) n, (SELECT geometry FROM buildings LIMIT 1) one"
        ),
        {"code": COMMUNITIES[0]},
    )
    plan = "\n".join(undone.scalars(text("EXPLAIN SELECT 1 FROM name_keys WHERE kind = 'p' AND key = 'yunxiyuan'")))
    assert "name_keys_pkey" in plan
    plan = "\n".join(undone.scalars(text("EXPLAIN SELECT 1 FROM door_names WHERE stem = '云溪苑' AND tail = '3'")))
    assert re.search("door_names_(stem_tail|tail_stem)_idx", plan), plan


def test_the_nearest_building(undone: Connection) -> None:
    """Against distances in metres of the local zone, at random places around the town."""
    draw = generator(3, "doors")
    rows = undone.execute(text("SELECT building_id, ST_AsBinary(geometry) FROM buildings ORDER BY 1")).all()
    buildings = gpd.GeoSeries.from_wkb([bytes(shape) for _, shape in rows], [key for key, _ in rows], crs=4326)
    metric = buildings.to_crs(4545)
    for column, row in draw.uniform([-1, -1], [17, 5], (40, 2)):
        lon, lat = SmallTown.point(0, 0, dx=column, dy=row)
        point = gpd.GeoSeries.from_xy([lon], [lat], crs=4326).to_crs(4545).iloc[0]
        distances = metric.distance(point).sort_values()
        if abs(distances.iloc[0] - 60) < 0.5 or distances.iloc[1] - distances.iloc[0] < 0.5:
            continue
        expected = distances.index[0] if distances.iloc[0] < 60 else None
        assert doors.nearest_building(undone, lon, lat, within_m=60) == expected


def test_no_building_near(conn: Connection) -> None:
    assert doors.nearest_building(conn, 10.0, 50.0, within_m=1_000) is None
    assert doors.nearest_building(conn, 0.0, 90.0, within_m=10) is None
    assert np.isfinite(doors.nearest_building(conn, *SmallTown.point(0, 0), within_m=0) or np.nan)
