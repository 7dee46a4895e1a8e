"""What surrounds every answer: headers, OpenAPI, docs, static files, settings, the log."""

import json
import re
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr, ValidationError

from api.app import create_app, start_log
from api.routes.docs import description_text
from api.settings import NoDatabaseError, Settings, is_placeholder
from tests.fixtures.services import Service

ROOT = Path(__file__).parent.parent.parent
PAGES = ("/", "/lookup", "/login", "/docs")
STAFF_PAGES = ("/planner", "/people", "/cover", "/reach", "/siting", "/incidents")


@pytest.mark.parametrize("path", [*PAGES, *STAFF_PAGES])
def test_pages_carry_a_fresh_nonce_and_name_no_other_host(service: Service, path: str) -> None:
    with service.client("planner") as client:
        first, second = client.get(path), client.get(path)
    assert first.status_code == 200
    nonces = [
        re.findall(r"'nonce-([\w-]+)'", answer.headers["content-security-policy"])[0] for answer in (first, second)
    ]
    assert nonces[0] != nonces[1]
    assert set(re.findall(r'nonce="([^"]*)"', first.text)) <= {nonces[0]}, "no block carries another nonce"
    hosts = set(re.findall(r"""(?:src|href)=["'](?:https?:)?//([^/"']+)""", first.text))
    assert hosts == set()
    assert "unsafe-eval" not in first.headers["content-security-policy"]


def test_every_answer_is_hardened(service: Service) -> None:
    with service.client() as client:
        for path in ("/", "/healthz", "/api/v1/nowhere", "/tiles/base/1/0/0.mvt"):
            headers = client.get(path).headers
            assert headers["x-content-type-options"] == "nosniff", path
            assert headers["x-frame-options"] == "DENY", path
            assert headers["referrer-policy"] == "same-origin", path
            assert headers["content-security-policy"], path
            assert headers["x-request-id"], path
            assert "server" not in headers, path


def test_a_proxys_request_id_is_kept_when_it_is_plain(service: Service) -> None:
    with service.client() as client:
        assert client.get("/healthz", headers={"X-Request-Id": "abc-12345"}).headers["x-request-id"] == "abc-12345"
        assert client.get("/healthz", headers={"X-Request-Id": "a b<c>d=1"}).headers["x-request-id"] != "a b<c>d=1"


def test_head_is_answered_as_get_without_a_body(service: Service) -> None:
    with service.client() as client:
        answer = client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")


def test_lang_is_remembered(service: Service) -> None:
    with service.client() as client:
        assert '<html lang="zh-CN">' in client.get("/").text
        assert '<html lang="en">' in client.get("/?lang=en").text
        assert '<html lang="en">' in client.get("/lookup").text


def test_the_docs_page_loads_swagger_from_this_host(service: Service) -> None:
    with service.client() as client:
        page = client.get("/docs").text
    assert re.search(r'src="/static/vendor/swagger-ui-dist/[\d.]+/swagger-ui-bundle\.js"', page)


def test_the_written_description_is_the_one_served(service: Service) -> None:
    with service.client() as client:
        served = client.get("/openapi.json").json()
    written = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert written == description_text(served), "run: wangge openapi > docs/openapi.json"


def test_the_description_has_tags_by_user_and_chinese_examples() -> None:
    description = create_app(Settings(database_url=None)).openapi()
    assert {row["name"] for row in description["tags"]} == {"居民", "街道", "规划", "管理"}
    operations = [operation for path in description["paths"].values() for operation in path.values()]
    assert all(set(operation["tags"]) <= {"居民", "街道", "规划", "管理"} for operation in operations)
    assert "云溪社区" in json.dumps(description["components"], ensure_ascii=False)


def test_settings_refuse_sample_passwords_outside_local() -> None:
    url = SecretStr("postgresql://wangge:change-me@localhost/wangge")
    assert Settings(database_url=url).environment == "local"
    with pytest.raises(ValidationError, match="placeholder"):
        Settings(database_url=url, environment="production")
    with pytest.raises(ValidationError, match="WANGGE_ADMIN_PASSWORD"):
        Settings(database_url=None, admin_password=SecretStr("admin"), environment="production")
    good = SecretStr("postgresql://wangge:h8Kd0pWq2mZx@localhost/wangge")
    assert Settings(database_url=good, environment="production").url.endswith("/wangge")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "mysql://localhost/x"),
        ("database_url", "not an address"),
        ("login_rate", "many"),
        ("login_rate", "0/minute"),
        ("public_url", "ftp://x"),
        ("threads", 0),
        ("port", 70_000),
        ("session_hours", 0),
    ],
)
def test_settings_refuse_what_cannot_be(name: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({name: value})


def test_settings_come_from_the_environment_and_hide_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANGGE_DATABASE_URL", "postgresql://a:topsecret123@localhost/b")
    monkeypatch.setenv("WANGGE_LOGIN_RATE", "3/hour")
    settings = Settings()
    assert settings.login_rate == "3/hour"
    assert "topsecret123" not in repr(settings)
    monkeypatch.delenv("WANGGE_DATABASE_URL")
    with pytest.raises(NoDatabaseError):
        _ = Settings(database_url=None).url


def test_what_counts_as_a_placeholder() -> None:
    assert all(map(is_placeholder, ("change-me", "CHANGE-ME-PLEASE", "admin", "short", "wangge")))
    assert not is_placeholder("h8Kd0pWq2mZx")


@pytest.mark.parametrize("odd", ["\ud800", b"\xff", float("nan"), {1, 2}, object()])
def test_a_line_of_the_log_is_written_whatever_it_holds(odd: object, capfd: pytest.CaptureFixture[str]) -> None:
    start_log(Settings(database_url=SecretStr("postgresql:///none")))
    structlog.get_logger("test").warning("odd", held=odd)
    assert json.loads(capfd.readouterr().err)["event"] == "odd"
