"""What is read of few communities, beside what was in memory, is what is read of all."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest
from geopandas.testing import assert_geodataframe_equal
from sqlalchemy import Connection, text

from api.planned import PlannedGrids, read_planned
from data.stores import grids as grid_store
from data.stores import plans as plan_store
from geo.lookup import GridIndex
from tests.fixtures.small_town import (
    COMMUNITIES,
    COUNTY,
    PUBLISHED_ON,
    SmallTown,
    draw_cells,
    draw_plan,
    publish_draft,
)

LATER = date(2026, 7, 1)
A, _, C = COMMUNITIES[:3]


def draw_anew(conn: Connection, communities: Sequence[str], valid_from: date, *, first: int) -> None:
    """Publish a plan of some communities whose grids are called otherwise."""
    plan = draw_plan(draw_cells(), communities=tuple(communities))
    plan.grids["name"] = [f"新{first + number}网格" for number in range(len(plan.grids))]
    plan_id = plan_store.create_plan(
        conn, area_code=COUNTY, scheme="general", name="再次划分", seed=7, method="by hand/1",
        report={"measures": {}, "exceptions": []}, created_by=None,
    )  # fmt: skip
    plan_store.write_grids(conn, plan_id, plan)
    publish_draft(conn, plan_id, valid_from=valid_from, document_number="云政办〔2026〕2号")


def latest(conn: Connection) -> date:
    """The last day from which on a plan holds: none may begin before it."""
    return conn.scalar(text("SELECT max(lower(valid)) FROM plan_areas")) or PUBLISHED_ON


CHANGES = {
    "nothing": lambda conn, _: None,
    "one drawn anew": lambda conn, day: draw_anew(conn, [A], max(day, latest(conn)), first=1),
    "two drawn anew, from later on": lambda conn, _: draw_anew(conn, [A, C], LATER, first=3),
    "one more comes": lambda conn, _: draw_anew(conn, [COMMUNITIES[3]], LATER, first=9),
    "one called otherwise": lambda conn, _: conn.execute(
        text("UPDATE areas SET name = '新名社区' WHERE area_code = :area"), {"area": C}
    ),
    "one has no plan any more": lambda conn, _: conn.execute(
        text("DELETE FROM plan_areas WHERE area_code = :area"), {"area": A}
    ),
    "none has": lambda conn, _: conn.execute(text("DELETE FROM plan_areas")),
}


def same(one: GridIndex | None, other: GridIndex | None, lon: np.ndarray, lat: np.ndarray) -> bool:
    """Return whether two indices answer alike."""
    if one is None or other is None:
        return one is other
    discs = (lon, lat, np.full(len(lon), 20.0))
    return (
        one.ids.tolist() == other.ids.tolist()
        and one.find_many(lon, lat).tolist() == other.find_many(lon, lat).tolist()
        and one.places(*discs).tolist() == other.places(*discs).tolist()
    )


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("before", [what for what in CHANGES if what != "none has"])  # which nothing can follow
def test_what_is_renewed_is_what_is_read_anew(undone: Connection, before: str, change: str) -> None:
    x, y = np.meshgrid(np.linspace(-1, 17, 55), np.linspace(-1, 5, 31))
    lon, lat = SmallTown.point(0, 0, dx=x.ravel(), dy=y.ravel())  # type: ignore[arg-type]  # all at once
    held: PlannedGrids | None = None
    days = [PUBLISHED_ON - timedelta(days=1), PUBLISHED_ON, PUBLISHED_ON, LATER, LATER]
    for day, what in zip(days, ["nothing", "nothing", before, "nothing", change], strict=True):
        CHANGES[what](undone, day)
        told = grid_store.told_published(undone, day)
        fresh, held = read_planned(undone, day, told), read_planned(undone, day, told, before=held)
        for name in ("grids", "zones", "coming"):
            assert_geodataframe_equal(getattr(held, name), getattr(fresh, name))
            assert getattr(held, f"{name.removesuffix('s')}_rows") == getattr(fresh, f"{name.removesuffix('s')}_rows")
        for name in ("index", "zone_index", "coming_index"):
            assert same(getattr(held, name), getattr(fresh, name), lon, lat), name
        assert (held.key, held.communities) == (fresh.key, fresh.communities)
