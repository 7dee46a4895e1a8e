"""Sharing: which other sites' pages may read the public's answers (CORS): those an operator lists, nothing else.

Without a list no page of another site can. Answers are shared without the visitor's cookies, so they tell what
anybody is told.
"""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

# What other systems ask for their users. Pages, staff's routes and tiles are never shared.
SHARED = ("/api/v1/lookup", "/api/v1/search", "/api/v1/doors/", "/api/v1/boards/")
NEVER = ("/api/v1/lookup/batch", "/api/v1/lookup/reports", "/api/v1/boards/batch")
KEPT_S = 3600  # how long a browser may remember what it was allowed


class Sharing:
    """ASGI middleware in front of everything that answers."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._own = app
        self._shared = CORSMiddleware(
            app, allow_origins=origins, allow_methods=["GET"], expose_headers=["retry-after"], max_age=KEPT_S
        )
        self._is_used = bool(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        is_shared = self._is_used and scope["type"] == "http" and _is_shared(scope["path"])
        await (self._shared if is_shared else self._own)(scope, receive, send)


def _is_shared(path: str) -> bool:
    return path.startswith(SHARED) and not path.startswith(NEVER)
