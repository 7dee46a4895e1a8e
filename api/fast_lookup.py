"""Fast look-up: answers the plain form of ``GET /api/v1/lookup`` in front of the routes, to the byte as its route does.

The public asks this one question most, and almost all of its time went into being routed, validated and serialised.
Whatever is not plain - a signed-in reader, another method, a parameter that is odd, missing or twice, an answer that is
not in memory, a client that asks too often - goes on to the route, which alone refuses and explains.
"""

import re

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access import ACCESS
from api.deps import Services
from api.found import Question
from api.language import Language
from api.limits import client_key
from api.written import written_answer
from data.calendar import today
from geo.errors import WanggeError

PATH = "/api/v1/lookup"
ROW = f"GET {PATH}"
ACCURACY_MAX_M = 5000.0
_PAIR = re.compile(rb"(?:^|&)(lon|lat|accuracy_m|crs|lang)=([^&]*)")
_NUMBER = re.compile(rb"-?[0-9]{1,4}(?:\.[0-9]{1,20})?")
_DATUMS = {b"wgs84": "wgs84", b"cgcs2000": "cgcs2000", b"gcj02": "gcj02", b"bd09": "bd09"}
_LANGUAGES: dict[bytes, Language] = {b"zh": "zh", b"en": "en"}
_HEADERS = [(b"cache-control", b"no-store"), (b"content-type", b"application/json")]


class FastLookup:
    """ASGI middleware; `route` is the one it stands in for, whose row in the access table must be open to everybody."""

    def __init__(self, app: ASGIApp, services: Services, route: BaseRoute) -> None:
        self.app, self._services, self._route = app, services, route
        self._rate = ACCESS[ROW].rate
        self._is_open = ACCESS[ROW].is_public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        body = None
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "GET" and self._is_open:
            body = self._answer(scope)
        if body is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = self._route
        headers = [(b"content-length", b"%d" % len(body)), *_HEADERS]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, scope: Scope) -> bytes | None:
        """Return the body, or None where the route must answer; counts the call only where it answers itself."""
        asked = _question_of(scope)
        moment = None if asked is None else self._services.published.held(asked[0].on)
        if asked is None or moment is None or "profile" not in self._services.__dict__:
            return None
        question, language = asked
        try:
            body = written_answer(moment, question, profile=self._services.profile, language=language)
            client = scope["client"]
            self._services.limits.hit(self._rate, PATH, client_key(client[0] if client else None))
        except WanggeError:
            return None
        return body


def _question_of(scope: Scope) -> tuple[Question, Language] | None:
    """Return what is asked, in which language; None where it is not asked plainly."""
    for name, value in scope["headers"]:
        if name == b"cookie" and b"wangge" in value:
            return None
    query: bytes = scope["query_string"]
    given = dict(_PAIR.findall(query))
    if len(given) != query.count(b"&") + 1:  # one is missing, twice, or of another name
        return None
    lon, lat = _number(given.get(b"lon"), 180.0), _number(given.get(b"lat"), 90.0)
    accuracy_m = _number(given.get(b"accuracy_m", b"0"), ACCURACY_MAX_M)
    datum = _DATUMS.get(given.get(b"crs", b"wgs84"))
    language = _LANGUAGES.get(given.get(b"lang", b"zh"))
    if lon is None or lat is None or accuracy_m is None or accuracy_m < 0 or datum is None or language is None:
        return None
    return Question(lon=lon, lat=lat, on=today(), accuracy_m=accuracy_m, datum=datum), language


def _number(given: bytes | None, most: float) -> float | None:
    if given is None or not _NUMBER.fullmatch(given):
        return None
    value = float(given)
    return value if abs(value) <= most else None
