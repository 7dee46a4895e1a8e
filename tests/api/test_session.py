"""Signing in and out, cookies, foreign pages, and limits that cannot be walked around."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlalchemy import text

from api.actions.sign_in import refuse_wider_scope
from api.auth import Account
from api.deps import Services
from api.limits import CEILING, Limits, TooManyError, client_key
from api.routes.pages import safe_next
from geo.errors import DeniedError
from tests.fixtures.services import PASSWORD, Service, running_service

LOGIN = "/api/v1/session"


def test_in_who_and_out(service: Service) -> None:
    with service.client() as client:
        answer = client.post(LOGIN, data={"name": "street_1", "password": PASSWORD})
        assert answer.status_code == 204
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie  # this service is reached by http
        assert client.get(LOGIN).json() == {"name": "street_1", "role": "street_office", "scope": "529901001"}
        token = client.cookies["wangge_session"]
        assert client.delete(LOGIN).status_code == 204
        client.cookies.set("wangge_session", token)
        assert client.get(LOGIN).status_code == 401, "the server forgets a session that was closed"


def test_the_cookie_is_secure_where_the_service_is_reached_by_https(town_url: str) -> None:
    with running_service(town_url, public_url="https://wangge.example.test") as running:
        answer = running.client().post(LOGIN, data={"name": "planner", "password": PASSWORD})
    assert "secure" in answer.headers["set-cookie"].lower()
    assert answer.headers["strict-transport-security"]


def test_the_database_keeps_no_password_and_no_cookie(service: Service) -> None:
    with service.client() as client:
        client.post(LOGIN, data={"name": "planner", "password": PASSWORD})
        token = client.cookies["wangge_session"]
    with service.engine.connect() as conn:
        hashes = list(conn.scalars(text("SELECT password_hash FROM accounts")))
        kept = list(conn.scalars(text("SELECT token_hash FROM sessions")))
    assert all(kept_hash.startswith("$argon2id$") for kept_hash in hashes)
    assert token.encode() not in [bytes(value) for value in kept]


def test_wrong_name_and_wrong_password_read_the_same(service: Service) -> None:
    with service.client() as client:
        answers = [
            client.post(LOGIN, data={"name": name, "password": password}).json()
            for name, password in (("planner", "not the password"), ("nobody", PASSWORD))
        ]
    assert answers[0] == answers[1]
    assert answers[0]["type"] == "urn:wangge:problem:wrong-password"


def test_a_closed_account_is_out_at_once(own_service: Service) -> None:
    client = own_service.client("planner")
    assert client.get(LOGIN).status_code == 200
    with own_service.engine.begin() as conn:
        conn.execute(text("SELECT set_config('wangge.actor','test',true), set_config('wangge.action','test',true)"))
        conn.execute(text("UPDATE accounts SET is_active = false WHERE name = 'planner'"))
    assert client.get(LOGIN).status_code == 401
    assert client.post(LOGIN, data={"name": "planner", "password": PASSWORD}).status_code == 401


def test_a_session_that_ran_out_opens_nothing(own_service: Service) -> None:
    client = own_service.client("planner")
    with own_service.engine.begin() as conn:
        conn.execute(text("SELECT set_config('wangge.actor','test',true), set_config('wangge.action','test',true)"))
        conn.execute(text("UPDATE sessions SET expires_at = now() - interval '1 second'"))
    assert client.get(LOGIN).status_code == 401


def test_a_plain_form_goes_on_to_next_and_never_elsewhere(service: Service) -> None:
    headers = {"Origin": service.url}
    with httpx2.Client(base_url=service.url, headers=headers) as client:
        for wanted, led_to in (
            ("/planner?plan=3", "/planner?plan=3"),
            ("//evil.test/", "/"),
            ("https://evil.test", "/"),
        ):
            answer = client.post(LOGIN, data={"name": "planner", "password": PASSWORD, "next": wanted})
            assert (answer.status_code, answer.headers["location"]) == (303, led_to)
        failed = client.post(LOGIN, data={"name": "planner", "password": "wrong", "next": "/cover"})
        assert failed.status_code == 401
        assert "用户名或密码不正确" in failed.text


@pytest.mark.parametrize("path", ["//x.test", "/\\x.test", "\\\\x", "http://x", "javascript:alert(1)", "/a\nb", ""])
def test_next_stays_in_this_house(path: str) -> None:
    assert safe_next(path) == "/"
    assert safe_next("/planner?plan=1&lang=en") == "/planner?plan=1&lang=en"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-Wangge": "0"}, 403),
        ({"Origin": "https://evil.test"}, 403),
        ({"Origin": "https://evil.test", "X-Wangge": "1"}, 403),
        ({"Origin": "null", "X-Wangge": "1"}, 403),
        ({"Origin": "http://[::1", "X-Wangge": "1"}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({"X-Wangge": "1"}, 422),
        ({"Origin": "{own}"}, 422),
    ],
)
def test_changes_asked_for_by_a_foreign_page_are_refused(
    service: Service, headers: dict[str, str], status: int
) -> None:
    token = {"wangge_session": service.token("planner")}
    sent = {name: value.format(own=service.url) for name, value in headers.items()}
    with httpx2.Client(base_url=service.url, cookies=token) as client:
        # An empty plan is refused for its content, once the request itself is let in.
        answer = client.post("/api/v1/plans", json={}, headers=sent)
    assert answer.status_code == status


def test_a_client_that_fails_too_often_is_out_and_no_other_client_with_it(
    town_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    came_from = ["192.0.2.1"]
    monkeypatch.setattr(Services, "client_of", lambda services, request: came_from[0])
    right, wrong = {"name": "planner", "password": PASSWORD}, {"name": "planner", "password": "x" * 12}
    with running_service(town_url, login_rate="4/hour") as running, running.client() as client:
        statuses = [client.post(LOGIN, data=wrong).status_code for _ in range(6)]
        locked = client.post(LOGIN, data=right)
        came_from[0] = "192.0.2.2"
        fresh = client.post(LOGIN, data=right)
        came_from[0] = "192.0.2.1"
        other_name = client.post(LOGIN, data={"name": "approver", "password": PASSWORD})
    assert statuses == [401, 401, 401, 401, 429, 429]
    assert locked.status_code == 429, "else the right password could be guessed on"
    assert 0 < int(locked.headers["retry-after"]) <= 3600
    assert locked.json()["type"] == "urn:wangge:problem:too-many"
    assert fresh.status_code == 204, "wrong tries elsewhere lock nobody out"
    assert other_name.status_code == 204


def test_only_failures_count(town_url: str) -> None:
    with running_service(town_url, login_rate="2/hour") as running, running.client() as client:
        right = [client.post(LOGIN, data={"name": "planner", "password": PASSWORD}).status_code for _ in range(5)]
        mixed = [
            client.post(LOGIN, data={"name": "planner", "password": password}).status_code
            for password in ("wrong", PASSWORD, "wrong", PASSWORD)
        ]
    assert right == [204] * 5
    assert mixed == [401, 204, 401, 204]


def test_a_name_and_a_client_have_a_ceiling() -> None:
    limits = Limits({"login": "2/hour"})
    for number in range(2 * CEILING):  # from so many clients, each within its own limit
        tries = limits.login("planner", f"192.0.2.{number}")
        tries.begin()
        tries.failed()
    with pytest.raises(TooManyError):
        limits.login("planner", "198.51.100.1").begin()
    limits.login("approver", "198.51.100.1").begin()
    for number in range(2 * CEILING):  # one client, at so many names
        tries = limits.login(f"name {number}", "203.0.113.9")
        tries.begin()
        tries.failed()
    with pytest.raises(TooManyError):
        limits.login("approver", "203.0.113.9").begin()


def test_a_wait_is_told_in_words_one_can_use() -> None:
    assert "请在 45 秒后再试" in TooManyError(retry_after_s=45).text("zh")
    assert "请在 60 分钟后再试" in TooManyError(retry_after_s=3593).text("zh")
    assert "in 2 minutes" in TooManyError(retry_after_s=100).text("en")


def test_many_tries_at_once_are_counted_before_any_has_failed() -> None:
    limits = Limits({"login": "3/hour"})
    for _ in range(3):
        limits.login("planner", "192.0.2.1").begin()
    with pytest.raises(TooManyError):
        limits.login("planner", "192.0.2.1").begin()


@pytest.mark.parametrize(
    ("own", "asked", "is_refused"),
    [
        ("529900", "529900000000", True),  # kept as 5299, the whole city
        ("529901001", "529901001000", False),  # kept as 529901001, the street itself
        ("529901001", "529901001001", False),
        ("529901001", "529901000000", True),
        ("529901001", "529901002", True),
        ("529901001", "*", True),
        ("*", "*", False),
    ],
)
def test_nobody_gives_a_scope_wider_than_their_own(own: str, asked: str, is_refused: bool) -> None:
    giver = Account(1, "giver", "admin", own)
    if is_refused:
        with pytest.raises(DeniedError):
            refuse_wider_scope(giver, asked)
    else:
        refuse_wider_scope(giver, asked)


def test_lookups_are_limited_by_route_not_by_address(town_url: str) -> None:
    with running_service(town_url, lookup_rate="3/hour") as running, running.client() as client:
        asked = [client.get(f"/api/v1/lookup?lon=107.70{number}&lat=27.95").status_code for number in range(5)]
        page = [client.get(f"/lookup?lon=107.70{number}&lat=27.95").status_code for number in range(5)]
    assert asked == [200, 200, 200, 429, 429]
    assert page == [200, 200, 200, 429, 429]


def test_who_counts_as_one_client() -> None:
    assert client_key("192.0.2.7") == "192.0.2.7"
    # One household holds a /64 (RFC 6177), so all of it is one client.
    assert client_key("2001:db8:1:2:3:4:5:6") == client_key("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert client_key("2001:db8:1:3::9") != client_key("2001:db8:1:2::9")
    assert client_key(None) == client_key("") == "unknown"


def test_the_login_page_carries_next(service: Service) -> None:
    with service.client() as client:
        location = client.get("/cover", headers={"Accept": "text/html"}).headers["location"]
        page = client.get(location)
    assert parse_qs(urlsplit(location).query) == {"next": ["/cover"]}
    assert 'value="/cover"' in page.text
