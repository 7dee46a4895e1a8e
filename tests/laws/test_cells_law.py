"""Laws of cells: whatever the town, ground is tiled, households are kept, row order is nothing, borders are true."""

from dataclasses import replace

import numpy as np
import pandas as pd
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import affinity

from geo.adjacency import borders_between
from geo.cells import cells_from_ground
from geo.cover import cover_findings, dissolve
from tests.fixtures.drawn import Drawn, draw, frame, metres, streets

SIDE = 20
SETTINGS = settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
place = st.floats(0, SIDE, allow_nan=False).map(lambda value: round(value, 2))
size = st.sampled_from([0.02, 0.3, 1.0, 2.5, 6.0])


@st.composite
def buildings(draw_: st.DrawFn) -> shapely.Polygon:
    """A box, a turned one, a ring or a bow tie anywhere, across lines and outlines too."""
    x, y, width, depth = draw_(place), draw_(place), draw_(size), draw_(size)
    shape = shapely.box(x, y, x + width, y + depth)
    form = draw_(st.sampled_from(["box", "turned", "ring", "bow"]))
    if form == "turned":
        return affinity.rotate(shape, draw_(st.integers(0, 89)))
    if form == "ring":
        return shape.difference(affinity.scale(shape, 0.6, 0.6))
    return shapely.Polygon([(x, y), (x + width, y + depth), (x + width, y), (x, y + depth)]) if form == "bow" else shape


@st.composite
def lines(draw_: st.DrawFn) -> shapely.LineString:
    """A way of two to four vertices that may begin and end anywhere."""
    return shapely.LineString(draw_(st.lists(st.tuples(place, place), min_size=2, max_size=4, unique=True)))


@st.composite
def towns(draw_: st.DrawFn) -> Drawn:
    """Two or three communities of 200 m with roads, rails, water, compounds and gates thrown at them."""
    town = draw("\n".join(["." * SIDE] * SIDE), split_at=draw_(st.sampled_from([[9], [7, 13]])))
    houses = draw_(st.lists(buildings(), max_size=14))
    ways = draw_(
        st.lists(st.tuples(lines(), st.sampled_from(["motorway", "trunk", "primary", "service", "path"])), max_size=6)
    )
    bars = draw_(st.lists(st.tuples(lines(), st.sampled_from(["rail", "wall", "water"])), max_size=3))
    ponds = [shape.convex_hull for shape in draw_(st.lists(buildings(), max_size=2))]
    yards = [shape.convex_hull for shape in draw_(st.lists(buildings(), max_size=2))]
    counts = draw_(st.lists(st.integers(0, 900), min_size=len(houses), max_size=len(houses)))
    bridges = draw_(st.lists(st.booleans(), min_size=len(ways), max_size=len(ways)))
    kinds = [kind for _, kind in ways]
    return replace(
        town,
        buildings=frame("building_id", houses, households=counts, people=[3 * count + 1 for count in counts]),
        streets=streets(
            [way for way, _ in ways],
            road_class=kinds,
            is_bridge=bridges,
            is_walkable=[kind != "motorway" for kind in kinds],
        ),
        barriers=frame(
            "barrier_id",
            [*(bar for bar, _ in bars), *ponds],
            kind=[*(kind for _, kind in bars), *("water" for _ in ponds)],
        ),
        compounds=frame("compound_id", yards, kind=["walled", "old_quarter"][: len(yards)]),
        gates=frame(
            "gate_id",
            [yard.boundary.interpolate(0.3) for yard in yards],
            compound_id=pd.array(range(1, len(yards) + 1), dtype="Int64"),
        ),
    )


@SETTINGS
@given(towns(), st.sampled_from([None, 200]))
def test_cells_tile_every_community_and_keep_every_household(town: Drawn, households_max: int | None) -> None:
    cells = cells_from_ground(*town.ground, households_max=households_max)
    assert set(cells.geom_type) == {"Polygon"}
    assert cells.is_valid.all()
    assert shapely.coverage_is_valid(cells.geometry.to_numpy())
    area_m2 = metres(cells).area.groupby(cells["area_code"]).sum()
    assert (area_m2 / metres(town.areas).area - 1).abs().max() < 1e-6
    for code, outline in metres(town.areas).items():
        ground = shapely.union_all(metres(cells[cells["area_code"] == code]).to_numpy())
        assert ground.symmetric_difference(outline).area < 1e-6 * outline.area
    inside = town.buildings.drop(index=cells.attrs["outside"])
    assert cells[["households", "people"]].sum().tolist() == inside[["households", "people"]].sum().tolist()
    assert set(cells["building_id"].dropna()) | set(cells.attrs["joined"]) == set(inside.index)
    if households_max is None:
        assert cells["building_id"].dropna().is_unique
    else:
        shares = cells[(cells["kind"] == "share") & ~cells["building_id"].isin(cells.attrs["joined"])]
        assert (shares["households"] <= households_max).all()


@SETTINGS
@given(towns(), st.integers(0, 99))
def test_row_order_does_not_matter(town: Drawn, seed: int) -> None:
    cells = cells_from_ground(*town.ground, households_max=200)
    again = cells_from_ground(*(part.sample(frac=1, random_state=seed) for part in town.ground), households_max=200)
    assert_geodataframe_equal(cells, again)


@SETTINGS
@given(towns())
def test_borders_are_the_rook_neighbours_of_shapely_and_sound_on_foot(town: Drawn) -> None:
    cells = cells_from_ground(*town.ground)
    borders = borders_between(cells, town.streets, town.barriers, town.gates, town.compounds)
    assert (borders["cell_a"] < borders["cell_b"]).all()
    assert not borders.duplicated(["cell_a", "cell_b"]).any()
    shapes = metres(cells).to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    shared_m = shapely.length(shapely.intersection(shapely.set_precision(shapes[one], 0), shapes[other]))
    wanted = {(int(a) + 1, int(b) + 1): m for a, b, m in zip(one, other, shared_m, strict=True) if m > 1e-3}
    found = borders[borders["kind"] != "passage"].set_index(["cell_a", "cell_b"])["length_m"].to_dict()
    assert set(wanted) <= set(found)
    assert all(abs(found[pair] - wanted.get(pair, 0.0)) < 0.01 for pair in found)
    water = cells.index[cells["kind"] == "water"]
    wet = borders["cell_a"].isin(water) | borders["cell_b"].isin(water)
    assert not borders.loc[wet, "is_walkable"].any()
    assert borders.loc[borders["kind"] == "passage", "is_walkable"].all()


@SETTINGS
@given(towns(), st.integers(1, 6), st.integers(0, 99))
def test_any_assignment_dissolves_to_a_whole_cover_and_any_loss_is_found(town: Drawn, count: int, seed: int) -> None:
    cells = cells_from_ground(*town.ground)
    rng = np.random.default_rng(seed)
    label = pd.Series([f"{code}-{rng.integers(count)}" for code in cells["area_code"]], index=cells.index)
    grids = dissolve(cells, label)
    assert grids["households"].sum() == cells["households"].sum()
    assert grids["cells"].sum() == len(cells)
    inside = town.buildings.drop(index=cells.attrs["outside"])
    assert cover_findings(town.areas, grids, inside).empty
    lost = grids.drop(index=rng.choice(grids.index))
    assert "gap" in set(cover_findings(town.areas, lost, inside)["finding"])
