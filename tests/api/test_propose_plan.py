"""Proposing a plan: codes are carried from whatever plan holds in each community, and issued once."""

from datetime import date

import pytest
from sqlalchemy import Engine, text

from api.actions import propose_plan as module
from api.actions.propose_plan import propose_plan
from api.actions.publish_plan import publish_plan
from data.postgis.engine import reading
from data.profiles import load_profile
from data.stores import grids as grid_store
from data.stores import plans as plan_store
from geo.errors import ConflictError, EmptyFrameError
from tests.fixtures.small_town import COMMUNITIES, COUNTY, write_small_town

PROFILE = load_profile("demo")


def propose(engine: Engine, area_code: str) -> int:
    return propose_plan(engine, profile=PROFILE, area_code=area_code, name="试划", actor="test")


def codes(engine: Engine, plan_id: int) -> set[str]:
    with reading(engine) as connection:
        return set(grid_store.read_grids(connection, plan_id, geometry=False)["grid_code"])


def test_each_community_carries_the_codes_of_the_plan_that_holds_there(engine: Engine) -> None:
    write_small_town(engine)
    first = codes(engine, 1)
    redrawn = propose(engine, COMMUNITIES[0])
    publish_plan(engine, plan_id=redrawn, valid_from=date(2026, 6, 1), document_number=None, actor="test")
    # A is now held by the new plan, B and C by the first one: a plan of the whole county keeps all their codes.
    whole = codes(engine, propose(engine, COUNTY))
    held = codes(engine, redrawn) | {code for code in first if not code.startswith(COMMUNITIES[0])}
    for community in COMMUNITIES[:3]:
        mine = {code for code in whole if code.startswith(community)}
        assert mine <= {code for code in held if code.startswith(community)}


def test_grids_zones_and_units_are_dissolved_from_their_cells_and_sums_are_the_register_s(engine: Engine) -> None:
    write_small_town(engine)
    plan_id = propose(engine, COUNTY)
    with engine.connect() as connection:
        grids, people = connection.execute(
            text("SELECT sum(households), sum(people) FROM grids WHERE plan_id = :id"), {"id": plan_id}
        ).one()
        assert (grids, people) == tuple(
            connection.execute(text("SELECT sum(households), sum(people) FROM buildings")).one()
        )
        for part in ("zones", "household_units"):
            total = text(f"SELECT sum(p.households) FROM {part} p JOIN grids USING (grid_id) WHERE plan_id = :id")
            assert connection.scalar(total, {"id": plan_id}) == grids
        off = text(
            "SELECT count(*) FROM grids g WHERE g.plan_id = :id AND NOT ST_Equals(g.geometry,"
            " (SELECT ST_Union(c.geometry) FROM plan_cells pc JOIN cells c USING (cell_id)"
            " WHERE pc.grid_id = g.grid_id))"
        )
        assert connection.scalar(off, {"id": plan_id}) == 0


def test_a_dry_run_does_everything_and_keeps_nothing(engine: Engine) -> None:
    write_small_town(engine)
    with engine.connect() as connection:
        before = connection.scalar(text("SELECT count(*) FROM grids"))
    propose_plan(engine, profile=PROFILE, area_code=COUNTY, name="试划", actor="test", commit=False)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM grids")) == before


def test_codes_issued_meanwhile_stop_a_proposal(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    write_small_town(engine)
    real = module.propose_grids

    def slow(*arguments: object, **options: object) -> object:
        monkeypatch.setattr(module, "propose_grids", real)
        propose(engine, COMMUNITIES[3])  # D had no plan: another planner's proposal issues its first codes
        return real(*arguments, **options)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(module, "propose_grids", slow)
    with pytest.raises(ConflictError, match="propose again"):
        propose(engine, COMMUNITIES[3])
    with reading(engine) as connection:
        assert len(plan_store.list_plans(connection)) == 2


def test_an_area_without_cells_says_what_to_run(engine: Engine) -> None:
    with pytest.raises(EmptyFrameError, match="town cells"):
        propose(engine, COUNTY)
