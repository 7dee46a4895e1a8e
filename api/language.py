"""Language: which of the two a reader gets: ``?lang=``, else the cookie, else Chinese."""

from typing import Literal

from fastapi import Request

Language = Literal["zh", "en"]
COOKIE = "wangge_lang"


def language_of(request: Request) -> Language:
    """Return the reader's language; anything unknown reads Chinese."""
    asked = request.query_params.get("lang") or request.cookies.get(COOKIE)
    return "en" if asked == "en" else "zh"


def asked_language(request: Request) -> Language | None:
    """Return the language named in the address, if it names a known one."""
    asked = request.query_params.get("lang")
    if asked == "en":
        return "en"
    return "zh" if asked == "zh" else None
