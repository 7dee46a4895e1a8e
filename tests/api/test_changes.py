"""Changes: publishing a plan, opening an account; each refusal leaves everything as it was."""

from sqlalchemy import text

from tests.fixtures.services import Service

LONG = "a long enough password"
PUBLICATION = {"revision": 1, "valid_from": "2027-01-01", "document_number": "云政办〔2027〕1号"}


def test_an_admin_opens_an_account_that_can_sign_in(own_service: Service) -> None:
    new = {"name": "hedong", "password": LONG, "role": "street_office", "scope": "529901002000"}
    with own_service.client("admin") as client:
        made = client.post("/api/v1/accounts", json=new)
        again = client.post("/api/v1/accounts", json=new)
        rows = {row["name"]: row for row in client.get("/api/v1/accounts").json()["accounts"]}
    assert (made.status_code, again.status_code) == (201, 409)
    # A whole street code is kept as the nine digits that its communities share.
    assert rows["hedong"]["scope"] == "529901002"
    assert "password_hash" not in rows["hedong"]
    with own_service.client() as client:
        assert client.post("/api/v1/session", data={"name": "hedong", "password": LONG}).status_code == 204
        assert client.get("/api/v1/incidents/summary").json()["total"] == 20


def test_an_account_that_cannot_be_is_refused(service: Service) -> None:
    good = {"name": "new", "password": LONG, "role": "planner", "scope": "*"}
    bad = (
        {"password": "short"},
        {"role": "king"},
        {"scope": "52990"},
        {"scope": "%"},
        {"name": "two words"},
        {"name": "job:1"},
        {"is_active": True},
    )
    with service.client("admin") as client:
        statuses = [client.post("/api/v1/accounts", json={**good, **change}).status_code for change in bad]
        names = {row["name"] for row in client.get("/api/v1/accounts").json()["accounts"]}
    assert statuses == [422] * len(bad)
    assert not names & {"new", "two words", "job:1"}


def test_a_published_plan_is_not_published_again(own_service: Service) -> None:
    path = f"/api/v1/plans/{own_service.town.plan_id}/publish"
    with own_service.client("approver") as client:
        answer = client.post(path, json=PUBLICATION)
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:wangge:problem:conflict"
        assert client.post("/api/v1/plans/4711/publish", json=PUBLICATION).status_code == 404
        assert client.post(path, json={**PUBLICATION, "valid_from": "some day"}).status_code == 422
        assert client.post(path, json={**PUBLICATION, "document_number": "a\nb"}).status_code == 422
        (plan,) = client.get("/api/v1/plans").json()["plans"]
    assert (plan["state"], plan["valid_from"], plan["valid_to"]) == ("published", "2026-01-01", None)


def test_the_audit_names_who_did_what(own_service: Service) -> None:
    new = {"name": "second", "password": LONG, "role": "planner", "scope": "*"}
    with own_service.client("admin") as client:
        client.post("/api/v1/accounts", json=new)
        rows = client.get("/api/v1/audit?limit=5").json()["audit"]
        assert client.get("/api/v1/audit?limit=0").status_code == 422
    assert {"actor": "admin", "action": "create_account", "noun": "accounts"}.items() <= rows[0].items()
    with own_service.engine.connect() as conn:
        assert LONG not in str(conn.execute(text("SELECT * FROM audit")).all())
