"""Plans: written whole, shapes equal to their cells, published so that no day has two plans or none."""

import dataclasses
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from data.postgis.engine import WRITER, open_engine, reading, transaction
from data.stores import cells as cell_store
from data.stores import grids as grid_store
from data.stores import plans as plan_store
from data.stores._values import RefusedRowsError
from data.stores.plans import MismatchError, PlanGeometry
from geo.errors import ConflictError, NotFoundError
from tests.fixtures.small_town import (
    COMMUNITIES,
    COUNTY,
    PUBLISHED_ON,
    draw_cells,
    draw_plan,
    publish_draft,
    write_small_town,
)  # fmt: skip
from tests.store.kept import Kept, kept_cells, plain, undoing

A, B, C, D = COMMUNITIES
JULY = date(2026, 7, 1)
FOREVER = date(9999, 1, 1)


def draft(conn: Connection, *communities: str, scheme: str = "general") -> int:
    plan_id = plan_store.create_plan(
        conn, area_code=COUNTY, scheme=scheme, name="新方案", seed=3, method="by hand/1", report={"measures": {}}
    )
    plan_store.write_grids(conn, plan_id, part_of_plan(*communities))
    return plan_id


def part_of_plan(*communities: str) -> PlanGeometry:
    return draw_plan(draw_cells(), communities=communities)


def held(conn: Connection, area_code: str) -> list[tuple[int, date | None, date | None]]:
    query = text(
        "SELECT plan_id, lower(valid), upper(valid) FROM plan_areas WHERE area_code = :area"
        " ORDER BY lower(valid), plan_id"
    )
    return [tuple(row) for row in conn.execute(query, {"area": area_code})]


# -- what is written ---------------------------------------------------------------------------


def test_a_stored_shape_is_its_cells_dissolved(conn: Connection, kept: Kept) -> None:
    """PostGIS's own union of the stored cells, set against every stored polygon."""
    for parts, cells_of, key in (
        ("grids", "plan_cells", "grid_id"),
        ("zones", "zone_cells", "zone_id"),
        ("household_units", "unit_cells", "unit_id"),
    ):
        query = text(
            f"SELECT p.{key}, ST_Equals(p.geometry, u.geometry), ST_Area(ST_SymDifference(p.geometry, u.geometry))"
            f" FROM {parts} p JOIN (SELECT {key}, ST_Union(c.geometry) AS geometry FROM {cells_of} JOIN cells c"
            f" USING (cell_id) GROUP BY {key}) u USING ({key})"
        )
        rows = conn.execute(query).all()
        assert len(rows) == {"grids": 6, "zones": 12, "household_units": 6}[parts]
        assert all(same and area == 0 for _, same, area in rows)


@st.composite
def assignments(draw: st.DrawFn) -> pd.Series:
    """Any map of A's sixteen cells to up to five grids, and any order of its rows."""
    labels = draw(st.lists(st.integers(0, 4), min_size=16, max_size=16))
    return pd.Series(labels, index=pd.Index(range(1, 17), name="cell_id"), name="grid").loc[
        draw(st.permutations(range(1, 17)))
    ]


def dissolved(assignment: pd.Series) -> PlanGeometry:
    """A plan of one zone and one unit a grid, straight from an assignment."""
    mine = draw_cells().loc[assignment.index]
    groups = mine.groupby(assignment)
    shapes = {label: shapely.coverage_union_all(group.geometry.to_numpy()) for label, group in groups}
    labels = pd.Index(list(shapes), name="grid")
    figures = groups[["households", "people"]].sum().loc[labels]
    frame = gpd.GeoDataFrame(figures, geometry=[shapes[label] for label in labels], crs=mine.crs)
    frame["grid_code"] = [f"{A}{label + 1:03d}" for label in labels]
    zones = frame.assign(grid=labels, zone_code=frame["grid_code"] + "001", name="区")
    units = frame.assign(grid=labels, unit_code=frame["grid_code"] + "0001")
    grids = frame.assign(area_code=A, name="格", kind="general", exception=None)
    unit_cells = pd.DataFrame({"unit": assignment.to_numpy(), "cell_id": assignment.index, "households": 30})
    return PlanGeometry(grids, assignment, zones, assignment, units, unit_cells)


