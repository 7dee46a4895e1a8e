"""A street office never sees another street's incidents, people, or figures - by API, tile, picture or page."""

import io
import json

import mapbox_vector_tile
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text

from api.actions.read_incidents import ScopeLeakError, require_row_security
from data.postgis.engine import reading, transaction
from tests.fixtures.services import ACCOUNTS, STREET_2, Service
from tests.fixtures.small_town import SmallTown
from tests.fixtures.told import told

OF = {"street_1": ("529901001", 42), "street_2": ("529901002", 20), "worker_a": ("529901001001", 30)}


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    x = int((lon + 180) / 360 * 2**z)
    y = int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**z)
    return z, x, y


@pytest.mark.parametrize("account", OF)
def test_incidents_by_api(service: Service, account: str) -> None:
    digits, count = OF[account]
    with service.client(account) as client:
        page = client.get("/api/v1/incidents?limit=1000").json()
        summary = client.get("/api/v1/incidents/summary").json()
    assert len(page["features"]) == summary["total"] == count
    codes = [row["properties"]["grid_code"] for row in page["features"]]
    assert {code[: len(digits)] for code in codes if code} <= {digits}
    assert {row["grid_code"][: len(digits)] for row in summary["grids"]} <= {digits}
    assert sum(row["count"] for row in summary["days"]) == count
    assert np.sum(summary["hours"]) == count


@pytest.mark.parametrize("query", ["bbox=100,20,110,30", "from=2000-01-01&to=2099-01-01", "category=drain", "after=0"])
def test_no_filter_widens_the_scope(service: Service, query: str) -> None:
    with service.client("street_2") as client:
        rows = client.get(f"/api/v1/incidents?limit=10000&{query}").json()["features"]
    west = SmallTown.point(8, 0, dx=0)[0]
    assert rows
    assert all(row["geometry"]["coordinates"][0] >= west for row in rows)


def test_clusters_stand_on_own_incidents_alone(service: Service) -> None:
    with service.client("street_1") as client:
        mine = client.get("/api/v1/incidents/clusters").json()["features"]
    with service.client("street_2") as client:
        others = client.get("/api/v1/incidents/clusters").json()["features"]
    border = SmallTown.point(8, 0, dx=0)[0]
    assert sum(row["properties"]["incidents"] for row in mine) >= 24  # two kinds of 15 around one corner of A
    assert all(np.array(row["geometry"]["coordinates"][0])[:, 0].max() < border for row in mine)
    assert all(np.array(row["geometry"]["coordinates"][0])[:, 0].min() > border - 1e-4 for row in others)


@pytest.mark.parametrize("account", OF)
def test_the_printed_brief_tells_of_own_incidents_alone(service: Service, account: str) -> None:
    digits, count = OF[account]
    with service.client(account) as client:
        brief = told(client.get("/api/v1/incidents/brief.pdf").content)
    assert f"事件\n{count}\n" in brief.replace("\r", "")
    # The one excess that there is, around a corner of the first street's.
    assert ("云溪社区周围" in brief) == digits.startswith("529901001")


def test_pictures_of_density(service: Service) -> None:
    z, x, y = tile_at(*SmallTown.point(1, 2), 17)
    path = f"/api/v1/incidents/density/{z}/{x}/{y}.png"
    with service.client("street_1") as client:
        own = client.get(path)
    with service.client("street_2") as client:
        foreign = client.get(path)
        scale = client.get("/api/v1/incidents/density/scale").json()
        foreign_rate = client.get(path, params={"measure": "rate"})
    assert own.status_code == 200
    picture = np.asarray(Image.open(io.BytesIO(own.content)))
    assert picture.shape == (256, 256, 4)
    assert picture[..., 3].max() > 100
    assert foreign.status_code == foreign_rate.status_code == 204  # neither its incidents nor its homes
    assert 0 < scale["max_per_km2"] < 200  # 20 incidents over C; 30 on one corner of A would be far above


def test_grids_and_walks_of_other_streets_are_in_no_staff_tile(service: Service) -> None:
    z, x, y = tile_at(*SmallTown.point(2, 2), 15)
    paths = (f"/tiles/grids/{service.town.plan_id}/{z}/{x}/{y}.mvt?v=1", f"/tiles/walks/{z}/{x}/{y}.mvt")
    with service.client("street_1") as client:
        own = [client.get(path) for path in paths]
    with service.client("street_2") as client:
        foreign = [client.get(path) for path in paths]
    for answer in own:
        assert answer.status_code == 200
    for answer in foreign:
        layers = mapbox_vector_tile.decode(answer.content) if answer.content else {}
        codes = {
            feature["properties"].get("grid_code", "529901002")
            for layer in layers.values()
            for feature in layer["features"]
        }
        assert {code[:9] for code in codes} <= {"529901002"}


