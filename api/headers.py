"""Headers: request id, nonce, content policy and the other security headers of every answer."""

import secrets
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maps.page import content_security_policy, new_nonce

log = structlog.get_logger("wangge.http")

FIXED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(self), camera=(), microphone=(), payment=()",
}


class Envelope:
    """Outermost middleware: gives every request an id and a nonce, every answer its headers and one log line.

    The log names the route, never the query: a public point asked for stays unwritten. HEAD is
    answered as GET; the server drops the body.
    """

    def __init__(self, app: ASGIApp, *, is_https: bool = False) -> None:
        self.app = app
        self.is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        inner = self._inner_scope(scope)
        request_id, nonce = inner["state"]["request_id"], inner["state"]["nonce"]
        started_s, status, is_answered = time.perf_counter(), 500, False

        async def answer(message: Message) -> None:
            nonlocal status, is_answered
            if message["type"] == "http.response.start":
                status = message["status"]
                self._dress(MutableHeaders(scope=message), request_id, nonce)
            is_answered = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(inner, receive, answer)
            except Exception:  # raised again below, unless it was answered and logged already
                # Starlette raises an unforeseen error again after `api.errors` has answered and logged it;
                # the server would then cut the connection that other answers still come by.
                if not is_answered:
                    raise
            finally:
                self._write_line(inner, status, time.perf_counter() - started_s)

    @staticmethod
    def _inner_scope(scope: Scope) -> Scope:
        inner = dict(scope)
        inner["state"] = dict(scope.get("state") or {})
        given = Headers(scope=scope).get("x-request-id", "")
        # A proxy's id is kept when it is plain, so that its log and ours can be read side by side.
        plain = 8 <= len(given) <= 64 and given.replace("-", "").isalnum()
        inner["state"]["request_id"] = given if plain else secrets.token_hex(8)
        inner["state"]["nonce"] = new_nonce()
        if scope["method"] == "HEAD":
            inner["method"] = "GET"
        return inner

    def _dress(self, headers: MutableHeaders, request_id: str, nonce: str) -> None:
        headers["x-request-id"] = request_id
        for name, value in FIXED.items():
            headers.setdefault(name, value)
        if headers.get("content-type", "").startswith("text/html"):
            headers["content-security-policy"] = content_security_policy(nonce)
        else:
            headers.setdefault("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
        if self.is_https:
            headers["strict-transport-security"] = "max-age=31536000"
        headers.setdefault("cache-control", "no-store")

    @staticmethod
    def _write_line(scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route")
        log.info(
            "request",
            method=scope["method"],
            route=getattr(route, "path", None) or "(none)",
            status=status,
            duration_ms=round(seconds * 1000, 1),
            actor=scope["state"].get("actor"),
        )
