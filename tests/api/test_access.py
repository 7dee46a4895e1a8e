"""Every route, every role, own and foreign scope, over HTTP, against the access table."""

import math
import re

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount

from api.access import ACCESS, ROLES, RouteTableError, check_routes, route_key
from api.app import create_app
from api.auth import GuardedRoute
from api.keyed import KeyedRoute
from api.settings import Settings
from tests.fixtures.open311 import key_of
from tests.fixtures.services import STREET_1, STREET_2, Service
from tests.fixtures.told import told

PLANNED_GRID = "529901001001001"
INCIDENT_OF = {STREET_1: 1, STREET_2: 50}  # of the small town
PERSON_OF = {STREET_1: 1, STREET_2: 5}
NAME_OF = {STREET_1: "云溪街道", STREET_2: "河东街道"}
# What a route's path and query need to be answered at all; the guard is asked before any of it is looked at.
QUERY = {"GET /api/v1/lookup": {"lon": 107.7005, "lat": 27.9505}, "GET /api/v1/search": {"q": "云溪"}}
# These take no body, so being let in changes something: who may is tested in test_session and test_jobs.
BODILESS = ("DELETE /api/v1/session", "POST /api/v1/reach", "POST /api/v1/incidents/clusters")
ROWS = sorted(key for key in ACCESS if not key.startswith("MOUNT"))


def path_of(service: Service, key: str) -> str:
    path = key.split(" ", 1)[1]
    values = {
        "plan_id": service.town.plan_id,
        "grid_code": PLANNED_GRID,
        "job_id": 999_999,
        "z": 14,
        "x": 1,
        "y": 1,
        "incident_id": 999_999,
        "comment_id": 999_999,
        "service_code": "drain",
        "service_request_id": 999_999,
        "token": 999_999,
        "person_id": 999_999,
        "absence_id": 999_999,
        "code": "K7Q29XBM04TDVR3H",
        "plate_id": 999_999,
        "report_id": 999_999,
    }
    return path.format(**values)


def client_of(service: Service, key: str, account: str | None) -> httpx2.Client:
    """A client of an account: signed in or, where keys open the route, with a key - without one, a session's cookie."""
    if ACCESS[key].kind != "key":
        return service.client(account)
    client = service.client("admin" if account is None else None)
    client.headers.update({} if account is None else {"X-Api-Key": key_of(service, account)})
    return client


def stranger_status(key: str) -> int:
    """What somebody unknown is answered; Open311 asks for 403."""
    return 403 if ACCESS[key].kind == "key" else 401


def ask(service: Service, key: str, account: str | None) -> int:
    method = key.split(" ", 1)[0]
    with client_of(service, key, account) as client:
        # An empty body: a change that is let through is refused for its content (422), so nothing is changed here.
        answer = client.request(method, path_of(service, key), params=QUERY.get(key))
    return answer.status_code


def test_the_table_names_every_route_of_the_app_and_no_other(service: Service) -> None:
    keys = {key for route in service.app.routes for key in route_key(route)}
    assert keys == set(ACCESS)


def test_every_route_is_guarded(service: Service) -> None:
    assert all(isinstance(route, GuardedRoute | Mount) for route in service.app.routes)


def test_what_keys_open_no_session_opens(service: Service) -> None:
    keyed = {key for route in service.app.routes if isinstance(route, KeyedRoute) for key in route_key(route)}
    assert keyed == {key for key, access in ACCESS.items() if access.kind == "key"} != set()


@pytest.mark.parametrize("key", ROWS)
def test_each_role_gets_in_where_the_table_says_and_nowhere_else(service: Service, key: str) -> None:
    access = ACCESS[key]
    for role in ROLES:
        account = None if role == "public" else role
        allowed = access.is_public or role in access.roles
        if allowed and key in BODILESS:
            continue
        status = ask(service, key, account)
        if allowed:
            assert status not in (401, 403), (key, role, status)
            assert status < 500, (key, role, status)
        elif role == "public":
            assert status == stranger_status(key), (key, role, status)
        else:
            assert status == 403, (key, role, status)


def whole_town(key: str) -> dict[str, object]:
    """Path values that reach over both streets: a tile that holds the town, a bbox around it."""
    lon, lat, z = 107.708, 27.952, 13
    x = int((lon + 180) / 360 * 2**z)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z)
    return {"z": z, "x": x, "y": y}


# Pictures have no text to look for: tests/api/test_scope.py compares them pixel by pixel.
SCOPED = [key for key in ROWS if ACCESS[key].is_scoped and key.startswith("GET") and not key.endswith(".png")]


