"""Datums: published vectors, where the shift applies, and input that is no place."""

import csv

import numpy as np
import pyproj
import pytest

from geo.datums import DATUMS, OUTLINE, convert, from_wgs84, is_shifted, published_gcj02_from_bd09, to_wgs84
from geo.errors import BadPointError, BadSettingError

GEOD = pyproj.Geod(ellps="WGS84")


def metres_apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(GEOD.inv(*one, *other)[2])


# googollee/eviltransform (MIT), tests of its JavaScript and Python versions
PUBLISHED = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),  # Shanghai
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),  # Shenzhen
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),  # Beijing
]


@pytest.mark.parametrize(("wgs", "gcj"), PUBLISHED)
def test_published_places_are_matched_there_and_back(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    assert from_wgs84(*wgs, datum="gcj02") == pytest.approx(gcj, abs=1e-6)
    assert to_wgs84(*gcj, datum="gcj02") == pytest.approx(wgs, abs=1e-6)


def test_published_bd09_is_matched_by_the_closed_formula_and_the_exact_way_is_near() -> None:
    # as published in the tests of wandergis/coordtransform (MIT)
    made = published_gcj02_from_bd09(116.404, 39.915)
    assert made == pytest.approx((116.39762729119315, 39.90865673957631), abs=1e-9)
    exact = convert(116.404, 39.915, source="bd09", target="gcj02")
    assert 0.01 < metres_apart((float(made[0]), float(made[1])), (float(exact[0]), float(exact[1]))) < 0.16
    assert convert(116.404, 39.915, source="gcj02", target="bd09") == pytest.approx(
        (116.41036949371029, 39.92133699351021), abs=1e-9
    )


def test_the_shared_vectors_are_matched(shared) -> None:  # type: ignore[no-untyped-def]
    with (shared / "china" / "gcj_bd_vectors.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["use"] == "yes"]
    assert len(rows) == 14
    for row in rows:
        source, target = row["from_crs"].lower(), row["to_crs"].lower()
        given, wanted = [(float(row[f"{end}_lon"]), float(row[f"{end}_lat"])) for end in ("from", "to")]
        # the BD-09 to GCJ-02 vector was made with the closed formula, which is not an inverse
        closed = (source, target) == ("bd09", "gcj02")
        made = published_gcj02_from_bd09(*given) if closed else convert(*given, source=source, target=target)
        if row["tolerance_unit"] == "m":
            assert metres_apart((float(made[0]), float(made[1])), wanted) <= float(row["tolerance"]), row
        else:
            assert made == pytest.approx(wanted, abs=float(row["tolerance"])), row


INSIDE = {
    "Dandong": (124.37, 40.13), "Hunchun": (130.36, 42.86), "Manzhouli": (117.44, 49.59), "Erenhot": (111.97, 43.65),
    "Heihe": (127.49, 50.24), "Fuyuan": (134.3, 48.36), "Khorgos": (80.43, 44.21), "Kashgar": (75.99, 39.47),
    "Yadong": (88.91, 27.48), "Ruili": (97.85, 24.01), "Hekou": (103.955, 22.51), "Dongxing": (107.97, 21.545),
    "Sanya": (109.5, 18.25), "Yongxing": (112.33, 16.83), "Futian": (114.07, 22.525), "Zhuhai": (113.55, 22.225),
    "Hengqin": (113.53, 22.13), "Shanghai": (121.47, 31.23), "Shengsi": (122.45, 30.73), "Fenggang": (107.72, 27.95),
    "Mohe": (122.36, 53.48), "Zhangmu": (85.985, 27.99), "Pingxiang": (106.75, 22.1), "Suifenhe": (131.15, 44.4),
}  # fmt: skip
OUTSIDE = {
    "Hong Kong": (114.16, 22.28), "Sheung Shui": (114.128, 22.5), "Macau": (113.545, 22.195),
    "Coloane": (113.56, 22.12),
    "Taipei": (121.56, 25.04), "Penghu": (119.57, 23.57), "Seoul": (126.98, 37.57), "Sinuiju": (124.4, 40.09),
    "Vladivostok": (131.9, 43.12), "Blagoveshchensk": (127.53, 50.28), "Ulaanbaatar": (106.9, 47.9),
    "Hanoi": (105.85, 21.03), "Lao Cai": (103.97, 22.49), "Kathmandu": (85.32, 27.7), "Almaty": (76.9, 43.25),
    "Bishkek": (74.6, 42.87), "Leh": (77.58, 34.16), "Myitkyina": (97.4, 25.38), "Manila": (121.0, 14.6),
    "Tokyo": (139.7, 35.7), "Denver": (-104.9903, 39.7392), "Rio de Janeiro": (-43.1729, -22.9068),
}  # fmt: skip


@pytest.mark.parametrize("place", INSIDE)
def test_places_inside_are_shifted_by_33_to_700_metres(place: str) -> None:
    lon, lat = from_wgs84(*INSIDE[place], datum="gcj02")
    assert 33 < metres_apart(INSIDE[place], (float(lon), float(lat))) < 700
    assert to_wgs84(lon, lat, datum="gcj02") == pytest.approx(INSIDE[place], abs=1e-8)


@pytest.mark.parametrize("place", OUTSIDE)
def test_places_outside_are_not_shifted(place: str) -> None:
    lon, lat = (np.array(value) for value in OUTSIDE[place])
    assert not is_shifted(lon, lat)
    assert from_wgs84(lon, lat, datum="gcj02") == (lon, lat)


def test_cgcs2000_is_taken_as_wgs84() -> None:
    assert convert(107.72, 27.95, source="cgcs2000", target="wgs84") == (107.72, 27.95)


@pytest.mark.parametrize("source", DATUMS)
@pytest.mark.parametrize("target", DATUMS)
def test_every_datum_leads_to_every_other_and_back(source: str, target: str) -> None:
    there = convert(107.72, 27.95, source=source, target=target)
    assert convert(*there, source=target, target=source) == pytest.approx((107.72, 27.95), abs=1e-9)


def test_arrays_keep_their_shape_and_are_not_changed() -> None:
    lon, lat = np.array([[107.7, 121.5], [2.3, 116.4]]), np.array([[27.9, 31.2], [48.9, 39.9]])
    copies = lon.copy(), lat.copy()
    made = from_wgs84(lon, lat, datum="bd09")
    assert made[0].shape == made[1].shape == (2, 2)
    np.testing.assert_array_equal(lon, copies[0])
    np.testing.assert_array_equal(lat, copies[1])
    one = from_wgs84(107.7, 27.9, datum="bd09")
    assert (made[0][0, 0], made[1][0, 0]) == (one[0], one[1])
    none = to_wgs84(np.empty(0), np.empty(0), datum="gcj02")
    assert none[0].shape == (0,)


def test_the_outline_is_a_closed_line() -> None:
    assert OUTLINE[0] == OUTLINE[-1]
    assert is_shifted(np.array([107.72, 0.0]), np.array([27.95, 0.0])).tolist() == [True, False]


@pytest.mark.parametrize("place", [(float("nan"), 27.9), (107.7, float("inf")), (27.9, 107.7), (181.0, 0.0)], ids=str)
def test_what_is_no_place_is_refused(place: tuple[float, float]) -> None:
    with pytest.raises(BadPointError) as caught:
        to_wgs84(np.array([107.7, place[0]]), np.array([27.9, place[1]]), datum="gcj02")
    assert str(place[1]) in caught.value.text("zh")


def test_a_datum_nobody_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(BadSettingError, match="wgs84, cgcs2000, gcj02, bd09"):
        to_wgs84(107.7, 27.9, datum="GCJ-02")
