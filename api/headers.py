"""Headers: request id, nonce, content policy and the other security headers of every answer, and one log line."""

import re
import secrets
import time
from contextvars import ContextVar
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import count_request
from maps.page import content_security_policy, new_nonce

FIXED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(self), camera=(), microphone=(), payment=()",
    "cache-control": "no-store",
}
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")
DATA_POLICY = b"default-src 'none'; frame-ancestors 'none'"
_FIXED = tuple((name.encode(), value.encode()) for name, value in FIXED.items())
# A proxy's id is kept when it is plain, so that its log and ours can be read side by side.
_PLAIN_ID = re.compile(rb"[0-9A-Za-z-]{8,64}")
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def with_request_id(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Add to a log line which request it belongs to, if any."""
    request_id = _request_id.get()
    if request_id is not None:
        event["request_id"] = request_id
    return event


class Envelope:
    """Outermost middleware: gives every request an id and a nonce, every answer its headers and one log line.

    The log names the route, never the query: a public point asked for stays unwritten. HEAD is
    answered as GET; the server drops the body.
    """

    def __init__(self, app: ASGIApp, *, is_https: bool = False) -> None:
        self.app = app
        self._fixed = (*_FIXED, HTTPS_ONLY) if is_https else _FIXED
        self._log = structlog.get_logger("wangge.http").bind()  # once: it is asked for every answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        inner = _inner_scope(scope)
        state = inner["state"]
        started_s, status, is_answered = time.perf_counter(), 500, False

        async def answer(message: Message) -> None:
            nonlocal status, is_answered
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": self._dressed(message.get("headers", ()), state)}
            is_answered = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        token = _request_id.set(state["request_id"])
        try:
            await self.app(inner, receive, answer)
        except Exception:  # raised again below, unless it was answered and logged already
            # Starlette raises an unforeseen error again after `api.errors` has answered and logged it;
            # the server would then cut the connection that other answers still come by.
            if not is_answered:
                raise
        finally:
            self._note(inner, status, time.perf_counter() - started_s)
            _request_id.reset(token)

    def _dressed(self, headers: Any, state: dict[str, Any]) -> list[tuple[bytes, bytes]]:
        """Return an answer's headers and ours, those it has itself left as they are."""
        given = dict(headers)
        policy = DATA_POLICY
        is_page = given.get(b"content-type", b"").startswith(b"text/html")
        if is_page:
            policy = content_security_policy(state["nonce"]).encode()
            headers = [pair for pair in headers if pair[0] != b"content-security-policy"]
        dressed = [*headers, (b"x-request-id", state["request_id"].encode())]
        dressed += [pair for pair in self._fixed if pair[0] not in given]
        if is_page or b"content-security-policy" not in given:
            dressed.append((b"content-security-policy", policy))
        return dressed

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request and write its line."""
        route = getattr(scope.get("route"), "path", None) or "(none)"
        count_request(scope["method"], route, status, seconds)
        self._log.info(
            "request",
            method=scope["method"],
            route=route,
            status=status,
            duration_ms=round(seconds * 1000, 1),
            actor=scope["state"].get("actor"),
        )


def _inner_scope(scope: Scope) -> Scope:
    inner = dict(scope)
    given = b""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given = value
            break
    request_id = given.decode() if given and _PLAIN_ID.fullmatch(given) else secrets.token_hex(8)
    inner["state"] = {**(scope.get("state") or {}), "request_id": request_id, "nonce": new_nonce()}
    if scope["method"] == "HEAD":
        inner["method"] = "GET"
    return inner