def test_plans_grids_cover_and_reach_are_cut_to_the_scope(service: Service) -> None:
    plan = f"/api/v1/plans/{service.town.plan_id}"
    with service.client("street_2") as client:
        grids = client.get(f"{plan}/grids").json()["grids"]
        assert [row["grid_code"] for row in grids] == ["529901002001001", "529901002001002"]
        assert client.get(f"{plan}/grids/529901001001001").status_code == 404
        assert client.get(f"{plan}/zones?grid_code=529901001001001").json()["features"] == []
        cover = client.get("/api/v1/cover").json()
        assert {row["area_code"] for row in cover["communities"]} == {"529901002001", "529901002002"}
        assert (cover["doors"], cover["doors_covered"]) == (32, 8)
        assert client.get("/api/v1/reach/summary").json()["households"] == 32 * 30
        assert [row["id"] for row in client.get("/api/v1/reach/stations").json()["features"]] == [2]
        assert client.get("/api/v1/reach/circles?station_id=1").json()["features"] == []
        assert [row["id"] for row in client.get("/api/v1/areas?level=community").json()["features"]] == [
            "529901002001", "529901002002",
        ]  # fmt: skip


def test_a_plan_tells_its_size_and_exceptions_within_the_scope(own_service: Service) -> None:
    own = {"grid_code": "529901002001001", "rule": "band", "certificate": "own"}
    other = {"grid_code": "529901001001001", "rule": "band", "certificate": "other"}
    whole = {"rule": "time", "certificate": "whole"}
    report = {"measures": {"grids": 6}, "exceptions": [own, other, whole]}
    with transaction(own_service.engine, actor="t", action="t") as conn:
        conn.execute(text("UPDATE plans SET report = :report"), {"report": json.dumps(report)})
    expected = {
        "planner": (6, ["own", "other", "whole"]),
        "street_1": (4, ["other"]),
        "street_2": (2, ["own"]),
        "worker_a": (2, ["other"]),
    }
    for account, (grids, certificates) in expected.items():
        with own_service.client(account) as client:
            (row,) = client.get("/api/v1/plans").json()["plans"]
            plan = client.get(f"/api/v1/plans/{own_service.town.plan_id}").json()
        assert (row["grids"], row["households"]) == (plan["grids"], plan["households"]) == (grids, grids * 240)
        assert [one["certificate"] for one in plan["report"]["exceptions"]] == certificates
        assert plan["report"]["measures"] == {"grids": 6}, "measures are of the whole plan"


def test_changes_outside_the_scope_are_refused(service: Service) -> None:
    body = {"area_code": "529901001000", "name": "不是我的"}
    with service.client("planner_2") as client:
        assert client.post("/api/v1/plans", json=body).status_code == 403
        assert client.post("/api/v1/plans", json={**body, "area_code": "529901000000"}).status_code == 403
    with service.client("approver_2") as client:
        date = {"revision": 1, "valid_from": "2027-01-01", "document_number": "x"}
        answer = client.post(f"/api/v1/plans/{service.town.plan_id}/publish", json=date)
        assert answer.status_code == 403, "the plan holds for the county, the account for a street"
    with service.client("admin_2") as client:
        wide = {"name": "wide", "password": "long enough for it", "role": "admin", "scope": "*"}
        assert client.post("/api/v1/accounts", json=wide).status_code == 403
        assert client.get("/api/v1/audit").status_code == 403
        names = {row["name"] for row in client.get("/api/v1/accounts").json()["accounts"]}
        assert names == {name for name, (_, scope) in ACCOUNTS.items() if scope == STREET_2}


def test_no_text_of_an_incident_leaves(service: Service) -> None:
    with service.client("admin") as client:
        for path in (
            "/api/v1/incidents?limit=1000",
            "/api/v1/incidents/clusters",
            "/api/v1/incidents/summary",
            "/incidents",
        ):
            assert "居民反映" not in client.get(path).text


def test_a_database_without_row_security_is_refused(service: Service) -> None:
    with reading(service.engine) as conn, pytest.raises(ScopeLeakError):
        require_row_security(conn)  # the owner of the cluster is held by nothing
    with service.engine.connect() as conn:
        assert conn.scalar(text("SELECT count(*) FROM incidents")) == 62
