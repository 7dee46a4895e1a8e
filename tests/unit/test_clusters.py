"""Clusters: those of scikit-learn's DBSCAN, whatever the order of rows and the ties, and what tells them apart."""

import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score

from geo.clusters import COLUMNS, REPORTER_COLUMNS, clusters
from geo.errors import BadPointError, BadSettingError, MissingColumnsError, WrongGeometryError
from geo.gathering import gathering
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
        assert found.columns.tolist() == [*COLUMNS, "geometry"]
        assert clusters(frame.assign(reporter="a"), eps_m=20, min_incidents=3)[1].columns.tolist() == [
            *COLUMNS,
            *REPORTER_COLUMNS,
            "geometry",
        ]
        assert found.index.name == "cluster"


def test_bad_input_is_refused() -> None:
    good = incidents(np.zeros((4, 2)))
    with pytest.raises(BadSettingError, match="eps_m"):
        clusters(good, eps_m=0, min_incidents=3)
    with pytest.raises(BadSettingError, match="min_incidents"):
        clusters(good, eps_m=10, min_incidents=1)
    with pytest.raises(BadSettingError, match="its time"):
        clusters(good.assign(reported_at=[NOON, NOON, NOON, pd.NaT]), eps_m=10, min_incidents=3)
    with pytest.raises(BadPointError, match="out of range"):
        clusters(good.set_geometry(gpd.points_from_xy([27.0] * 4, [107.0] * 4), crs=4326), eps_m=10, min_incidents=3)
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


def test_a_cluster_says_what_may_have_made_it() -> None:
    at = pd.to_datetime(["2026-03-01", "2026-03-01", "2026-03-01", "2026-03-02", "2026-03-05", "2026-03-09"], utc=True)
    frame = incidents(
        np.array([(0, 0), (0, 0), (0, 0), (6, 0), (6, 8), (3, 4)]),
        reported_at=at,
        category=["noise", "drain", "dog", "noise", "drain", "ash"],
        reporter=["a", "a", None, "a", "b", "a"],
    )
    _, found = clusters(frame, eps_m=20, min_incidents=4)
    told = found.iloc[0]
    assert (told["incidents"], told["places"], told["days"], told["reporters"]) == (6, 4, 4, 2)
    assert (told["top_place_share"], told["top_day_share"], told["top_reporter_share"]) == (0.5, 0.5, 4 / 6)
    # half is not more than half; and whose report it was is known of five, but four of all six are one's
    assert (told["is_one_place"], told["is_one_day"], told["is_one_reporter"]) == (False, False, True)
    assert told["top_categories"] == [("drain", 2), ("noise", 2), ("ash", 1)]
    assert told["top_category"] == "drain"
    assert told["across_m"] == pytest.approx(10, rel=1e-3)  # from (0, 0) to (6, 8)
    assert clusters(frame.iloc[:4], eps_m=20, min_incidents=4)[1]["is_one_day"].tolist() == [True]
    unknown = clusters(frame.assign(reporter=None), eps_m=20, min_incidents=4)[1].iloc[0]
    assert (unknown["reporters"], unknown["top_reporter_share"], unknown["is_one_reporter"]) == (0, 0, False)


