"""Clusters: those of plain DBSCAN, whatever the order of rows and the ties."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score

from geo.clusters import clusters
from geo.errors import BadSettingError, MissingColumnsError, WrongGeometryError
from geo.rng import generator
from tests.fixtures.walkground import degrees, frame_of, metres

NOON = pd.Timestamp("2026-03-01 12:00", tz="UTC")


def incidents(xy: np.ndarray, **columns: object) -> gpd.GeoDataFrame:
    given = {"category": "noise", "reported_at": NOON} | columns
    return frame_of([shapely.Point(p) for p in np.asarray(xy, dtype=float)], "incident_id", **given)


def planted(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three dense patches on thin background, and which is which (-1 is background)."""
    rng = generator(seed, "planted")
    patches = [
        rng.normal(middle, 25, (size, 2)) for middle, size in (((500, 500), 60), ((1500, 700), 40), ((900, 1600), 90))
    ]
    background = rng.uniform(0, 2000, (60, 2))
    return np.concatenate([*patches, background]), np.repeat([0, 1, 2, -1], [60, 40, 90, 60])


def test_planted_clusters_are_found() -> None:
    xy, truth = planted(1)
    labels, found = clusters(incidents(xy), eps_m=40, min_incidents=8)
    assert len(found) == 3
    assert adjusted_rand_score(truth, labels) > 0.95
    assert found["incidents"].tolist() == sorted(found["incidents"], reverse=True)
    # the largest was planted about (900, 1600)
    middle = metres(found).centroid.iloc[0]
    assert np.hypot(middle.x - 900, middle.y - 1600) < 20


def test_cores_are_those_of_plain_dbscan_with_heavy_ties() -> None:
    rng = generator(2, "ties")
    spots = rng.uniform(0, 600, (60, 2))
    xy = spots[rng.integers(0, 60, 400)]
    labels, _ = clusters(incidents(xy), eps_m=45, min_incidents=12)
    plain = DBSCAN(eps=45, min_samples=12).fit(xy)
    core = plain.core_sample_indices_
    assert adjusted_rand_score(plain.labels_[core], labels.to_numpy()[core]) == 1
    np.testing.assert_array_equal(plain.labels_ >= 0, labels.to_numpy() >= 0)
    assert len(core) > 50


def test_an_incident_between_two_clusters_joins_the_nearer_one() -> None:
    # eleven incidents in a column are cores by themselves; the one between sees 3 + 5 of them and is none
    columns = [(x, y) for x in (0, 99) for y in range(-20, 24, 4)]
    labels, found = clusters(incidents(np.array([*columns, (50, 0)])), eps_m=50.2, min_incidents=10)
    assert len(found) == 2
    assert labels.iloc[-1] == labels.iloc[-2]  # 49 m to the east, 50 m to the west
    assert labels.iloc[0] != labels.iloc[-2]


@pytest.mark.parametrize("seed", [3, 4])
def test_labels_do_not_depend_on_the_order_of_rows(seed: int) -> None:
    xy, _ = planted(seed)
    frame = incidents(np.round(xy / 10) * 10)
    labels, found = clusters(frame, eps_m=40, min_incidents=8)
    again, found_again = clusters(frame.sample(frac=1, random_state=seed), eps_m=40, min_incidents=8)
    pd.testing.assert_series_equal(labels, again.sort_index())
    pd.testing.assert_frame_equal(found.drop(columns="geometry"), found_again.drop(columns="geometry"))
    assert found.geometry.geom_equals(found_again.geometry).all()


def test_equal_clusters_are_numbered_from_west_to_east() -> None:
    three = [(x, y) for x in (800, 0, 400) for y in range(3)]
    labels, _ = clusters(incidents(np.array(three)), eps_m=10, min_incidents=3)
    assert labels.tolist() == [2, 2, 2, 0, 0, 0, 1, 1, 1]


def test_one_address_is_a_place_with_ground_and_says_so() -> None:
    xy = np.array([(0, 0)] * 9 + [(5, 0), (6, 0)] + [(500 + i, 0) for i in range(8)])
    _, found = clusters(incidents(xy), eps_m=20, min_incidents=5)
    assert found["incidents"].tolist() == [11, 8]
    assert found["places"].tolist() == [3, 8]
    assert found["is_one_place"].tolist() == [True, False]
    _, lone = clusters(incidents(np.zeros((6, 2))), eps_m=20, min_incidents=5)
    assert lone.geom_type.tolist() == ["Polygon"]
    assert metres(lone).area.iloc[0] == pytest.approx(3.0615 * 25, rel=1e-3)  # 5 m drawn with 16 chords


