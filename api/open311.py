"""Open311: how GeoReport v2 writes its answers and refusals, as XML (its own form) or JSON.

One body serves both, by the specification's rule: a list is an element whose children have the singular name.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal
from xml.etree.ElementTree import Element, tostring  # for writing only

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.answers import json_bytes, tagged
from api.errors import kind_of
from api.invalid_words import invalid_words
from api.language import Language, language_of
from geo.errors import WanggeError

Form = Literal["xml", "json"]
FORMS: tuple[Form, ...] = ("xml", "json")
MEDIA: Mapping[Form, str] = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
ITEMS: Mapping[str, str] = {
    "services": "service", "service_requests": "request", "errors": "error", "endpoints": "endpoint",
    "formats": "format", "attributes": "attribute",
}  # fmt: skip
DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'
# The specification knows 404 for what is not there, 403 for the key, and 400 for the rest of what a client gets wrong.
STATUSES: Mapping[int, int] = {401: 403, 409: 400, 422: 400}
# What XML 1.0 cannot hold, not even escaped: a report may come from a file with any of it.
UNFIT = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF))


def without_form(path: str) -> str:
    """Return a path without the ending that names the form of its answer."""
    return next((path.removesuffix(f".{form}") for form in FORMS if path.endswith(f".{form}")), path)


def form_of(request: Request) -> Form:
    """Return the form a request asks for: by the path's ending, else by Accept, else XML."""
    named = next((form for form in FORMS if request.url.path.endswith(f".{form}")), None)
    if named is not None:
        return named
    asked = [part.partition(";")[0].strip() for part in request.headers.get("accept", "").lower().split(",")]
    known = (_form_named(media_type) for media_type in asked)
    return next((form for form in known if form is not None), "xml")


def _form_named(media_type: str) -> Form | None:
    forms: Mapping[str, Form] = {"text/xml": "xml", "application/xml": "xml", "application/json": "json"}
    return forms.get(media_type)


def xml_bytes(root: str, body: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """Return a body as an XML document whose root is called `root`."""
    written: bytes = tostring(_element(root, body), encoding="utf-8")
    return DECLARATION + written


def _element(name: str, value: Any) -> Element:
    element = Element(name)
    if isinstance(value, Mapping):
        element.extend(_element(str(key), part) for key, part in value.items())
    elif isinstance(value, list | tuple):
        element.extend(_element(ITEMS[name], part) for part in value)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = str(value).translate(UNFIT)
    return element


def told(
    request: Request, root: str, body: Mapping[str, Any] | Sequence[Any], *, status: int = 200, is_public: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """Return an answer in the form asked for; what is not public may be kept by nobody."""
    form = form_of(request)
    content = xml_bytes(root, body) if form == "xml" else json_bytes(body)
    if is_public:
        return tagged(request, content, media_type=MEDIA[form], cache="public, no-cache", vary="Accept, Cookie")
    kept = {"cache-control": "no-store", "vary": "Accept, Cookie", **(headers or {})}
    return Response(content, status_code=status, media_type=MEDIA[form], headers=kept)


def refusal(request: Request, error: WanggeError | RequestValidationError | HTTPException) -> Response:
    """Return an error as the specification words it: an array of codes and descriptions."""
    language, headers = language_of(request), {}
    if isinstance(error, RequestValidationError):
        status, lines = 400, [_line(row, language) for row in error.errors()]
    elif isinstance(error, HTTPException):
        status, lines = error.status_code, [HTTPStatus(error.status_code).phrase]
    else:
        status, lines = kind_of(error).status, [error.text(language)]
        if "retry_after_s" in error.fields:
            headers["retry-after"] = str(error.fields["retry_after_s"])
    status = STATUSES.get(status, status)
    body = [{"code": status, "description": line} for line in lines]
    return told(request, "errors", body, status=status, headers=headers)


def _line(row: Mapping[str, Any], language: Language) -> str:
    """Return what is wrong with one field, without the value: it may be somebody's name or number."""
    field = str(row["loc"][-1]) if row["loc"] else "?"
    return f"{field}{'：' if language == 'zh' else ': '}{invalid_words(row, language)}"