@pytest.mark.parametrize("street", [STREET_1, STREET_2])
@pytest.mark.parametrize("key", SCOPED)
def test_in_each_role_a_street_is_told_of_itself_and_never_of_its_neighbour(
    service: Service, key: str, street: str
) -> None:
    other = STREET_2 if street == STREET_1 else STREET_1
    foreign = {
        "plan_id": service.town.plan_id,
        "grid_code": f"{other}001001",
        "job_id": 999_999,
        "incident_id": INCIDENT_OF[other],
        "service_request_id": INCIDENT_OF[other],
        "token": INCIDENT_OF[other],
        "person_id": PERSON_OF[other],
        **whole_town(key),
    }
    path = key.split(" ", 1)[1].format(**foreign)
    for role in sorted(ACCESS[key].roles):
        with client_of(service, key, f"{role}_of_{street}") as client:
            answers = [client.get(path), client.get(path, params={"bbox": "107,27,108,28"})]
        for answer in answers:
            assert answer.status_code < 500, (role, answer.status_code)
            # A refusal may repeat the code that was asked for; an answer may not know it.
            if answer.is_success:
                assert not re.search(rf"{other}\d|{NAME_OF[other]}", told(answer.content)), (role, answer.url)
        if any(
            f"{{{name}}}" in key for name in ("grid_code", "incident_id", "service_request_id", "token", "person_id")
        ):
            assert answers[0].status_code == 404, role


def test_the_same_questions_do_name_both_streets_to_one_who_may_see_both(service: Service) -> None:
    named = set()
    for key in SCOPED:
        path = key.split(" ", 1)[1]
        values = {
            "plan_id": service.town.plan_id,
            "grid_code": PLANNED_GRID,
            "job_id": 1,
            "incident_id": 1,
            "service_request_id": 1,
            "token": 1,
            "person_id": 1,
            **whole_town(key),
        }
        with client_of(service, key, "admin") as client:
            text = told(client.get(path.format(**values)).content)
        named |= {key} if re.search(rf"{STREET_2}\d", text) and re.search(rf"{STREET_1}\d", text) else set()
    # Were this empty, the test above could not fail.
    assert {"GET /api/v1/plans/{plan_id}/grids", "GET /api/v1/cover", "GET /api/v1/incidents"} <= named
    assert {"GET /api/v1/people", "GET /api/v1/duties", "GET /api/v1/duties/load"} <= named
    assert {"GET /tiles/grids/{plan_id}/{z}/{x}/{y}.mvt", "GET /api/v1/incidents/export.xlsx"} <= named
    assert "GET /api/v1/plans/{plan_id}/package.zip" in named


@pytest.mark.parametrize("key", [key for key in ROWS if not ACCESS[key].is_public])
def test_a_made_up_session_opens_nothing(service: Service, key: str) -> None:
    with service.client() as client:
        client.cookies.set("wangge_session", "A" * 43)
        answer = client.request(key.split(" ", 1)[0], path_of(service, key))
    assert answer.status_code == stranger_status(key)


def test_a_browser_without_a_session_is_sent_to_sign_in(service: Service) -> None:
    with service.client() as client:
        answer = client.get("/planner?plan=1", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Fplanner%3Fplan%3D1"


def small_app(*routers: APIRouter) -> FastAPI:
    app = create_app(Settings(database_url=None))
    for router in routers:
        app.router.routes.extend(router.routes)
    return app


def test_a_route_that_is_not_in_the_table_does_not_start() -> None:
    router = APIRouter(route_class=GuardedRoute)
    router.add_api_route("/api/v1/secret", lambda: {"all": "of it"})
    with pytest.raises(RouteTableError, match="GET /api/v1/secret"):
        check_routes(small_app(router).routes, GuardedRoute)


def test_a_route_without_a_guard_does_not_start() -> None:
    routes = list(create_app(Settings(database_url=None)).routes)
    plain = APIRoute("/healthz", lambda: {})
    routes = [plain if getattr(route, "path", "") == "/healthz" else route for route in routes]
    with pytest.raises(RouteTableError, match=r"unguarded: \['GET /healthz'\]"):
        check_routes(routes, GuardedRoute)


def test_a_row_that_names_no_route_does_not_start() -> None:
    routes = [
        route for route in create_app(Settings(database_url=None)).routes if getattr(route, "path", "") != "/cover"
    ]
    with pytest.raises(RouteTableError, match="GET /cover"):
        check_routes(routes, GuardedRoute)
