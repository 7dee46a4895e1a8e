"""Incidents whose area and grid are two streets': counted by all who may, foreign grids named to none of them."""

import pytest
from sqlalchemy import text

from api.actions.find_clusters import find_clusters
from api.actions.read_incidents import Wanted, cluster_body
from api.ledgers import Ledgers, ScopeLeakError
from data.postgis.engine import reading
from data.profiles import load_profile
from tests.fixtures.services import Service
from tests.fixtures.small_town import ASTRAY_B, ASTRAY_C

FOREIGN = {ASTRAY_B: "529901002001001", ASTRAY_C: "529901001002002"}
# account -> its digits, its incidents, those of them in a grid of the other street
STREETS = {"street_1": ("529901001", 42, ASTRAY_B), "street_2": ("529901002", 20, ASTRAY_C)}


def test_the_town_has_them(service: Service) -> None:
    with service.engine.connect() as conn:
        rows = conn.execute(
            text(
                "SELECT incident_id, grid_code_reported FROM incidents WHERE left(grid_code_reported, 12) <> area_code"
            )
        ).all()
    assert {row.incident_id: row.grid_code_reported for row in rows} == FOREIGN


@pytest.mark.parametrize("account", STREETS)
def test_a_street_counts_them_and_sees_no_foreign_grid(service: Service, account: str) -> None:
    digits, count, astray = STREETS[account]
    with service.client(account) as client:
        summary = client.get("/api/v1/incidents/summary")
        page = client.get("/api/v1/incidents?limit=1000")
    assert summary.status_code == page.status_code == 200, summary.text
    grids = {row["grid_code"]: row["count"] for row in summary.json()["grids"]}
    assert {code[:9] for code in grids} == {digits}
    assert summary.json()["total"] == count
    assert sum(grids.values()) == count - 1, "the one astray is in the total, in no grid of this street"
    codes = {row["id"]: row["properties"]["grid_code"] for row in page.json()["features"]}
    assert len(codes) == count
    assert [number for number, code in codes.items() if code is None] == [astray]
    assert FOREIGN[astray] not in summary.text + page.text


def test_who_sees_everything_sees_their_grids(service: Service) -> None:
    with service.client("planner") as client:
        summary = client.get("/api/v1/incidents/summary").json()
        page = client.get("/api/v1/incidents?limit=1000").json()
    assert sum(row["count"] for row in summary["grids"]) == summary["total"] == 62
    codes = {row["id"]: row["properties"]["grid_code"] for row in page["features"]}
    assert {number: codes[number] for number in FOREIGN} == FOREIGN


def test_an_incident_of_another_area_still_fails_closed(service: Service) -> None:
    # Read as everybody's, then held to one street: what a database without its policies would hand over.
    with reading(service.app.state.services.staff, scope="*") as conn, pytest.raises(ScopeLeakError):
        Ledgers().get(conn, "529901001")


def test_stored_clusters_answer_where_nothing_is_filtered(own_service: Service) -> None:
    path = "/api/v1/incidents/clusters"
    with own_service.client("planner") as client:
        before = client.get(path).json()
        assert before["computed_at"] is None, "no job has run: worked out now"
        find_clusters(own_service.engine, profile=load_profile("demo"), actor="test")
        with own_service.engine.begin() as conn:
            conn.execute(text("SELECT set_config('wangge.actor','test',true), set_config('wangge.action','test',true)"))
            conn.execute(text('UPDATE incident_clusters SET parameters = \'{"eps_m": 41, "min_incidents": 9}\''))
            stored = conn.scalar(text("SELECT count(*) FROM incident_clusters"))
        after = client.get(path).json()
        filtered = client.get(path + "?category=drain").json()
    assert stored > 0
    assert len(after["features"]) == stored
    assert after["parameters"] == {"eps_m": 41, "min_incidents": 9}, "the parameters stored with them"
    assert after["computed_at"]
    assert sorted(row["properties"]["incidents"] for row in after["features"]) == sorted(
        row["properties"]["incidents"] for row in before["features"]
    )
    assert filtered["computed_at"] is None
    assert filtered["parameters"] == {"eps_m": 50, "min_incidents": 10}  # the demo profile's
    assert {row["properties"]["top_category"] for row in filtered["features"]} == {"drain"}


def test_stored_clusters_are_cut_to_the_scope(own_service: Service) -> None:
    profile = load_profile("demo")
    find_clusters(own_service.engine, profile=profile, actor="test")
    with own_service.engine.connect() as conn:
        mine = set(conn.scalars(text("SELECT cluster_id FROM incident_clusters WHERE area_code LIKE '529901001%'")))
    with own_service.client("street_1") as client:
        seen = client.get("/api/v1/incidents/clusters").json()
    assert mine
    assert {row["id"] for row in seen["features"]} == mine
    with own_service.client("street_2") as client:
        assert mine.isdisjoint(row["id"] for row in client.get("/api/v1/incidents/clusters").json()["features"])
    with reading(own_service.app.state.services.staff, scope="*") as conn:
        ledger, other = Ledgers().get(conn, "*"), Wanted(scope="529901002")
        with pytest.raises(ScopeLeakError):
            cluster_body(conn, ledger, ~ledger.is_stray, other, profile=profile)


def test_clusters_stored_by_different_parameters_are_not_shown_as_one(own_service: Service) -> None:
    find_clusters(own_service.engine, profile=load_profile("demo"), actor="test")
    with own_service.engine.begin() as conn:
        conn.execute(text("SELECT set_config('wangge.actor','test',true), set_config('wangge.action','test',true)"))
        conn.execute(
            text(
                'UPDATE incident_clusters SET parameters = \'{"eps_m": 41, "min_incidents": 9}\''
                " WHERE cluster_id = (SELECT min(cluster_id) FROM incident_clusters)"
            )
        )
    with own_service.client("planner") as client:
        assert client.get("/api/v1/incidents/clusters").json()["computed_at"] is None
