"""Plans of larger towns: everything in band, or with a certificate the verifier believes."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import to_metric
from tests.fixtures.lattice import lattice
from tests.unit.test_partition import certificates, mosaic, proposed


@pytest.mark.parametrize(("columns", "rows", "high"), [(50, 40, 120), (100, 50, 120), (70, 70, 12)])
def test_a_lattice_is_all_in_band(columns: int, rows: int, high: int) -> None:
    plan = proposed(lattice(mosaic(columns, rows, 1, high)))
    assert plan.exceptions.empty


def test_heavy_cells_fit_or_are_proved_not_to() -> None:
    # Mean 150 households a cell: one to five cells a grid, and some cells that no grid can hold.
    plan = proposed(lattice(mosaic(30, 30, 1, 300)))
    assert set(certificates(plan)) <= {"cells_without_grids"}
    assert len(plan.exceptions) < 0.01 * len(plan.grids)


def test_a_narrow_band_is_kept_too() -> None:
    plan = proposed(lattice(mosaic(30, 30, 1, 120)), band=(380, 420))
    assert plan.exceptions.empty


def test_another_band_is_kept_too() -> None:
    assert proposed(lattice(mosaic(30, 30, 0, 40)), band=(1200, 1500)).exceptions.empty


def test_a_town_of_gated_compounds() -> None:
    # Compounds of 5 x 5 cells behind walls; each wall has a gate to the west or north neighbour.
    compounds = {(x, y): x // 5 + 10 * (y // 5) for x in range(40) for y in range(30)}

    def is_wall(a: tuple[int, int], b: tuple[int, int]) -> bool:
        return compounds[a] != compounds[b] and (a[0] % 5 != 2 and a[1] % 5 != 2)

    # Some 160 households a compound: two or three make a grid.
    cells, borders = lattice(mosaic(40, 30, 1, 12), compounds=compounds, is_wall=is_wall)
    plan = proposed((cells, borders))
    assert plan.exceptions.empty
    whole = plan.assignment.groupby(cells["compound_id"]).nunique().eq(1)
    assert whole.mean() > 0.9


def test_a_broken_town_has_only_certified_exceptions() -> None:
    # Half of all ways are closed at random: many pockets, dead ends and pieces too small.
    draws = np.random.default_rng(3)
    cells, borders = lattice(mosaic(40, 40, 0, 120))
    borders["is_walkable"] = draws.random(len(borders)) < 0.6
    plan = proposed((cells, borders))
    assert set(certificates(plan)) <= {
        "piece_outside_band", "cells_without_grids", "piece_without_division", "unpeopled_piece"
    }  # fmt: skip


def test_real_small_areas_of_keelung(shared) -> None:
    # Statistics areas of 2017 (H_CNT: households; null is none); rook neighbours, all walkable.
    areas = gpd.read_parquet(shared / "smallareas" / "taiwan_keelung_2017.parquet")
    shapes = to_metric(areas.geometry.make_valid()).to_numpy()
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    a, b = a[a < b], b[a < b]
    length = shapely.length(shapely.intersection(shapely.boundary(shapes[a]), shapely.boundary(shapes[b])))
    rook = length > 0.5
    borders = pd.DataFrame(
        {"cell_a": a[rook], "cell_b": b[rook], "length_m": length[rook], "kind": "road", "is_walkable": True}
    )
    cells = gpd.GeoDataFrame(
        {
            "area_code": "100170000000",
            "kind": "building",
            "households": areas["H_CNT"].fillna(0).astype(int),
            "people": areas["P_CNT"].fillna(0).astype(int),
        },
        geometry=areas.geometry.make_valid(),
        crs=4326,
    )
    plan = proposed((cells, borders))
    above = int((cells["households"] > 500).sum())
    assert certificates(plan) == ["cell_above_band"] * above
