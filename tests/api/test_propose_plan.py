"""Proposing a plan: codes are carried from whatever plan holds in each community, and issued once."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text

from api.actions import propose_plan as module
from api.actions.propose_plan import PlanWishes, propose_plan
from data.postgis.engine import reading, transaction
from data.profiles import GridRule, Profile, load_profile
from data.stores import grids as grid_store
from data.stores import plans as plan_store
from geo.errors import ConflictError, EmptyFrameError, InputError
from geo.partition.measures import MEASURES
from tests.fixtures.small_town import COMMUNITIES, COUNTY, publish_draft, write_small_town

PROFILE = load_profile("demo")


def propose(engine: Engine, area_code: str, *, profile: Profile = PROFILE, seed: int = 0, **wishes: Any) -> int:
    return propose_plan(
        engine, profile=profile, area_code=area_code, name="试划", actor="test", seed=seed, wishes=PlanWishes(**wishes)
    )


def with_grid(**settings: object) -> Profile:
    """The demo's profile with other rules for grids."""
    grid = GridRule.model_validate({**PROFILE.grid.model_dump(), **settings})
    return PROFILE.model_copy(update={"grid": grid})


def report_of(engine: Engine, plan_id: int) -> dict[str, Any]:
    with reading(engine) as connection:
        return plan_store.read_plan(connection, plan_id)["report"]


def cells_by_code(engine: Engine, plan_id: int) -> dict[str, frozenset[int]]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT grid_code, cell_id FROM plan_cells JOIN grids USING (grid_id) WHERE grids.plan_id = :id"),
            {"id": plan_id},
        ).all()
    found: dict[str, set[int]] = {}
    for code, cell in rows:
        found.setdefault(code, set()).add(cell)
    return {code: frozenset(cells) for code, cells in found.items()}


def publish(engine: Engine, plan_id: int) -> None:
    with transaction(engine, actor="test", action="publish_plan") as connection:
        publish_draft(connection, plan_id, valid_from=date(2026, 6, 1))


def codes(engine: Engine, plan_id: int) -> set[str]:
    with reading(engine) as connection:
        return set(grid_store.read_grids(connection, plan_id, geometry=False)["grid_code"])


def test_each_community_carries_the_codes_of_the_plan_that_holds_there(engine: Engine) -> None:
    write_small_town(engine)
    first = codes(engine, 1)
    redrawn = propose(engine, COMMUNITIES[0])
    publish(engine, redrawn)
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


# In the small town every grid of the plan in force holds 240 households: outside the demo's band, inside this one.
LOW = {"households_min": 200, "households_max": 300}


def test_a_plan_close_to_the_one_in_force_moves_nobody(engine: Engine) -> None:
    write_small_town(engine)
    plan_id = propose(engine, COUNTY, profile=with_grid(**LOW), seed=5)
    old, new = cells_by_code(engine, 1), cells_by_code(engine, plan_id)
    assert {code: new[code] for code in old} == old
    report = report_of(engine, plan_id)
    assert report["measures"]["households_moved"] == 0
    assert report["measures"]["households_kept"] == 6 * 240
    assert (report["seed"], report["band"], report["is_afresh"], report["count"]) == (5, [200, 300], False, None)
    assert report["people_band"] is None
    assert report["weights"] == {"lines": 1, "compact": 1, "even": 1, "compounds": 1, "keep": 1}


def test_drawn_afresh_the_plan_in_force_is_only_measured_against(engine: Engine) -> None:
    write_small_town(engine)
    profile = with_grid(households_min=150, households_max=170, weights={"compact": 3})
    kept, afresh = (report_of(engine, propose(engine, COUNTY, profile=profile, afresh=how)) for how in (False, True))
    assert afresh["is_afresh"]
    assert afresh["weights"]["compact"] == 3
    totals = [
        report["measures"]["households_moved"] + report["measures"]["households_kept"] for report in (kept, afresh)
    ]
    assert totals == [6 * 240, 6 * 240]
    assert kept["measures"]["households_moved"] <= afresh["measures"]["households_moved"]


def test_locked_grids_stay_and_are_locked_in_every_later_plan(engine: Engine) -> None:
    write_small_town(engine)
    lock = f"{COMMUNITIES[0]}001"
    # A band in which the other grids must change.
    profile = with_grid(households_min=300, households_max=500)
    first = propose(engine, COMMUNITIES[0], profile=profile, locked=[lock])
    assert cells_by_code(engine, first)[lock] == cells_by_code(engine, 1)[lock]
    assert [row["certificate"] for row in report_of(engine, first)["exceptions"] if row["grid_code"] == lock] == [
        "locked_grid"
    ]
    publish(engine, first)
    again = propose(engine, COUNTY, profile=profile)
    assert report_of(engine, again)["locked"] == [lock]
    assert cells_by_code(engine, again)[lock] == cells_by_code(engine, 1)[lock]
    free = propose(engine, COUNTY, profile=profile, locked=[])
    assert report_of(engine, free)["locked"] == []


def test_locks_that_cannot_be_kept_are_refused(engine: Engine) -> None:
    write_small_town(engine)
    with pytest.raises(InputError, match="not in the old plan"):
        propose(engine, COMMUNITIES[0], locked=["529901001001999"])
    with pytest.raises(InputError, match="no old plan"):
        propose(engine, COMMUNITIES[0], locked=[f"{COMMUNITIES[0]}001"], afresh=True)


def test_a_number_of_grids_is_kept_or_certified(engine: Engine) -> None:
    write_small_town(engine)
    profile = with_grid(households_min=100, households_max=300)
    plan_id = propose(engine, COMMUNITIES[3], profile=profile, count=4)
    assert len(codes(engine, plan_id)) == 4
    assert report_of(engine, plan_id)["count"] == 4
    # 480 households make at most four grids of 100, and sixteen cells at most sixteen grids.
    plan_id = propose(engine, COMMUNITIES[3], profile=profile, count=9)
    assert len(codes(engine, plan_id)) == 9
    assert {row["certificate"] for row in report_of(engine, plan_id)["exceptions"]} == {"count_impossible"}
    plan_id = propose(engine, COMMUNITIES[3], profile=profile, count=40)
    (row,) = (row for row in report_of(engine, plan_id)["exceptions"] if row["rule"] == "count")
    assert (row["certificate"], row["grid_code"], row["place"]) == ("count_impossible", None, None)


def test_people_are_kept_in_their_band(engine: Engine) -> None:
    write_small_town(engine)
    # 84 people a cell of 30 households: 5 to 6 cells by people, 5 to 8 by households.
    profile = with_grid(households_min=150, households_max=240, people_min=420, people_max=510)
    plan_id = propose(engine, COMMUNITIES[3], profile=profile)
    report = report_of(engine, plan_id)
    assert report["people_band"] == [420, 510]
    assert report["measures"]["people_outside"] == 0
    assert {grid["people"] for grid in report["grids"].values()} <= {420.0, 504.0}


def test_the_report_has_every_measure_of_every_grid(engine: Engine) -> None:
    write_small_town(engine)
    plan_id = propose(engine, COUNTY)
    report = report_of(engine, plan_id)
    assert set(report["measures"]) == set(report["versions"]) == {measure.name for measure in MEASURES}
    assert set(report["grids"]) == codes(engine, plan_id)
    for measure in ("households", "people"):
        assert sum(grid[measure] for grid in report["grids"].values()) == report["measures"][measure]
