"""Compression: pages, scripts and styles go over the wire as gzip where the client takes it: a third of their size.

Answers of the API are short, and files are compressed already. What is compressed holds no secret: sessions are cookies
that no script and no page can read.
"""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access import OPEN311
from maps.assets import STATIC_URL

LEAST_BYTES = 1024
LEVEL = 5
FOR_PROGRAMS = ("/api/", OPEN311)  # some ask for gzip without being able to read it
TEXTS = (".css", ".js", ".json", ".svg")


class Compression:
    """ASGI middleware in front of the routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain, self._small = app, GZipMiddleware(app, minimum_size=LEAST_BYTES, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await (self._small if _is_text(scope) else self._plain)(scope, receive, send)


def _is_text(scope: Scope) -> bool:
    """Return whether what is asked for is text and is asked for as a whole."""
    if scope["type"] != "http" or any(name == b"range" for name, _ in scope["headers"]):
        return False
    path: str = scope["path"]
    return path.endswith(TEXTS) if path.startswith(STATIC_URL) else not path.startswith(FOR_PROGRAMS)
