"""Pockets of homes that nothing reaches: who is in them, how they are told apart and what they are called."""

import pandas as pd
import pytest

from geo.errors import BadSettingError, MissingColumnsError
from geo.network import walk_network
from geo.pockets import pockets_of
from geo.reach import nearest
from geo.scene import scene_of
from tests.fixtures.walkground import buildings, metres, stations, streets

PACE = {"speed_m_per_s": 1.0}


def town():  # type: ignore[no-untyped-def]  # a frame and a scene
    homes = buildings((0, 5), (500, 5), (760, 5), (800, 5), (1400, 5), (1480, 5), households=[5, 10, 20, 7, 0, 4])
    homes["compound_id"] = pd.array([1, 2, 2, pd.NA, 3, 3], dtype="Int64")
    return homes, scene_of(walk_network(streets([(-100, 0), (900, 0)], [(900, 0), (2000, 0)])), homes)


def test_homes_of_one_compound_or_near_each_other_are_one_pocket() -> None:
    homes, scene = town()
    near = nearest(stations((0, 0)), scene, **PACE)["walk_min"]
    made = pockets_of(homes, ~(near <= 5), near, scene=scene)
    # 500 and 760 m are one compound, 800 m is 40 m from its house; 1,400 m is no home; 1,480 m stands alone
    assert made["building_ids"].tolist() == [(2, 3, 4), (6,)]
    assert made["households"].tolist() == [37, 4]
    assert made["people"].tolist() == [3 * 37, 3 * 4]
    assert made["buildings"].tolist() == [3, 1]
    assert made["compound_id"].tolist() == [2, 3]
    assert made["street"].tolist() == ["street 0", "street 1"]
    assert (made["nearest_min"] * 60).round(3).tolist() == [505, 1485]
    assert made.index.tolist() == [1, 2]
    ground = metres(made)
    assert ground.iloc[0].covers(metres(homes).iloc[1])
    assert ground.iloc[1].covers(metres(homes).iloc[5])
    assert made.is_valid.all()


def test_neighbours_of_two_communities_are_two_pockets() -> None:
    homes, scene = town()
    homes["area_code"] = ["a", "a", "a", "b", "b", "b"]
    made = pockets_of(homes, pd.Series(True, index=homes.index), pd.Series(dtype=float), scene=scene)
    assert made["building_ids"].tolist() == [(2, 3), (4,), (1,), (6,)]
    assert made["nearest_min"].isna().all()


def test_where_all_are_reached_there_is_no_pocket() -> None:
    homes, scene = town()
    made = pockets_of(homes, pd.Series(False, index=homes.index), pd.Series(dtype=float), scene=scene)
    assert len(made) == 0
    assert made.crs == "EPSG:4326"


def test_bad_questions_are_refused() -> None:
    homes, _ = town()
    with pytest.raises(BadSettingError):
        pockets_of(homes, pd.Series(dtype=bool), pd.Series(dtype=float), apart_m=0)
    with pytest.raises(MissingColumnsError):
        pockets_of(homes.drop(columns="compound_id"), pd.Series(dtype=bool), pd.Series(dtype=float))
