"""Auth: passwords, sessions, and the guard in front of every route.

A session is a random cookie; the database keeps its SHA-256 only. What an account may do is its
role (see `api.access`); what it may see is its scope, the leading digits of a division code.
"""

import hashlib
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from api.access import ACCESS, Access
from api.errors import (
    ForeignRequestError,
    RepeatedParameterError,
    SignInNeededError,
    UnknownParameterError,
    UnstorableTextError,
)
from api.limits import client_key
from geo.errors import DeniedError

COOKIE = "wangge_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
EVERYWHERE = "*"
_HASHER = PasswordHash((Argon2Hasher(),))


@dataclass(frozen=True)
class Account:
    """Somebody signed in."""

    account_id: int
    name: str
    role: str
    scope: str
    language: str = "zh"

    def covers(self, code: str) -> bool:
        """Return whether an area, grid or zone code lies wholly within the account's scope."""
        return self.scope == EVERYWHERE or code.startswith(self.scope)

    def require_cover(self, code: str) -> None:
        """Raise DeniedError where `code` lies outside the account's scope."""
        if not self.covers(code):
            raise DeniedError(reason=f"{code} is outside your area", reason_zh=f"{code} 不在您的管辖范围内")


def hash_password(password: str) -> str:
    """Return the argon2id hash to keep of a password."""
    return _HASHER.hash(password)


def password_fits(password: str, password_hash: str | None) -> bool:
    """Return whether a password is the one kept; an unknown account takes as long as a known one."""
    try:
        fits = _HASHER.verify(password, password_hash or _decoy())
    except UnknownHashError:
        return False
    return fits and password_hash is not None


_DECOYS: list[str] = []


def _decoy() -> str:
    if not _DECOYS:
        _DECOYS.append(hash_password(secrets.token_hex(16)))
    return _DECOYS[0]


def new_token() -> str:
    """Return a fresh session cookie: 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what the database keeps of a session cookie."""
    return hashlib.sha256(token.encode("utf-8", errors="replace")).digest()


def is_own_request(request: Request) -> bool:
    """Return whether a change was asked for by our own page or by a program, not by a foreign page.

    A foreign page can neither send the header X-Wangge without a preflight, which this service
    never grants, nor forge Origin.
    """
    if comes_from_elsewhere(request):
        return False
    return request.headers.get("x-wangge") == "1" or "origin" in request.headers


def comes_from_elsewhere(request: Request) -> bool:
    """Return whether a browser says that a page of another site sent this."""
    origin = request.headers.get("origin")
    return origin is not None and _host_of(origin) != request.headers.get("host", "").lower()


def _host_of(origin: str) -> str | None:
    """Return the host and port of an Origin; None, which is no host's own, where it cannot be read."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # e.g. an IPv6 address whose bracket is never closed
        return None


class GuardedRoute(APIRoute):
    """A route that asks the access table before anything of the request is read.

    In order: rate, unknown parameters, foreign pages, session, role.
    """

    repeatable: frozenset[str] = frozenset()  # parameters that may stand several times

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the route's handler behind its guard."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            access = self.access(request.method)
            self._check_request(request, access)
            request.state.account = await self._find_account(request, access)
            return await handler(request)

        return guarded

    def access(self, method: str) -> Access:
        """Return this route's row; `check_routes` made sure that there is one."""
        return ACCESS[f"{method} {self.path}"]

    @cached_property
    def known_parameters(self) -> frozenset[str]:
        """Names a query may use here."""
        fields = get_flat_params(self.dependant)
        return frozenset({f.alias for f in fields if isinstance(f.field_info, Query)} | {"lang"})

    async def _find_account(self, request: Request, access: Access) -> Account | None:
        # The session is read from the database, which blocks: not on the event loop.
        return await run_in_threadpool(_signed_in, request, access)

    def _check_request(self, request: Request, access: Access) -> None:
        limits = request.app.state.services.limits
        limits.hit(access.rate, self.path, client_key(request.client.host if request.client else None))
        names = [name for name, _ in request.query_params.multi_items()]
        repeated = {name for name in names if names.count(name) > 1} - self.repeatable
        wrong = sorted(set(names) - self._allowed(access))
        if repeated and not wrong:
            raise RepeatedParameterError(names=", ".join(name[:40] for name in sorted(repeated)[:5]))
        if wrong:
            raise UnknownParameterError(
                names=", ".join(name[:40] for name in wrong[:5]), known=", ".join(sorted(self._allowed(access)))
            )
        if any("\x00" in value for _, value in request.query_params.multi_items()):
            raise UnstorableTextError()
        self._check_page(request)

    def _check_page(self, request: Request) -> None:
        if request.method not in SAFE_METHODS and not is_own_request(request):
            raise ForeignRequestError()

    def _allowed(self, access: Access) -> frozenset[str]:
        # Tiles carry the revision they were asked for, so that they may be kept for ever.
        return self.known_parameters | {"v"} if access.kind == "tile" else self.known_parameters


def _signed_in(request: Request, access: Access) -> Account | None:
    """Return who asks, having made sure that they may."""
    token = request.cookies.get(COOKIE)
    account: Account | None = request.app.state.services.find_account(token) if token else None
    if access.is_public:
        return account
    if account is None:
        raise SignInNeededError()
    return let_in(request, access, account)


def let_in(request: Request, access: Access, account: Account) -> Account:
    """Return an account whose role may call a route; the log line will name it."""
    request.state.actor = account.name
    if account.role not in access.roles:
        raise DeniedError(
            reason=f"the role {account.role} may not do this; it takes one of: {', '.join(sorted(access.roles))}",
            reason_zh=f"角色 {account.role} 不能执行此操作，需要：{'、'.join(sorted(access.roles))}",
        )
    return account
