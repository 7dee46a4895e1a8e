"""Keys over real HTTP: what opens Open311, what does not, what is counted, and that none is ever written down."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from api.actions.change_keys import give_key, revoke_key
from data.postgis.engine import transaction
from data.stores import accounts
from tests.fixtures.commands import DONE, FAILED, wangge
from tests.fixtures.open311 import HERE, OF_TOWN, key_of, numbers, program, xml
from tests.fixtures.services import Service, running_service


@pytest.fixture(scope="module")
def service(new_town: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """A service of this module's own, which its tests write to."""
    with new_town() as url, running_service(url) as running:
        yield running


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    """A key of the first street's office."""
    return key_of(service, "street_1")


@pytest.fixture
def client(service: Service) -> Iterator[httpx2.Client]:
    """Another system."""
    with program(service) as other:
        yield other


def refused_all(client: httpx2.Client, **options: Any) -> list[int]:
    """Statuses of every call that takes a key."""
    gets = [client.get(f"/{path}.json", **options) for path in ("requests", "requests/1", "tokens/1")]
    return [answer.status_code for answer in (*gets, client.post("/requests.json", **options))]


def test_without_a_good_key_nothing_opens(service: Service, client: httpx2.Client) -> None:
    assert refused_all(client) == refused_all(client, params={"api_key": ""}) == [403] * 4
    assert refused_all(client, params={"api_key": "wangge_" + "A" * 43}) == [403] * 4
    assert refused_all(client, headers={"Authorization": "Basic !"}) == [403] * 4
    assert refused_all(client, headers={"Authorization": "Digest x"}) == [403] * 4
    error = xml(client.get("/requests.xml"))
    assert (error.tag, error.findtext("error/code")) == ("errors", "403")
    assert "api_key" in (error.findtext("error/description") or "")
    assert "www-authenticate" not in client.get("/requests.xml").headers
    gone = give_key(service.engine, account_name="grid_worker", key_name="gone", actor="test")
    assert client.get("/requests.json", params={"api_key": gone}).status_code == 200
    revoke_key(service.engine, account_name="grid_worker", key_name="gone", actor="test")
    assert refused_all(client, params={"api_key": gone}) == [403] * 4


def test_a_key_ends_with_its_account_and_does_what_the_role_may(service: Service, client: httpx2.Client) -> None:
    with transaction(service.engine, actor="test", action="test") as conn:
        account_id = accounts.create_account(
            conn, name="lin", password_hash="x", role="grid_worker", scope="529901001001"
        )
    own = give_key(service.engine, account_name="lin", key_name="app", actor="test")
    assert set(numbers(client, own, **OF_TOWN)) == set(range(1, 31))
    for change, status in (({"role": "planner"}, 403), ({"role": "grid_worker"}, 200), ({"is_active": False}, 403)):
        with transaction(service.engine, actor="test", action="test") as conn:
            accounts.change_account(conn, account_id, **change)
        assert client.get("/requests.json", params={"api_key": own}).status_code == status, change


def test_a_key_comes_as_parameter_or_header(client: httpx2.Client, key: str) -> None:
    ways: list[dict[str, Any]] = [
        {"params": {"api_key": key}}, {"headers": {"X-Api-Key": key}}, {"headers": {"Authorization": f"Bearer {key}"}},
        {"auth": ("open311", key)}, {"auth": (key, "")},
        {"params": {"api_key": key}, "headers": {"X-Api-Key": "another"}},
    ]  # fmt: skip
    for way in ways:
        assert client.get("/requests.json", **way).status_code == 200, way
        assert client.post("/requests.json", data={"service_code": "drain", **HERE}, **way).status_code == 200, way
    sent = {"service_code": "drain", **HERE, "api_key": key}
    assert client.post("/requests.json", data=sent, params={"api_key": "another"}).status_code == 200


