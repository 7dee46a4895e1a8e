"""wangge serve, work, openapi: the web service and its job runner."""

import gc
import json
import os
import sys
from threading import Thread
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.cli._service import console, ready_settings
from api.jobs import run_worker
from api.metrics import share_metrics
from api.settings import Settings, load_settings
from geo.warm import warm


def serve(
    host: Annotated[str | None, typer.Option(help="address to listen on; default WANGGE_HOST or 127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on; default WANGGE_PORT or 8000")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="processes; default WANGGE_WORKERS or 1")] = None,
) -> None:
    """Serve the pages and the API."""
    settings = ready_settings()
    settings = settings.model_copy(
        update={
            "host": host or settings.host,
            "port": settings.port if port is None else port,
            "workers": workers or settings.workers,
        }
    )
    console.print(f"Wangge 网格 serves on http://{settings.host}:{settings.port}", highlight=False)
    run_server(settings)


def work() -> None:
    """Run background jobs: plans, circles, clusters."""
    settings = ready_settings()
    console.print("Wangge job runner is waiting for work", highlight=False)
    warm_beside()
    run_worker(settings)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Taking apart all that was loaded takes seconds, which whoever stops us would wait for nothing.
    os._exit(0)


def openapi() -> None:
    """Print the OpenAPI description."""
    print(json.dumps(create_app(load_settings()).openapi(), ensure_ascii=False, indent=2, sort_keys=True))


def warm_beside() -> Thread:
    """Load the planning engine's machine code (compile it on a new machine) while the service is starting."""
    thread = Thread(target=warm, name="warm", daemon=True)
    thread.start()
    return thread


def run_server(settings: Settings) -> None:
    """Serve until told to stop, by one process or several that share the port."""
    is_one = settings.workers == 1
    if is_one:
        warm_beside()
    else:
        share_metrics()
    uvicorn.run(
        app_of(settings) if is_one else "api.cli.serve:app_of_one",
        factory=not is_one,
        workers=settings.workers,
        host=settings.host,
        port=settings.port,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        log_level="warning",
        access_log=False,
        server_header=False,
    )


def app_of_one() -> FastAPI:
    """Return the service of one of several processes; each reads the environment and finds the database running."""
    settings = ready_settings()
    warm_beside()
    return app_of(settings)


def app_of(settings: Settings) -> FastAPI:
    """Return the service that has this process to itself."""
    app = create_app(settings)
    app.state.services.published.changed = leave_alone
    return app


def leave_alone() -> None:
    """Keep the garbage collector from what is in memory now: each of its rounds would walk it all, 0.3 s of a city."""
    gc.unfreeze()  # what was left alone before may be garbage now
    gc.collect()
    gc.freeze()