@pytest.fixture(scope="module")
def shared_engine(kept: Kept) -> Iterator[Engine]:
    engine = open_engine(kept.url, role=WRITER)
    yield engine
    engine.dispose()


@given(assignment=assignments(), swap=st.randoms(use_true_random=False))
@settings(max_examples=12)
def test_any_plan_comes_back_as_it_was_made(shared_engine: Engine, assignment: pd.Series, swap: object) -> None:
    made = dissolved(assignment)
    order = list(made.grids.index)
    swap.shuffle(order)  # type: ignore[attr-defined]  # a random.Random that hypothesis steers
    shuffled = dataclasses.replace(made, grids=made.grids.loc[order], zones=made.zones.loc[order])
    with undoing(shared_engine) as conn:
        plan_id = plan_store.create_plan(conn, area_code=A, name="试", seed=1, method="x", report={})
        plan_store.write_grids(conn, plan_id, shuffled)
        grids = grid_store.read_grids(conn, plan_id)
        by_code = grid_store.read_assignment(conn, plan_id).map(grids["grid_code"])
        assert by_code.to_dict() == assignment.map(made.grids["grid_code"]).to_dict()
        assert grids["grid_code"].is_monotonic_increasing
        kept_shapes = grids.set_index("grid_code").geometry
        for code, shape in made.grids.set_index("grid_code").geometry.items():
            assert shapely.equals_identical(kept_shapes[code], shapely.multipolygons([shape]) if
                                            shape.geom_type == "Polygon" else shape)  # fmt: skip
        assert grids["households"].sum() == 16 * 30
        cells = cell_store.read_cells(conn).geometry
        union = shapely.union_all(kept_shapes.to_numpy())
        assert union.equals(shapely.union_all(cells.loc[assignment.index].to_numpy()))
        zone_of, in_units = kept_cells(conn, plan_id)
        zones = grid_store.read_zones(conn, plan_id)
        assert (zone_of.map(zones["grid_code"]) == by_code.reindex(zone_of.index)).all()
        assert in_units == 16 * 30


def test_ids_do_not_hang_on_row_order(undone: Connection) -> None:
    plan = part_of_plan(A, B)
    turned = dataclasses.replace(
        plan, grids=plan.grids.iloc[::-1], zones=plan.zones.iloc[::-1], plan_cells=plan.plan_cells.iloc[::-1]
    )
    orders = []
    for made in (plan, turned):
        plan_id = plan_store.create_plan(undone, area_code=COUNTY, name="试", seed=1, method="x", report={})
        plan_store.write_grids(undone, plan_id, made)
        grids = grid_store.read_grids(undone, plan_id)
        cells = grid_store.read_assignment(undone, plan_id)
        orders.append(
            (grids["grid_code"].to_numpy()[np.argsort(grids.index)].tolist(), cells.map(grids["grid_code"]).to_dict())
        )
    assert orders[0] == orders[1]


def test_a_plan_says_what_it_is(conn: Connection, kept: Kept) -> None:
    plan = plan_store.read_plan(conn, kept.town.plan_id)
    assert plan["area_name"] == "云岭县"
    assert (plan["state"], plan["valid_from"], plan["valid_to"]) == ("published", PUBLISHED_ON, None)
    assert (plan["grids"], plan["households"], plan["revision"], plan["seed"]) == (6, 6 * 240, 1, 7)
    assert plan["document_number"] == "云政办〔2026〕1号"
    assert plan["report"] == {"measures": {"grids": 6}, "exceptions": []}
    counts = grid_store.count_parts(conn, kept.town.plan_id)
    assert plain(counts.reset_index(drop=True)) == [(row, 2, 1, 8) for row in range(6)]


def test_a_plan_is_as_large_as_what_lies_within(conn: Connection, kept: Kept) -> None:
    for within, grids in (("*", 6), ("529901", 6), ("529901001", 4), (C, 2)):
        (listed,) = plan_store.list_plans(conn, within=within)
        plan = plan_store.read_plan(conn, kept.town.plan_id, within=within)
        for row in (listed, plan):
            assert (row["grids"], row["households"]) == (grids, grids * 240)
    assert plan_store.list_plans(conn, within=D) == []
    with pytest.raises(NotFoundError):
        plan_store.read_plan(conn, kept.town.plan_id, within=D)


