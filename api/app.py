"""App: put settings, services, routes and handlers together. `create_app` opens nothing by itself."""

import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
import structlog
from fastapi import FastAPI
from pydantic_core import PydanticSerializationError, to_json
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from api import fast_lookup
from api.access import check_routes
from api.auth import GuardedRoute
from api.compression import Compression
from api.deps import Services
from api.errors import add_error_handlers
from api.headers import Envelope, with_request_id
from api.limits import Limits
from api.queue_tables import install_queue
from api.routes import (
    TAGS,
    accounts,
    answer_reports,
    areas,
    audit,
    boards,
    cases,
    cover,
    docs,
    dossier,
    edits,
    health,
    incident_files,
    incidents,
    jobs,
    life,
    lookup,
    lookup_batch,
    open311,
    pages,
    people,
    plans,
    plate_pages,
    plates,
    reach,
    session,
    siting,
    tiles,
)
from api.settings import Settings
from api.sharing import Sharing
from maps.assets import STATIC_FOLDER, STATIC_URL

ROUTERS = (
    pages.residents, lookup.router, lookup_batch.residents, lookup_batch.router, answer_reports.residents,
    answer_reports.street, pages.street, pages.planning, session.router, areas.router, plans.router, edits.router,
    life.router, dossier.router, cover.router, people.router, reach.router, siting.router, incidents.router,
    incident_files.residents, incident_files.router, cases.router, tiles.residents, tiles.planning, boards.residents,
    boards.router, plates.residents, plates.router, plate_pages.residents, plate_pages.street, open311.router,
    jobs.router, accounts.router, audit.router, health.router, health.counted, docs.router,
)  # fmt: skip
# Without local variables: they hold passwords and the points people ask about.
_TRACE = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
_WHO = {
    "residents": "public: who answers for a door, where a place is",
    "street": "street offices: incidents, sessions",
    "planning": "planners: plans, cover, reach",
    "admin": "operators: accounts, audit, health",
}


def create_app(settings: Settings) -> FastAPI:
    """Return the service, ready for an ASGI server.

    Raises
    ------
    RouteTableError
        A route is not in the access table, is not guarded, or a row names no route.
    """
    start_log(settings)
    app = Service(
        title="网格 Wangge",
        version=docs.service_version(),
        description="城市治理网格：谁负责每一户，步行多远能得到帮助，问题聚集在哪里。",
        openapi_url=None, docs_url=None, redoc_url=None,
        openapi_tags=[{"name": name, "description": _WHO[key]} for key, name in TAGS.items()],
        lifespan=_lifespan,
        redirect_slashes=False,
        max_body_size=settings.max_body_bytes,
        # Else the environment could have requests sent to somewhere: nothing of a request leaves but our own log.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )  # fmt: skip
    app.state.services = Services(settings, Limits.from_settings(settings))
    for router in ROUTERS:
        # Taken over one by one: an included router hides its routes, and the table must see each.
        app.router.routes.extend(router.routes)
    app.mount(STATIC_URL, StaticFilesWithCache(directory=STATIC_FOLDER, check_dir=False), name="static")
    check_routes(app.routes, GuardedRoute)
    add_error_handlers(app)
    return app


class Service(FastAPI):
    """FastAPI with `Envelope` outside of everything, the handler of unforeseen errors included."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return the application behind all its middleware."""
        services: Services = self.state.services
        route = next(route for route in self.router.routes if getattr(route, "path", None) == fast_lookup.PATH)
        routes = Compression(super().build_middleware_stack())
        fast = fast_lookup.FastLookup(routes, services, route)
        shared = Sharing(fast, services.settings.shared_with)
        return Envelope(shared, is_https=services.settings.is_https)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    anyio.to_thread.current_default_thread_limiter().total_tokens = services.settings.threads
    await anyio.to_thread.run_sync(install_queue, services.settings.url)
    await anyio.to_thread.run_sync(services.check_scope_is_kept)
    services.published.listen()
    try:
        yield
    finally:
        services.close()


class StaticFilesWithCache(StaticFiles):
    """Our own scripts, styles and pictures; those whose path carries a version are kept for good."""

    def file_response(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # starlette's own signature
        """Return a file with how long it may be kept."""
        response = super().file_response(*args, **kwargs)
        scope: Scope = args[2] if len(args) > 2 else kwargs["scope"]
        kept = "/vendor/" in scope["path"] or b"v=" in scope.get("query_string", b"")
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if kept else "public, no-cache"
        return response


class StandardError:
    """Writes lines to whatever standard error is at that moment."""

    def __init__(self, *names: object) -> None:
        """Take the names that structlog passes; there is one log."""

    def msg(self, line: str) -> None:
        """Write one line."""
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = msg


def _json(line: dict[str, Any], **_: Any) -> str:
    """Return a line as JSON, whatever it holds."""
    try:
        return to_json(line, fallback=repr, bytes_mode="base64").decode()
    except (PydanticSerializationError, UnicodeError):  # half a character, say, in what somebody sent
        return json.dumps(line, default=repr)


def start_log(settings: Settings) -> None:
    """Write JSON lines (or, on a terminal, plain ones) with the request id, to standard error."""
    shared = (
        with_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )
    last: tuple[structlog.typing.Processor, ...] = (
        (_TRACE, structlog.processors.JSONRenderer(_json))
        if settings.log_format == "json"
        else (structlog.dev.ConsoleRenderer(colors=False),)
    )
    level = getattr(logging, settings.log_level.upper())
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=StandardError,
        cache_logger_on_first_use=False,
    )
