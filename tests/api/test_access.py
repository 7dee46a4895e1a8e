"""Every route, every role, own and foreign scope, over HTTP, against the access table."""

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount

from api.access import ACCESS, ROLES, RouteTableError, check_routes, route_key
from api.app import create_app
from api.auth import GuardedRoute
from api.settings import Settings
from tests.fixtures.services import Service

PLANNED_GRID = "529901001001001"
# What a route's path and query need to be answered at all; the guard is asked before any of it is looked at.
QUERY = {"GET /api/v1/lookup": {"lon": 107.7005, "lat": 27.9505}, "GET /api/v1/search": {"q": "云溪"}}
# These take no body, so being let in changes something: who may is tested in test_session and test_jobs.
BODILESS = ("DELETE /api/v1/session", "POST /api/v1/reach", "POST /api/v1/incidents/clusters")
ROWS = sorted(key for key in ACCESS if not key.startswith("MOUNT"))


def path_of(service: Service, key: str) -> str:
    path = key.split(" ", 1)[1]
    values = {"plan_id": service.town.plan_id, "grid_code": PLANNED_GRID, "job_id": 999_999, "z": 14, "x": 1, "y": 1}
    return path.format(**values)


def ask(service: Service, key: str, account: str | None) -> int:
    method = key.split(" ", 1)[0]
    with service.client(account) as client:
        # An empty body: a change that is let through is refused for its content (422), so nothing is changed here.
        answer = client.request(method, path_of(service, key), params=QUERY.get(key))
    return answer.status_code


def test_the_table_names_every_route_of_the_app_and_no_other(service: Service) -> None:
    keys = {key for route in service.app.routes for key in route_key(route)}
    assert keys == set(ACCESS)


def test_every_route_is_guarded(service: Service) -> None:
    assert all(isinstance(route, GuardedRoute | Mount) for route in service.app.routes)


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
            assert status == 401, (key, role, status)
        else:
            assert status == 403, (key, role, status)


@pytest.mark.parametrize("key", [key for key in ROWS if not ACCESS[key].is_public])
def test_a_made_up_session_opens_nothing(service: Service, key: str) -> None:
    with service.client() as client:
        client.cookies.set("wangge_session", "A" * 43)
        answer = client.request(key.split(" ", 1)[0], path_of(service, key))
    assert answer.status_code == 401


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