def test_writing_again_replaces_and_raises_the_revision(undone: Connection) -> None:
    plan_id = draft(undone, A, B)
    assert plan_store.read_plan(undone, plan_id)["revision"] == 1
    plan_store.write_grids(undone, plan_id, part_of_plan(A))
    assert plan_store.read_plan(undone, plan_id)["revision"] == 2
    grids = grid_store.read_grids(undone, plan_id)
    assert set(grids["area_code"]) == {A}
    assert set(grids["revision"]) | set(grid_store.read_zones(undone, plan_id)["revision"]) == {2}


def test_a_plan_that_was_published_is_not_written_or_deleted(undone: Connection, kept: Kept) -> None:
    with pytest.raises(ConflictError, match="published"):
        plan_store.write_grids(undone, kept.town.plan_id, part_of_plan(A))
    with pytest.raises(ConflictError, match="published"):
        plan_store.delete_plan(undone, kept.town.plan_id)


@pytest.mark.parametrize("call", [plan_store.read_plan, plan_store.delete_plan])
def test_a_plan_that_is_not_there(undone: Connection, call: object) -> None:
    with pytest.raises(NotFoundError, match="999"):
        call(undone, 999)  # type: ignore[operator]  # both take a connection and an id


def test_an_area_that_is_not_there(undone: Connection) -> None:
    with pytest.raises(NotFoundError, match="529999999999"):
        plan_store.create_plan(undone, area_code="529999999999", name="试", seed=1, method="x", report={})


def test_parts_that_do_not_fit_are_refused(undone: Connection) -> None:
    plan = part_of_plan(A)
    for wrong in (
        dataclasses.replace(plan, plan_cells=plan.plan_cells.replace(0, 77)),
        dataclasses.replace(plan, zones=plan.zones.assign(grid=77)),
        dataclasses.replace(plan, zone_cells=plan.zone_cells.replace(0, 77)),
        dataclasses.replace(plan, unit_cells=plan.unit_cells.assign(unit=77)),
    ):
        with undone.begin_nested() as attempt:
            plan_id = plan_store.create_plan(undone, area_code=A, name="试", seed=1, method="x", report={})
            with pytest.raises(MismatchError, match="77"):
                plan_store.write_grids(undone, plan_id, wrong)
            attempt.rollback()


def test_a_cell_in_two_grids_is_refused(kept: Kept) -> None:
    plan = part_of_plan(A)
    twice = pd.concat([plan.plan_cells, plan.plan_cells.iloc[:1]])
    refused = pytest.raises(RefusedRowsError, match="plan_cells_pkey")
    with refused, transaction(kept.engines[WRITER], actor="t", action="t") as conn:
        plan_id = plan_store.create_plan(conn, area_code=A, name="试", seed=1, method="x", report={})
        plan_store.write_grids(conn, plan_id, dataclasses.replace(plan, plan_cells=twice))


def test_codes_ever_used(undone: Connection) -> None:
    published = plan_store.used_grid_codes(undone)
    assert len(published) == 6
    plan = part_of_plan(A)
    fresh = dataclasses.replace(plan, grids=plan.grids.assign(grid_code=[f"{A}011", f"{A}012"]))
    plan_id = plan_store.create_plan(undone, area_code=A, name="试", seed=1, method="x", report={})
    plan_store.write_grids(undone, plan_id, fresh)
    assert plan_store.used_grid_codes(undone, within=A) == [f"{A}001", f"{A}002", f"{A}011", f"{A}012"]
    assert set(grid_store.read_codes(undone, "grid_code")) == {*published, f"{A}011", f"{A}012"}


# -- what holds on a day -----------------------------------------------------------------------


