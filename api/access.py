"""Access: the one table that says who may call which route, how often, and whom it is written for.

A route that is not in the table does not start (`check_routes`); a row that names no route does
not start either. `api.auth.GuardedRoute` asks this table before a request's body is read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

PUBLIC = frozenset({"public"})
STAFF = frozenset({"grid_worker", "street_office", "planner", "approver", "admin"})
PLANNERS = frozenset({"planner", "admin"})
APPROVERS = frozenset({"approver", "admin"})
ANALYSTS = frozenset({"street_office", "planner", "admin"})
ADMINS = frozenset({"admin"})
ISSUERS = PLANNERS | APPROVERS
COMMENTERS = frozenset({"street_office", "planner", "approver", "admin"})
PLATE_KEEPERS = frozenset({"street_office", "planner", "admin"})  # who prints doorplates and hangs them up
HANDLERS = frozenset({"grid_worker", "street_office", "admin"})
# Whose private numbers staff see: a street office calls its people out, an admin keeps the register. Planners hand
# duties over and workers look up colleagues; for both the name and the duty line are enough.
PHONES = frozenset({"street_office", "admin"})
ROLES = ("public", "grid_worker", "street_office", "planner", "approver", "admin")

Kind = Literal["page", "json", "tile", "key"]
Rate = Literal["api", "tile", "login", "lookup", "search"]


class RouteTableError(RuntimeError):
    """Routes and access table disagree: a fault of the build, never of a user."""


@dataclass(frozen=True)
class Access:
    """Who may call a route.

    Attributes
    ----------
    roles
        Roles allowed; `PUBLIC` is everybody, signed in or not.
    kind
        ``page`` sends a stranger to /login; ``key`` is opened by an API key and by no session, and refuses with 403 as
        Open311 asks; the others answer 401.
    rate
        Which of the settings' limits counts calls to this route.
    is_scoped
        What it answers depends on the account's scope.
    """

    roles: frozenset[str]
    kind: Kind = "json"
    rate: Rate = "api"
    is_scoped: bool = True

    @property
    def is_public(self) -> bool:
        """Whether no account is needed."""
        return "public" in self.roles


def _open(kind: Kind = "json", rate: Rate = "api") -> Access:
    return Access(PUBLIC, kind, rate, is_scoped=False)


V1 = "/api/v1"
OPEN311 = "/open311/v2"
ACCESS: Mapping[str, Access] = {
    # residents
    "GET /": _open("page"),
    "GET /lookup": _open("page"),
    "GET /figures": _open("page"),
    "GET /login": _open("page"),
    f"GET {V1}/lookup": _open(rate="lookup"),
    f"GET {V1}/search": _open(rate="search"),
    f"POST {V1}/lookup/reports": _open(rate="lookup"),
    "POST /lookup/reports": _open("page", "lookup"),
    f"GET {V1}/lookup/reports": Access(ANALYSTS),
    f"POST {V1}/lookup/reports/{{report_id}}/settle": Access(ANALYSTS),
    f"GET {V1}/lookup/sandbox": _open(),
    f"POST {V1}/lookup/batch": Access(STAFF, rate="lookup", is_scoped=False),  # or by a key: api.routes.lookup_batch
    "GET /d/{code}": _open("page", "lookup"),  # failures are counted by the route: see api.limits.Limits.guessing
    "GET /D/{code}": _open("page", "lookup"),
    "POST /d/{code}/report": _open("page", "lookup"),
    f"GET {V1}/doors/{{code}}": _open(rate="lookup"),
    f"POST {V1}/doors/{{code}}/reports": _open(rate="lookup"),
    "GET /tiles/base/{z}/{x}/{y}.mvt": _open("tile", "tile"),
    "GET /tiles/published/{z}/{x}/{y}.mvt": _open("tile", "tile"),
    # the service
    "GET /metrics": Access(ADMINS, is_scoped=False),  # or by an admin's key: a collector has no session
    "GET /healthz": _open(),
    "GET /docs": _open("page"),
    "GET /openapi.json": _open(),
    "MOUNT /static": _open(),
    f"POST {V1}/session": _open(),  # its failures are counted by the route: see api.limits.Login
    f"DELETE {V1}/session": _open(),
    f"GET {V1}/session": Access(STAFF, is_scoped=False),
    # staff pages
    "GET /planner": Access(STAFF, "page"),
    "GET /dossier": Access(STAFF, "page"),
    "GET /people": Access(STAFF, "page"),
    "GET /cover": Access(STAFF, "page"),
    "GET /reach": Access(STAFF, "page"),
    "GET /siting": Access(STAFF, "page"),
    "GET /incidents": Access(STAFF, "page"),
    # notice boards
    "GET /board/{grid_code}": _open("page", "lookup"),  # another day's is for staff: the route asks
    f"GET {V1}/boards/{{grid_code}}": _open(rate="lookup"),
    "GET /boards": Access(STAFF, "page"),
    f"GET {V1}/boards/{{grid_code}}/poster.pdf": Access(STAFF),
    f"GET {V1}/boards/{{grid_code}}/poster.png": Access(STAFF),
    f"POST {V1}/boards/batch": Access(COMMENTERS),
    f"GET {V1}/boards/batch/{{job_id}}/file": Access(COMMENTERS),
    # areas, plans, cover
    f"GET {V1}/areas": Access(STAFF),
    f"GET {V1}/plans": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/grids": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/grids/{{grid_code}}": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/zones": Access(STAFF),
    f"POST {V1}/plans": Access(PLANNERS),
    f"GET {V1}/plans/{{plan_id}}/life": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/findings": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/dossier": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/dossier/ground": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/dossier.xlsx": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/dossier.pdf": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/package.zip": Access(ISSUERS),
    f"POST {V1}/plans/{{plan_id}}/submit": Access(PLANNERS),
    f"POST {V1}/plans/{{plan_id}}/recall": Access(PLANNERS),
    f"POST {V1}/plans/{{plan_id}}/return": Access(APPROVERS),
    f"POST {V1}/plans/{{plan_id}}/approve": Access(APPROVERS),
    f"POST {V1}/plans/{{plan_id}}/publish": Access(APPROVERS),
    f"POST {V1}/plans/{{plan_id}}/comments": Access(COMMENTERS),
    f"POST {V1}/plans/{{plan_id}}/comments/{{comment_id}}/settle": Access(COMMENTERS),
    f"POST {V1}/plans/{{plan_id}}/branch": Access(PLANNERS),
    f"DELETE {V1}/plans/{{plan_id}}": Access(PLANNERS),
    f"POST {V1}/plans/{{plan_id}}/edits": Access(PLANNERS),
    f"POST {V1}/plans/{{plan_id}}/undo": Access(PLANNERS),
    f"POST {V1}/plans/{{plan_id}}/redo": Access(PLANNERS),
    f"POST {V1}/plans/{{plan_id}}/restore": Access(PLANNERS),
    f"POST {V1}/plans/{{plan_id}}/points": Access(PLANNERS),
    f"GET {V1}/plans/{{plan_id}}/history": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/cells": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/parts": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/problems": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/grids/{{grid_code}}/fix": Access(STAFF),
    f"GET {V1}/plans/{{plan_id}}/grids/{{grid_code}}/streets": Access(STAFF),
    f"GET {V1}/cover": Access(STAFF),
    "GET /tiles/grids/{plan_id}/{z}/{x}/{y}.mvt": Access(STAFF, "tile", "tile"),
    # people on duty; who plans grids says who answers for them
    f"GET {V1}/people": Access(STAFF),
    f"POST {V1}/people": Access(PLANNERS),
    f"GET {V1}/people/{{person_id}}": Access(STAFF),
    f"GET {V1}/duties": Access(STAFF),
    f"GET {V1}/duties/vacancies": Access(STAFF),
    f"GET {V1}/duties/load": Access(STAFF),
    f"GET {V1}/duties/rounds": Access(STAFF),
    f"POST {V1}/duties": Access(PLANNERS),
    f"POST {V1}/duties/end": Access(PLANNERS),
    f"POST {V1}/duties/hand-over": Access(PLANNERS),
    f"GET {V1}/absences": Access(STAFF),
    f"POST {V1}/absences": Access(PLANNERS),
    f"PUT {V1}/absences/{{absence_id}}": Access(PLANNERS),
    f"DELETE {V1}/absences/{{absence_id}}": Access(PLANNERS),
    # doorplates
    "GET /plates": Access(PLATE_KEEPERS, "page"),
    f"POST {V1}/plates/issue": Access(PLATE_KEEPERS),
    f"GET {V1}/plates": Access(PLATE_KEEPERS),
    f"GET {V1}/plates/batches": Access(PLATE_KEEPERS),
    f"GET {V1}/plates/reprints": Access(PLATE_KEEPERS),
    f"POST {V1}/plates/{{plate_id}}/revoke": Access(PLATE_KEEPERS),
    f"POST {V1}/plates/reports/{{report_id}}/settle": Access(PLATE_KEEPERS),
    f"POST {V1}/plates/printed": Access(PLATE_KEEPERS),
    f"GET {V1}/plates/sheet.svg": Access(PLATE_KEEPERS),
    f"GET {V1}/plates/sheet.pdf": Access(PLATE_KEEPERS),
    f"POST {V1}/plates/sheets": Access(PLATE_KEEPERS),
    f"GET {V1}/plates/sheets/{{job_id}}/file": Access(PLATE_KEEPERS),
    # reach
    f"GET {V1}/reach/stations": Access(STAFF),
    f"GET {V1}/reach/circles": Access(STAFF),
    f"GET {V1}/reach/summary": Access(STAFF),
    f"POST {V1}/reach": Access(PLANNERS),
    f"GET {V1}/reach/cover": Access(STAFF),
    f"GET {V1}/reach/grids": Access(STAFF),
    f"GET {V1}/reach/weak-spots": Access(STAFF),
    f"GET {V1}/reach/at": Access(STAFF),
    f"GET {V1}/reach/pockets": Access(STAFF),
    f"POST {V1}/reach/siting": Access(STAFF),
    f"POST {V1}/reach/trial": Access(STAFF),
    f"POST {V1}/reach/changes": Access(PLANNERS),
    "GET /tiles/walks/{z}/{x}/{y}.mvt": Access(STAFF, "tile", "tile"),
    # incidents
    f"GET {V1}/incidents": Access(STAFF),
    f"GET {V1}/incidents/summary": Access(STAFF),
    f"GET {V1}/incidents/ranked": Access(STAFF),
    f"GET {V1}/incidents/clusters": Access(STAFF),
    f"GET {V1}/incidents/hotspots": Access(STAFF),
    f"GET {V1}/incidents/scan": Access(STAFF),
    f"GET {V1}/incidents/public": _open(),
    f"GET {V1}/incidents/export.csv": Access(STAFF),
    f"GET {V1}/incidents/export.xlsx": Access(STAFF),
    f"GET {V1}/incidents/brief.pdf": Access(STAFF),
    f"GET {V1}/incidents/emerging": Access(STAFF),
    f"POST {V1}/incidents/clusters": Access(ANALYSTS),
    f"POST {V1}/incidents": Access(HANDLERS),
    f"GET {V1}/incidents/duplicates": Access(STAFF),
    f"GET {V1}/incidents/unplaced": Access(STAFF),
    f"GET {V1}/incidents/{{incident_id}}": Access(HANDLERS),
    f"POST {V1}/incidents/{{incident_id}}/moves": Access(HANDLERS),
    f"POST {V1}/incidents/{{incident_id}}/notes": Access(HANDLERS),
    f"PUT {V1}/incidents/{{incident_id}}/duplicate": Access(HANDLERS),
    f"PUT {V1}/incidents/{{incident_id}}/place": Access(HANDLERS),
    f"GET {V1}/incidents/density/scale": Access(STAFF),
    f"GET {V1}/incidents/density/{{z}}/{{x}}/{{y}}.png": Access(STAFF, "tile", "tile"),
    # Open311, for other systems
    f"GET {OPEN311}/discovery": _open("key"),
    f"GET {OPEN311}/services": _open("key"),
    f"GET {OPEN311}/services/{{service_code}}": _open("key"),
    f"GET {OPEN311}/requests": Access(HANDLERS, "key"),
    f"POST {OPEN311}/requests": Access(HANDLERS, "key"),
    f"GET {OPEN311}/requests/{{service_request_id}}": Access(HANDLERS, "key"),
    f"GET {OPEN311}/tokens/{{token}}": Access(HANDLERS, "key"),
    # jobs, accounts, audit
    f"GET {V1}/jobs/{{job_id}}": Access(STAFF),
    f"GET {V1}/accounts": Access(ADMINS),
    f"POST {V1}/accounts": Access(ADMINS),
    f"GET {V1}/audit": Access(ADMINS),
}


def route_key(route: BaseRoute) -> list[str]:
    """Return a route's rows in the table: one a method, e.g. ``"GET /api/v1/plans/{plan_id}"``."""
    if isinstance(route, APIRoute):
        return [f"{method} {route.path}" for method in sorted(route.methods or ())]
    if isinstance(route, Mount):
        return [f"MOUNT {route.path}"]
    return [f"{type(route).__name__} {getattr(route, 'path', '?')}"]


def check_routes(routes: Iterable[BaseRoute], guard: type[APIRoute]) -> None:
    """Refuse to start where a route is not guarded, not in the table, or a row names no route.

    Raises
    ------
    RouteTableError
        Naming every route and row at fault.
    """
    routes = list(routes)
    keys = [key for route in routes for key in route_key(route)]
    missing = sorted(set(keys) - set(ACCESS))
    idle = sorted(set(ACCESS) - set(keys))
    unguarded = sorted(
        key for route in routes if not isinstance(route, (guard, Mount)) for key in route_key(route)
    )  # fmt: skip
    if missing or idle or unguarded:
        raise RouteTableError(f"routes without access: {missing}; rows without route: {idle}; unguarded: {unguarded}")
