"""Keyed: routes that other systems open with an API key, and that no session opens.

A browser's cookie is not looked at, so a page of another site can do nothing here in its visitor's name. Of keys that
are wrong, tries are counted as those of wrong passwords are (`api.limits.Login`).
"""

import base64
import binascii
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from api.access import Access
from api.actions.change_keys import account_of_key
from api.auth import Account, GuardedRoute, comes_from_elsewhere, let_in, token_hash
from api.errors import ForeignRequestError
from api.limits import CEILING
from api.open311 import refusal, without_form
from geo.errors import DeniedError, WanggeError

KEY, HEADER = "api_key", "x-api-key"
FIELDS_MAX = 200


class KeyNeededError(DeniedError):
    """No key, or one that opens nothing."""

    zh = "缺少 api_key，或 api_key 无效。请向运维人员申请密钥。"
    en = "The api_key is missing or is not valid. Ask the operator for a key."


class KeyedRoute(GuardedRoute):
    """A route that an API key opens.

    A path may end in ``.xml`` or ``.json``; refusals are Open311's. A form that is sent is read before the guard, which
    needs its key: ``request.state.fields`` holds its text, ``request.state.has_files`` whether there was more.
    """

    repeatable = frozenset({"service_request_id", "service_code", "status"})

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match a path whatever form it asks for."""
        return super().matches({**scope, "path": without_form(scope["path"])})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the guarded handler, its refusals in the form asked for."""
        guarded = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await guarded(request)
            except (WanggeError, RequestValidationError, HTTPException) as error:
                return refusal(request, error)

        return told

    def _check_page(self, request: Request) -> None:
        """Let every page ask that knows a key; `key_of` refuses what a browser adds by itself."""

    async def _find_account(self, request: Request, access: Access) -> Account | None:
        if access.is_public:
            return None
        await _read_form(request)
        return await run_in_threadpool(_holder, request, access)


class StaffOrKeyRoute(GuardedRoute):
    """A route that a session opens, or an API key in X-Api-Key or as a bearer's token, which no browser sends."""

    def _check_page(self, request: Request) -> None:
        if _key_in_headers(request) is None:
            super()._check_page(request)

    async def _find_account(self, request: Request, access: Access) -> Account | None:
        key = _key_in_headers(request)
        if key is None:
            return await super()._find_account(request, access)
        return await run_in_threadpool(account_by_key, request, access, key)


def _key_in_headers(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else None
    return request.headers.get(HEADER, bearer)


async def _read_form(request: Request) -> None:
    async with request.form(max_fields=FIELDS_MAX, max_files=FIELDS_MAX) as form:
        pairs = form.multi_items()
        request.state.fields = [(name, value) for name, value in pairs if isinstance(value, str)]
        request.state.has_files = any(isinstance(value, UploadFile) and value.size for _, value in pairs)


def _holder(request: Request, access: Access) -> Account:
    return account_by_key(request, access, key_of(request))


def account_by_key(request: Request, access: Access, key: str | None) -> Account:
    """Return whose key this is, having made sure that they may; a wrong one counts against its sender.

    Raises
    ------
    KeyNeededError
        There is none, or it opens nothing.
    TooManyError
        Too many wrong ones came from there.
    """
    services = request.app.state.services
    if key is None:
        raise KeyNeededError()
    limits, client = services.limits, services.client_of(request)
    pair = ("key", client, token_hash(key).hex())
    limits.check("login", *pair)
    limits.check("login", "client", client, times=CEILING)
    account = account_of_key(services.staff, key)
    if account is None:
        limits.count("login", *pair)
        limits.count("login", "client", client, times=CEILING)
        raise KeyNeededError()
    return let_in(request, access, account)


def key_of(request: Request) -> str | None:
    """Return the key of a request: of its form or query, of the header X-Api-Key, or of Authorization.

    Raises
    ------
    ForeignRequestError
        It stands in Authorization alone, which a browser may have added, and a page of another site asks.
    """
    given = (value for name, value in request.state.fields if name == KEY)
    named = next((value for value in given if value), None)
    key = named or request.query_params.get(KEY) or request.headers.get(HEADER)
    if key:
        return key
    key = _authorized(request.headers.get("authorization", ""))
    if key and comes_from_elsewhere(request):
        raise ForeignRequestError()
    return key or None


def _authorized(header: str) -> str:
    """Return the key in an Authorization header: a bearer's token, or Basic's password, else its name."""
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        name, _, password = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password or name