def test_who_holds_on_a_day(conn: Connection, kept: Kept) -> None:
    plan_id = kept.town.plan_id
    for area_code, on, expected in (
        (A, PUBLISHED_ON, plan_id),
        (A, date(2025, 12, 31), None),
        (A, FOREVER, plan_id),
        (D, JULY, None),
        (COUNTY, JULY, plan_id),
    ):
        assert plan_store.plan_on(conn, area_code=area_code, on=on) == expected
    assert plan_store.plan_on(conn, area_code=A, on=JULY, scheme="finer") is None
    assert plan_store.plans_on(conn, on=JULY) == [plan_id]
    assert plan_store.plans_on(conn, on=JULY, within=D) == []
    assert len(grid_store.read_published(conn, JULY)) == 6
    assert len(grid_store.read_published(conn, date(2025, 12, 31))) == 0
    assert len(grid_store.read_published_zones(conn, JULY)) == 12
    assert grid_store.read_published(conn, JULY)["community"].unique().tolist() == ["云溪社区", "桥头社区", "河东社区"]


def test_a_new_plan_ends_the_one_before(undone: Connection, kept: Kept) -> None:
    new = draft(undone, A, B, C)
    publish_draft(undone, new, valid_from=JULY)
    old = plan_store.read_plan(undone, kept.town.plan_id)
    assert (old["state"], old["valid_from"], old["valid_to"]) == ("superseded", PUBLISHED_ON, JULY)
    for area_code in (A, B, C):
        assert held(undone, area_code) == [(kept.town.plan_id, PUBLISHED_ON, JULY), (new, JULY, None)]
    assert plan_store.plan_on(undone, area_code=A, on=date(2026, 6, 30)) == kept.town.plan_id
    assert plan_store.plan_on(undone, area_code=A, on=JULY) == new


def test_a_plan_replaced_in_part_goes_on_elsewhere(undone: Connection, kept: Kept) -> None:
    new = draft(undone, A)
    publish_draft(undone, new, valid_from=JULY)
    assert plan_store.read_plan(undone, kept.town.plan_id)["state"] == "published"
    grids = grid_store.read_published(undone, JULY)
    assert grids.groupby("area_code")["plan_id"].unique().map(list).to_dict() == {
        A: [new],
        B: [kept.town.plan_id],
        C: [kept.town.plan_id],
    }
    rest = draft(undone, B, C)
    publish_draft(undone, rest, valid_from=date(2026, 8, 1))
    old = plan_store.read_plan(undone, kept.town.plan_id)
    assert (old["state"], old["valid_to"]) == ("superseded", date(2026, 8, 1))


def test_a_plan_replaced_on_its_first_day_held_on_none(undone: Connection) -> None:
    first, second = draft(undone, D), draft(undone, D)
    publish_draft(undone, first, valid_from=JULY)
    publish_draft(undone, second, valid_from=JULY)
    plan = plan_store.read_plan(undone, first)
    assert (plan["state"], plan["valid_from"], plan["valid_to"]) == ("superseded", None, None)
    assert plan_store.plan_on(undone, area_code=D, on=JULY) == second


@given(days=st.lists(st.dates(date(2026, 1, 2), date(2028, 1, 1)), min_size=1, max_size=4))
@settings(max_examples=8)
def test_no_day_has_two_plans_or_none(shared_engine: Engine, days: list[date]) -> None:
    """Whatever is published in whatever order: refused, or every day since the first has exactly one plan."""
    with undoing(shared_engine) as conn:
        for day in days:
            plan_id = draft(conn, A)
            try:
                publish_draft(conn, plan_id, valid_from=day)
            except ConflictError:
                assert any(other > day for other in days)
        rows = [row for row in held(conn, A) if row[1] is not None]
        assert rows[0][1] == PUBLISHED_ON
        assert rows[-1][2] is None
        assert all(before[2] == after[1] for before, after in pairwise(rows))


def test_publishing_before_a_later_plan_is_refused(undone: Connection) -> None:
    publish_draft(undone, draft(undone, A), valid_from=JULY)
    late = draft(undone, A, B)
    with pytest.raises(ConflictError, match="another plan begins on 2026-07-01"):
        publish_draft(undone, late, valid_from=date(2026, 6, 1))


