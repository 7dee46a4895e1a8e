"""Routes: parse, call an action or read a store inside the account's scope, show. Nothing else.

Every module has a `router` of `GuardedRoute`; who may call what stands in `api.access`.
"""

from typing import Any

from fastapi import APIRouter

from api.auth import GuardedRoute
from api.schemas.base import Problem

TAGS = {
    "residents": "居民",
    "street": "街道",
    "planning": "规划",
    "admin": "管理",
}


def guarded_router(tag: str) -> APIRouter:
    """Return a router whose routes ask the access table first; `tag` is one of `TAGS`."""
    return APIRouter(route_class=GuardedRoute, tags=[TAGS[tag]])


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of the problems a route answers with, beside those every route has."""
    return {status: {"model": Problem, "description": "problem details"} for status in (*statuses, 422, 429)}


def answers(model: Any, *statuses: int, media_type: str = "application/json") -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of a route that writes its own bytes: its model and its problems."""
    return {200: {"model": model, "content": {media_type: {}}}, **problems(*statuses)}