def test_hulls_cover_their_incidents() -> None:
    xy, _ = planted(5)
    frame = incidents(xy)
    labels, found = clusters(frame, eps_m=40, min_incidents=8)
    for cluster, members in frame.groupby(labels):
        if cluster >= 0:
            assert members.within(found.geometry[cluster]).all()
    assert found.crs == "EPSG:4326"


def test_days_begin_at_midnight_in_the_given_zone_and_categories_tie_by_name() -> None:
    at = pd.to_datetime(["2026-03-01 15:59", "2026-03-01 16:00", "2026-03-04 23:00", "2026-03-02 00:00"], utc=True)
    frame = incidents(np.zeros((4, 2)), reported_at=at, category=["noise", "drain", "noise", "drain"])
    _, found = clusters(frame, eps_m=20, min_incidents=4)
    assert found["top_category"].tolist() == ["drain"]
    assert found["first_on"].tolist() == [dt.date(2026, 3, 1)]
    assert found["last_on"].tolist() == [dt.date(2026, 3, 5)]  # 23:00 UTC is 07:00 of the next day in Shanghai
    _, utc = clusters(frame, eps_m=20, min_incidents=4, time_zone="UTC")
    assert utc["last_on"].tolist() == [dt.date(2026, 3, 4)]


def test_none_and_only_noise_are_answers() -> None:
    for frame in (
        incidents(np.empty((0, 2)), reported_at=pd.DatetimeIndex([], tz="UTC")),
        incidents(np.array([(0, 0), (900, 0)])),
    ):
        labels, found = clusters(frame, eps_m=20, min_incidents=3)
        assert len(found) == 0
        assert labels.tolist() == [-1] * len(frame)
        assert set(found.columns) == {
            "incidents",
            "places",
            "is_one_place",
            "top_category",
            "first_on",
            "last_on",
            "geometry",
        }
        assert found.index.name == "cluster"


def test_bad_input_is_refused() -> None:
    good = incidents(np.zeros((4, 2)))
    with pytest.raises(BadSettingError, match="eps_m"):
        clusters(good, eps_m=0, min_incidents=3)
    with pytest.raises(BadSettingError, match="min_incidents"):
        clusters(good, eps_m=10, min_incidents=1)
    with pytest.raises(BadSettingError, match="zone"):
        clusters(good.assign(reported_at=pd.Timestamp("2026-03-01")), eps_m=10, min_incidents=3)
    with pytest.raises(MissingColumnsError, match="category"):
        clusters(good.drop(columns="category"), eps_m=10, min_incidents=3)
    with pytest.raises(WrongGeometryError):
        clusters(
            good.set_geometry(degrees([shapely.LineString([(0, 0), (1, 1)])] * 4).to_numpy()), eps_m=10, min_incidents=3
        )


def test_the_frame_is_not_changed() -> None:
    frame = incidents(planted(6)[0])
    copy = frame.copy(deep=True)
    clusters(frame, eps_m=40, min_incidents=8)
    pd.testing.assert_frame_equal(frame, copy)


def test_the_same_clusters_come_out_of_real_requests(shared) -> None:  # type: ignore[no-untyped-def]
    rows = pd.read_csv(
        shared / "incidents" / "boston_311_2015.csv.gz", usecols=["OPEN_DT", "TYPE", "LATITUDE", "LONGITUDE"]
    )
    rows = rows.iloc[::15]
    frame = gpd.GeoDataFrame(
        {"category": rows["TYPE"], "reported_at": pd.to_datetime(rows["OPEN_DT"]).dt.tz_localize("UTC")},
        geometry=gpd.points_from_xy(rows["LONGITUDE"], rows["LATITUDE"]),
        crs=4326,
    )
    labels, found = clusters(frame, eps_m=80, min_incidents=12)
    xy = shapely.get_coordinates(frame.to_crs(32619).geometry.to_numpy())  # the zone the service chooses there
    plain = DBSCAN(eps=80, min_samples=12).fit(xy)
    core = plain.core_sample_indices_
    assert adjusted_rand_score(plain.labels_[core], labels.to_numpy()[core]) == 1
    assert found["incidents"].sum() == (labels >= 0).sum() == (plain.labels_ >= 0).sum()