def test_a_plan_is_published_once(undone: Connection) -> None:
    plan_id = draft(undone, A)
    publish_draft(undone, plan_id, valid_from=JULY)
    with pytest.raises(ConflictError, match="published"):
        plan_store.publish(undone, plan_id, valid_from=date(2026, 8, 1), document_number=None)


def test_a_draft_and_an_empty_plan_are_not_published(undone: Connection) -> None:
    with pytest.raises(ConflictError, match="it is draft"):
        plan_store.publish(undone, draft(undone, A), valid_from=JULY, document_number=None)
    empty = plan_store.create_plan(undone, area_code=A, name="空", seed=1, method="x", report={})
    with pytest.raises(ConflictError, match="no grids"):
        publish_draft(undone, empty, valid_from=JULY)


def test_a_plan_outside_the_scope_is_not_found(undone: Connection) -> None:
    plan_id = draft(undone, A)
    undone.execute(text("SELECT set_config('wangge.scope', '529901001', true)"))
    with pytest.raises(NotFoundError):  # the plan is the county's
        publish_draft(undone, plan_id, valid_from=JULY)


def test_another_scheme_lies_over_the_same_ground(undone: Connection, kept: Kept) -> None:
    finer = draft(undone, A, scheme="finer")
    publish_draft(undone, finer, valid_from=JULY)
    assert plan_store.plan_on(undone, area_code=A, on=JULY) == kept.town.plan_id
    assert plan_store.plan_on(undone, area_code=A, on=JULY, scheme="finer") == finer


# -- broken on purpose: the database refuses, not code ------------------------------------------


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        # Two plans on one day.
        ("INSERT INTO plan_areas SELECT :new, area_code, scheme, '[2026-06-01,)' FROM plan_areas WHERE area_code = :a",
         "plan_areas_one_plan_a_day_excl"),
        # A gap of a month, and a last plan that ends.
        ("UPDATE plan_areas SET valid = '[2026-01-01,2026-06-01)' WHERE area_code = :a AND plan_id = :old",
         "without a plan"),
        ("UPDATE plan_areas SET valid = '[2026-07-01,2027-01-01)' WHERE plan_id = :late", "without a plan"),
        # Published without communities, communities without being published, days outside the plan's.
        ("DELETE FROM plan_areas WHERE plan_id = :old", "exactly when it is published"),
        ("INSERT INTO plan_areas VALUES (:new, :d, 'general', '[2026-06-01,)')", "exactly when it is published"),
        ("UPDATE plans SET state = 'published', valid = '[2026-06-01,)' WHERE plan_id = :new", "draft to published"),
        ("UPDATE plans SET state = 'draft', valid = NULL WHERE plan_id = :old", "from published to draft"),
        ("UPDATE plan_areas SET scheme = 'finer' WHERE plan_id = :old", "outside its own days or scheme"),
        ("UPDATE plans SET valid = '[2026-03-01,)' WHERE plan_id = :old", "outside its own days or scheme"),
        ("UPDATE plans SET valid = NULL WHERE plan_id = :old", "plans_dated_check"),
    ],
)  # fmt: skip
def test_the_database_keeps_the_days(kept: Kept, statement: str, rule: str) -> None:
    with undoing(kept.engines[WRITER]) as conn:
        new, late = draft(conn, A), draft(conn, A)
        publish_draft(conn, late, valid_from=JULY)
        names = {"new": new, "late": late, "old": kept.town.plan_id, "a": A, "d": D}
        used = {name: value for name, value in names.items() if f":{name}" in statement}
        with pytest.raises(IntegrityError, match=rule):
            conn.execute(text(f"{statement}; SET CONSTRAINTS ALL IMMEDIATE"), used)


def test_a_gap_is_refused_at_commit(writer: Engine) -> None:
    """Without anyone asking for it: the trigger is deferred, not optional."""
    write_small_town(writer)
    with pytest.raises(IntegrityError, match="without a plan"):  # noqa: SIM117  the refusal comes from the commit
        with transaction(writer, actor="t", action="t") as conn:
            conn.execute(text("UPDATE plan_areas SET valid = '[2026-01-01,2026-06-01)' WHERE area_code = :a"), {"a": A})
    with reading(writer) as conn:
        assert held(conn, A) == [(1, PUBLISHED_ON, None)]