def test_each_cluster_counts_its_own() -> None:
    rng = generator(7, "columns")
    xy = np.concatenate([planted(7)[0], planted(8)[0] + 5000])
    day = NOON + pd.to_timedelta(rng.integers(0, 9, len(xy)), unit="D")
    frame = incidents(np.round(xy / 20) * 20, reported_at=day, category=rng.choice(list("pqrs"), len(xy)))
    labels, found = clusters(frame, eps_m=40, min_incidents=8, time_zone="UTC")
    assert len(found) >= 6
    for cluster, members in frame.groupby(labels[labels >= 0]):
        told = found.loc[cluster]
        counts = members["category"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        assert told["top_categories"] == list(zip(counts.index[:3], counts[:3], strict=True))
        days, spots = members["reported_at"].dt.date, metres(members).round(1).to_wkt()
        assert (told["first_on"], told["last_on"], told["days"]) == (days.min(), days.max(), days.nunique())
        assert told["top_day_share"] == days.value_counts().max() / len(members)
        assert told["top_place_share"] == spots.value_counts().max() / len(members)
        assert told["places"] == spots.nunique()


def test_what_lies_round_the_earth_is_noise() -> None:
    here = incidents(np.zeros((5, 2)))
    there = gpd.points_from_xy([-72.0, -72.0, 17.7], [-10.0, -10.0, 0.0])  # a quarter of the way round and more
    frame = pd.concat([here, here.iloc[:3].set_geometry(there, crs=4326)], ignore_index=True)
    labels, found = clusters(frame, eps_m=10, min_incidents=2)
    assert labels.tolist()[:5] == [0] * 5
    assert labels.iloc[-1] == -1
    assert found["incidents"].iloc[0] == 5


def merged(xy: np.ndarray, eps_m: float, least: int) -> tuple[np.ndarray, np.ndarray]:
    """What scikit-learn finds, its points merged so that heavy ties do not fill the memory: labels and cores."""
    spots, of, count = np.unique(xy, axis=0, return_inverse=True, return_counts=True)
    found = DBSCAN(eps=eps_m, min_samples=least).fit(spots, sample_weight=count)
    is_core = np.isin(np.arange(len(spots)), found.core_sample_indices_)
    return found.labels_[of.reshape(-1)], is_core[of.reshape(-1)]


def assert_as_scikit_learn(xy: np.ndarray, eps_m: float, least: int) -> None:
    """The same cores, the same clusters of cores, the same noise."""
    found, (label, is_core) = gathering(xy, eps_m=eps_m, least=least), merged(xy, eps_m, least)
    np.testing.assert_array_equal(found.is_core, is_core)
    np.testing.assert_array_equal(found.label < 0, label < 0)
    pairs = np.unique(np.stack([found.label, label])[:, is_core], axis=1)
    assert len(pairs.T) == len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == label.max() + 1


@pytest.mark.parametrize("seed", [11, 12])
@pytest.mark.parametrize(("eps_m", "least"), [(20, 4), (60, 30), (400, 900), (3000, 9000)])
def test_cores_and_noise_are_those_of_scikit_learn(seed: int, eps_m: float, least: int) -> None:
    rng = generator(seed, "town")
    middle = rng.uniform(0, 6000, (12, 2))
    xy = np.concatenate([rng.normal(middle[rng.integers(0, 12, 9000)], 150), rng.uniform(0, 6000, (6000, 2))])
    xy[rng.integers(0, 15_000, 3000)] = xy[rng.integers(0, 40, 3000)]
    assert_as_scikit_learn(xy, eps_m, least)


@pytest.mark.parametrize("side_m", [0.1, 1 / 3, 10.0])
@pytest.mark.parametrize("eps", [1.0, 2**0.5, 5.0, 13.0])
def test_exactly_as_far_is_near_as_in_scikit_learn(side_m: float, eps: float) -> None:
    # its trees compare as we do, to the last bit; its algorithm "brute" rounds otherwise
    xy = generator(13, "lattice").integers(0, 80, (2500, 2)) * side_m + 471_000.3
    assert_as_scikit_learn(xy, eps * side_m, 9)


def test_rows_of_points_that_sort_badly_are_sorted_all_the_same() -> None:
    rng = generator(14, "lines")
    for axis in (0, 1):
        xy = np.zeros((3000, 2))
        xy[:, axis] = rng.permutation(3000) / 10  # 0.1 m apart
        xy = np.concatenate([xy, [(1e9, 0), (-1e9, 0), (0, 1e9)]])  # so far off that all others are in one column
        found = gathering(xy, eps_m=0.15, least=3)
        assert (found.label[:3000] == 0).all()
        assert found.is_core[:3000].sum() == 2998
        assert found.label[3000:].tolist() == [-1, -1, -1]


def test_the_smallest_and_the_largest_are_answers() -> None:
    assert gathering(np.empty((0, 2)), eps_m=1, least=1).label.tolist() == []
    assert gathering(np.array([(3.0, 4.0)]), eps_m=1, least=1).label.tolist() == [0]
    assert gathering(np.array([(3.0, 4.0)]), eps_m=1, least=2).label.tolist() == [-1]
    xy = generator(15, "whole").uniform(0, 100, (500, 2))
    for eps_m in (1e-300, 1e-9):
        assert gathering(xy, eps_m=eps_m, least=1).label.max() == 499
    for eps_m in (150.0, 1e9, 1e300):
        for least, label in ((1, 0), (500, 0), (501, -1)):
            assert (gathering(xy, eps_m=eps_m, least=least).label == label).all()
    stacked = gathering(np.full((5000, 2), 7.0), eps_m=1e-3, least=5000)
    assert stacked.is_core.all()
    assert not gathering(np.full((5000, 2), 7.0), eps_m=1e-3, least=5001).is_core.any()


def test_gathering_refuses_what_it_cannot_measure() -> None:
    for xy in ([(np.nan, 0.0)], [(np.inf, 0.0)], [(0.0, -1e300)]):
        with pytest.raises(BadPointError, match="plane"):
            gathering(np.array(xy), eps_m=1, least=1)
    for bad in ({"eps_m": 0.0}, {"eps_m": float("inf")}, {"eps_m": float("nan")}, {"least": 0}):
        with pytest.raises(BadSettingError, match=next(iter(bad))):
            gathering(np.zeros((1, 2)), **({"eps_m": 1.0, "least": 1} | bad))  # type: ignore[arg-type]


def test_what_is_handed_in_is_not_changed() -> None:
    xy, weight = np.array([(5.0, 1.0), (0.0, 0.0), (5.0, 1.0)]), np.array([1, 2, 3])
    gathering(xy, eps_m=1, least=2, weight=weight)
    assert (xy.tolist(), weight.tolist()) == ([[5, 1], [0, 0], [5, 1]], [1, 2, 3])


@pytest.mark.parametrize(("eps_m", "least"), [(50, 10), (80, 150)])
def test_the_same_clusters_come_out_of_real_requests(shared: Path, eps_m: float, least: int) -> None:
    rows = pd.read_csv(
        shared / "incidents" / "boston_311_2015.csv.gz", usecols=["OPEN_DT", "TYPE", "LATITUDE", "LONGITUDE"]
    )
    frame = gpd.GeoDataFrame(
        {"category": rows["TYPE"], "reported_at": pd.to_datetime(rows["OPEN_DT"]).dt.tz_localize("UTC")},
        geometry=gpd.points_from_xy(rows["LONGITUDE"], rows["LATITUDE"]),
        crs=4326,
    )
    labels, found = clusters(frame, eps_m=eps_m, min_incidents=least)
    xy = shapely.get_coordinates(frame.to_crs(32619).geometry.to_numpy())  # the zone the service chooses there
    label, is_core = merged(xy, eps_m, least)
    np.testing.assert_array_equal(labels >= 0, label >= 0)
    assert adjusted_rand_score(label[is_core], labels[is_core]) == 1
    assert found["incidents"].sum() == (label >= 0).sum()
    assert len(found) == label.max() + 1


def test_real_reports_with_strays_far_away_are_no_trouble(shared: Path) -> None:
    rows = pd.read_csv(shared / "incidents" / "lancashire_antisocial_2020.csv.gz")
    places = gpd.GeoSeries.from_xy(rows["longitude"], rows["latitude"], crs=4326).to_crs(32630)
    xy = shapely.get_coordinates(places.to_numpy())
    assert np.ptp(xy, axis=0).max() > 200_000  # the county is some 100 km wide
    assert_as_scikit_learn(xy, 50, 40)
    assert_as_scikit_learn(xy, 500, 400)
