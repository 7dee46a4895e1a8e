"""Errors: one shape (RFC 9457), the reader's language, no trace; and hostile input that changes nothing."""

import json
import re

import pytest
from sqlalchemy import text

from api.errors import TABLE, kind_of
from api.invalid_words import PATTERNS
from geo.errors import BadPointError, InputError, NotFoundError, WanggeError
from tests.fixtures.services import ACCOUNTS, Service

HOSTILE = (
    "' OR '1'='1",
    "'; DROP TABLE incidents; --",
    '" UNION SELECT password_hash FROM accounts --',
    "%27%20OR%201=1",
    "1) OR (1=1",
    "<script>alert(1)</script>",
    "${jndi:ldap://x}",
    "../../etc/passwd",
    "a\x00b",
    "㍿" * 30,
)


def body_of(
    service: Service, path: str, account: str | None = None, *, status: int, **headers: str
) -> dict[str, object]:
    with service.client(account) as client:
        answer = client.get(path, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, object] = answer.json()
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == status
    assert str(body["type"]).startswith("urn:wangge:problem:")
    return body


@pytest.mark.parametrize(
    ("path", "account", "status", "kind"),
    [
        ("/api/v1/nowhere", None, 404, "not-found"),
        ("/api/v1/plans", None, 401, "sign-in-needed"),
        ("/api/v1/accounts", "planner", 403, "denied"),
        ("/api/v1/plans/424242", "planner", 404, "not-found"),
        ("/api/v1/plans/0", "planner", 422, "invalid"),
        ("/api/v1/plans/99999999999999999999", "planner", 422, "invalid"),
        ("/api/v1/lookup?lon=107", None, 422, "invalid"),
        ("/api/v1/lookup?lon=nan&lat=27", None, 422, "invalid"),
        ("/api/v1/lookup?lon=inf&lat=27", None, 422, "invalid"),
        ("/api/v1/lookup?lon=107.7&lat=27.9&crs=utm", None, 422, "invalid"),
        ("/api/v1/lookup?lon=107.7&lat=27.9&colour=red", None, 400, "unknown-parameter"),
        ("/api/v1/lookup?lon=107.7&lon=107.8&lat=27.9", None, 400, "unknown-parameter"),
        ("/api/v1/incidents?from=2026-02-01&to=2026-01-01", "planner", 422, "bad-input"),
        ("/api/v1/incidents?bbox=1,2,3", "planner", 422, "bad-input"),
        ("/api/v1/incidents?bbox=9,9,1,1", "planner", 422, "bad-input"),
        ("/api/v1/incidents?from=yesterday", "planner", 422, "invalid"),
        ("/api/v1/incidents?to=9999-12-31", "planner", 422, "invalid"),
        ("/api/v1/incidents?to=0001-01-01", "planner", 422, "invalid"),
        ("/api/v1/incidents?from=1949-09-30", "planner", 422, "invalid"),
        ("/api/v1/incidents/summary?to=9999-12-31", "planner", 422, "invalid"),
        ("/api/v1/incidents/clusters?from=0001-01-01", "planner", 422, "invalid"),
        ("/api/v1/incidents/density/scale?to=9999-12-31", "planner", 422, "invalid"),
        ("/api/v1/incidents/density/3/1/1.png?to=2201-01-01", "planner", 422, "invalid"),
        ("/incidents?to=9999-12-31", "planner", 422, "invalid"),
        ("/incidents?to=0001-01-01", "planner", 422, "invalid"),
        ("/api/v1/lookup?lon=107.7&lat=27.9&on=9999-12-31", None, 422, "invalid"),
        ("/lookup?lon=107.7&lat=27.9&on=0001-01-01", None, 422, "invalid"),
        ("/api/v1/cover?on=9999-12-31", "planner", 422, "invalid"),
        ("/cover?on=0001-01-01", "planner", 422, "invalid"),
        ("/tiles/base/3/9/1.mvt", None, 422, "bad-input"),
    ],
)
def test_each_refusal_has_its_kind(service: Service, path: str, account: str | None, status: int, kind: str) -> None:
    assert body_of(service, path, account, status=status)["type"] == f"urn:wangge:problem:{kind}"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/incidents?from=1949-10-01&to=2200-12-31",
        "/api/v1/incidents/summary?from=1949-10-01&to=2200-12-31",
        "/api/v1/incidents/clusters?from=1949-10-01&to=2200-12-31",
        "/api/v1/incidents/density/scale?to=1949-10-01",
        "/incidents?to=1949-10-01",
        "/incidents?to=2200-12-31",
        "/api/v1/cover?on=1949-10-01",
        "/api/v1/lookup?lon=107.7&lat=27.9&on=2200-12-31",
    ],
)
def test_the_first_and_the_last_day_are_days(service: Service, path: str) -> None:
    with service.client("planner") as client:
        answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert "1949-07" not in answer.text, "no page asks for a day that is refused"


def test_a_day_out_of_range_is_named(service: Service) -> None:
    zh = body_of(service, "/api/v1/cover?on=9999-12-31", "planner", status=422)
    assert zh["errors"] == [{"pointer": "/query/on", "detail": "不能大于 2200-12-31"}]
    with service.client("approver") as client:
        body = {"revision": 1, "valid_from": "9999-12-31", "document_number": "x"}
        assert client.post(f"/api/v1/plans/{service.town.plan_id}/publish", json=body).status_code == 422


def test_the_wrong_method_says_which_are_right(service: Service) -> None:
    with service.client() as client:
        answer = client.put("/api/v1/lookup")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert answer.json()["type"] == "urn:wangge:problem:method"