def test_a_browsers_session_opens_nothing_here(service: Service, client: httpx2.Client, key: str) -> None:
    ours = {"X-Wangge": "1", "Origin": service.url}
    client.cookies.set("wangge_session", service.token("street_1"))
    assert refused_all(client) == refused_all(client, headers=ours) == [403] * 4
    sent = {"service_code": "drain", **HERE}
    foreign = {"Origin": "https://evil.example"}
    # What a browser remembers and adds by itself does not serve another site's page; a key the page knows does.
    for origin in ("https://evil.example", "null", "http://[::1"):
        refused = client.post("/requests.json", data=sent, auth=("x", key), headers={"Origin": origin})
        assert refused.status_code == 403, origin
    assert client.post("/requests.json", data={**sent, "api_key": key}, headers=foreign).status_code == 200
    assert "access-control-allow-origin" not in client.get("/services.json", headers=foreign).headers


def test_a_key_is_never_logged_nor_said_back(
    capfd: pytest.CaptureFixture[str], service: Service, client: httpx2.Client, key: str
) -> None:
    wrong = "wangge_wrong_" + "B" * 30
    for secret in (key, wrong):
        answers = [
            client.get("/requests.xml", params={"api_key": secret}),
            client.get("/requests.xml", params={"api_key": secret, "page": "x"}),
            client.get("/requests.xml", params=[("api_key", secret), ("api_key", secret)]),
            client.get("/nothing.xml", params={"api_key": secret}),
            client.post("/requests.json", data={"api_key": secret, "lat": "x"}),
            client.request("DELETE", "/requests.xml", params={"api_key": secret}),
            client.get("/requests.xml", auth=("x", secret)),
        ]
        assert [answer.status_code for answer in answers][3:6] in ([404, 400, 405], [404, 403, 405])
        assert not [answer.url for answer in answers if secret in answer.text or secret in str(answer.headers)]
    written = capfd.readouterr().err
    assert "/open311/v2/requests" in written
    assert key not in written
    assert wrong not in written
    with service.engine.connect() as conn:
        assert conn.scalar(text("SELECT count(*) FROM audit WHERE actor LIKE 'wangge%'")) == 0


def test_wrong_keys_are_counted_as_wrong_passwords_are(
    new_town: Callable[[], AbstractContextManager[str]],
) -> None:
    with new_town() as url, running_service(url, login_rate="2/minute") as small:
        good = give_key(small.engine, account_name="street_1", key_name="app", actor="test")
        with program(small) as client:
            ask = [client.get("/requests.json", params={"api_key": "old"}) for _ in range(4)]
            assert [answer.status_code for answer in ask] == [403, 403, 429, 429]
            assert int(ask[-1].headers["retry-after"]) > 0
            assert ask[-1].json()[0]["code"] == 429
            # One stale key shuts nobody out; right ones are not counted.
            assert [client.get("/requests.json", params={"api_key": good}).status_code for _ in range(9)] == [200] * 9
            # Who tries very many is shut out as a whole.
            tried = [client.get("/requests.json", params={"api_key": f"guess{n}"}).status_code for n in range(40)]
            assert tried == [403] * 38 + [429] * 2
            assert client.get("/requests.json", params={"api_key": good}).status_code == 429
            assert client.get("/services.json").status_code == 200


def test_a_key_is_given_by_the_command_line_and_told_once(service: Service, client: httpx2.Client) -> None:
    command = ("account", "key", "street_2")
    dry = wangge(service.database_url, *command)
    assert (dry.returncode, "Dry run" in dry.stdout, "wangge_" in dry.stdout) == (DONE, True, False), dry.stderr
    done = wangge(service.database_url, *command, "--for", "市民热线", "--commit")
    assert done.returncode == DONE, done.stderr
    made = done.stdout.split("Key (shown once): ")[1].strip()
    assert "市民热线" in done.stdout
    assert set(numbers(client, made, **OF_TOWN)) == set(range(43, 63))
    again = wangge(service.database_url, *command, "--for", "市民热线", "--commit")
    assert (again.returncode, made in again.stdout) == (FAILED, False)
    assert "Traceback" not in again.stderr
    ended = wangge(service.database_url, *command, "--revoke", "市民热线", "--commit")
    assert (ended.returncode, "wangge_" in ended.stdout) == (DONE, False), ended.stderr
    assert client.get("/requests.json", params={"api_key": made}).status_code == 403