def test_what_does_not_fit_is_named_by_pointer_in_the_readers_language(service: Service) -> None:
    zh = body_of(service, "/api/v1/lookup?lon=500&lat=27", status=422)
    assert zh["errors"] == [{"pointer": "/query/lon", "detail": "不能大于 180.0"}]
    en = body_of(service, "/api/v1/lookup?lon=500&lat=27&lang=en", status=422)
    assert en["errors"] == [{"pointer": "/query/lon", "detail": "Input should be less than or equal to 180"}]
    with service.client() as client:
        client.cookies.set("wangge_lang", "en")
        assert client.get("/api/v1/nowhere").json()["title"] == "No such address"
        assert client.get("/api/v1/nowhere?lang=zh").json()["title"] == "找不到该地址"


def test_what_is_not_there_is_named_in_the_readers_language(service: Service) -> None:
    for path, told in (
        ("/api/v1/jobs/999999", "找不到任务 999999。"),
        ("/api/v1/boards/529901001001999", "找不到网格 529901001001999。"),
        ("/api/v1/plans/999999", "找不到方案 999999。"),
    ):  # fmt: skip
        assert body_of(service, path, "planner", status=404)["detail"] == told


def test_a_parameter_given_twice_is_not_called_unknown(service: Service) -> None:
    zh = body_of(service, "/api/v1/lookup?lon=107&lat=27&lon=108", status=400)
    assert zh["detail"] == "查询参数重复：lon。每个参数只能出现一次。"
    both = body_of(service, "/api/v1/lookup?lon=107&lat=27&lon=108&x=1", status=400)
    assert "不认识的查询参数：x。" in str(both["detail"])


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "/api/v1/lookup/batch", {"points": []}, "至少 1 项"),
        ("POST", "/api/v1/lookup/batch", {"points": 1}, "应为列表"),
        ("POST", "/api/v1/lookup/batch", {"points": [1]}, "应为对象"),
        ("POST", "/api/v1/lookup/batch", {"points": [{"lon": 1, "lat": 1}], "crs": "x"},
         "只能是：wgs84、cgcs2000、gcj02、bd09"),
        ("GET", "/api/v1/boards/5299", None, "应为 15 位数字"),
    ],
)  # fmt: skip
def test_no_english_stands_in_chinese(service: Service, method: str, path: str, body: object, told: str) -> None:
    with service.client("planner") as client:
        answer = client.request(method, path, json=body) if method == "POST" else client.get(path)
        assert answer.status_code == 422
        assert told in [row["detail"] for row in answer.json()["errors"]]


def test_every_pattern_that_is_asked_for_is_told_in_words(service: Service) -> None:
    with service.client() as client:
        asked = set(re.findall(r'"pattern":\s*("(?:[^"\\]|\\.)*")', client.get("/openapi.json").text))
    assert len(asked) >= 5
    assert {json.loads(pattern) for pattern in asked} <= set(PATTERNS)


def test_a_body_that_cannot_be_read_says_so(service: Service) -> None:
    with service.client("planner") as client:
        answer = client.post(
            "/api/v1/lookup/batch", content="[" * 100_000, headers={"Content-Type": "application/json"}
        )
    assert answer.status_code == 400
    assert (answer.json()["title"], "嵌套过深" in answer.json()["detail"]) == ("请求无法读取", True)


def test_a_browser_gets_a_page(service: Service) -> None:
    with service.client() as client:
        answer = client.get("/nowhere?x=<script>", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script>alert" not in answer.text
    assert "nonce-" in answer.headers["content-security-policy"]


def test_too_large_a_body_is_refused(service: Service) -> None:
    with service.client("planner") as client:
        answer = client.post("/api/v1/plans", json={"area_code": "529901000000", "name": "x" * 2_000_000})
    assert answer.status_code == 413


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_only_words(service: Service, words: str) -> None:
    with service.client("admin") as client:
        asked = [
            client.get("/api/v1/search", params={"q": words}),
            client.get("/lookup", params={"q": words}),
            client.get("/api/v1/incidents", params={"category": words}),
            client.get("/api/v1/incidents", params={"bbox": words}),
            client.get("/api/v1/reach/circles", params={"category": words}),
            client.post("/api/v1/session", data={"name": words, "password": words}),
        ]
        assert [answer.status_code for answer in asked if answer.status_code >= 500] == []
        assert "<script>alert(1)</script>" not in asked[1].text
        assert client.get("/api/v1/incidents/summary").json()["total"] == 62
    with service.engine.connect() as conn:
        assert conn.scalar(text("SELECT count(*) FROM accounts")) == len(ACCOUNTS)


def test_the_table_answers_a_subclass_as_its_nearest_base() -> None:
    assert kind_of(BadPointError(value=1, reason="x", reason_zh="x")).status == TABLE[InputError].status == 422
    assert kind_of(NotFoundError(what="plan", key=1)).status == 404
    assert kind_of(WanggeError(detail="x")).status == 400


def test_an_unforeseen_error_says_only_its_id(capfd: pytest.CaptureFixture[str], own_service: Service) -> None:
    with own_service.engine.begin() as conn:
        conn.execute(text("DROP FUNCTION public_answers(date)"))
    with own_service.client() as client:
        answer = client.get("/api/v1/lookup?lon=107.7005123&lat=27.9505123")
        assert answer.status_code == 500
        assert client.get("/healthz").status_code == 200, "the connection lives on"
    body = answer.json()
    assert answer.headers["x-request-id"] in body["detail"]
    assert "public_answers" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    written = capfd.readouterr().err
    assert answer.headers["x-request-id"] in written
    assert "public_answers" in written
    assert "107.7005123" not in written, "the point asked for is in no log"
