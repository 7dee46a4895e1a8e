"""Errors: the one table that turns an error of the domain into a status, and every error into an answer.

Programs get ``application/problem+json`` (RFC 9457) in the reader's language; a browser that asked
for a page gets a page. An unforeseen error says nothing but its request id; the log says the rest.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from starlette.exceptions import HTTPException

from api.invalid_words import invalid_words
from api.language import Language, language_of
from api.limits import TooManyError
from data.stores.operations import StaleRevisionError
from data.stores.plates import RevokedPlateError
from geo.errors import ConflictError, DeniedError, InputError, NotFoundError, WanggeError
from maps.pages.problem import ProblemContext, render
from maps.shell import Desk, Shell

log = structlog.get_logger("wangge.errors")
PROBLEM = "application/problem+json"


class SignInNeededError(WanggeError):
    """Nobody is signed in, and the route asks for somebody."""

    zh = "请先登录。"
    en = "Sign in first."


class WrongPasswordError(WanggeError):
    """Name and password do not belong together; it is not said which of the two is wrong."""

    zh = "用户名或密码不正确。"
    en = "The name or the password is wrong."


class UnknownParameterError(WanggeError):
    """A query parameter the route does not have."""

    zh = "不认识的查询参数：{names}。可用参数：{known}。每个参数只能出现一次。"
    en = "Unknown query parameters: {names}. Known: {known}. Each may stand once."


class RepeatedParameterError(UnknownParameterError):
    """A query parameter given more than once."""

    zh = "查询参数重复：{names}。每个参数只能出现一次。"
    en = "Repeated query parameters: {names}. Each may stand once."


class UnstorableTextError(InputError):
    """Text with a NUL in it, which no database holds and nobody types."""

    zh = "查询参数中有不可用的控制字符（NUL），请去掉后重试。"
    en = "A query parameter holds a control character (NUL). Leave it out and try again."


class ForeignRequestError(WanggeError):
    """A change asked for by a page of another site."""

    zh = "请求来自其他网站，已拒绝。程序调用请加请求头 X-Wangge: 1。"
    en = "This request came from another site and was refused. Programs send the header X-Wangge: 1."


class BusyError(WanggeError):
    """The database does not answer, or took too long."""

    zh = "数据库暂时无法响应，请稍后再试。"
    en = "The database does not answer right now. Try again in a moment."


@dataclass(frozen=True)
class Kind:
    """How one class of error is answered: status, the tail of its ``type``, its title."""

    status: int
    slug: str
    zh: str
    en: str


# The nearest class in an error's own order of bases decides.
TABLE: Mapping[type[WanggeError], Kind] = {
    WanggeError: Kind(400, "refused", "请求被拒绝", "Refused"),
    InputError: Kind(422, "bad-input", "输入有误", "Input cannot be used"),
    UnknownParameterError: Kind(400, "unknown-parameter", "查询参数有误", "Unknown parameter"),
    NotFoundError: Kind(404, "not-found", "找不到", "Not found"),
    RevokedPlateError: Kind(410, "revoked-plate", "门牌已停用", "Doorplate revoked"),
    ConflictError: Kind(409, "conflict", "状态冲突", "Conflict"),
    DeniedError: Kind(403, "denied", "没有权限", "Not allowed"),
    ForeignRequestError: Kind(403, "foreign-request", "跨站请求", "Cross-site request"),
    SignInNeededError: Kind(401, "sign-in-needed", "需要登录", "Sign-in needed"),
    WrongPasswordError: Kind(401, "wrong-password", "登录失败", "Sign-in failed"),
    TooManyError: Kind(429, "too-many", "请求过多", "Too many requests"),
    BusyError: Kind(503, "busy", "服务繁忙", "Busy"),
}
STATUS_WORDS: Mapping[int, Kind] = {
    400: Kind(400, "unreadable", "请求无法读取", "Request cannot be read"),
    404: Kind(404, "not-found", "找不到该地址", "No such address"),
    405: Kind(405, "method", "不支持该请求方法", "Method not allowed"),
    413: Kind(413, "too-large", "请求内容过大", "Request too large"),
    422: Kind(422, "invalid", "参数不符合要求", "Parameters do not fit"),
    500: Kind(500, "fault", "服务器内部错误", "Internal error"),
}
# What these say is for programs; on a page the page's own plain words for the status stand instead.
PLAIN_ON_PAGES = frozenset({"not-found", "method", "too-large", "invalid", "unknown-parameter", "http"})
INVALID_DETAIL = {"zh": "请按 errors 中的说明修改后重试。", "en": "Mend what `errors` names and try again."}
FAULT_DETAIL = {
    "zh": "出现意外错误，已记录。请将编号 {id} 告知管理员。",
    "en": "Something unforeseen went wrong and was logged. Tell the operator the id {id}.",
}
UNREADABLE_DETAIL = {
    "zh": "无法读取请求内容：内容不完整、编码有误或嵌套过深。请检查后重试。",
    "en": "The body cannot be read: it is cut short, wrongly encoded or nested too deep. Check it and try again.",
}


def kind_of(error: WanggeError) -> Kind:
    """Return how an error is answered: by its nearest class in the table."""
    return next(TABLE[base] for base in type(error).__mro__ if base in TABLE)


def problem(
    kind: Kind, detail: str, *, language: Language, errors: Sequence[Mapping[str, str]] = (), **extra: object
) -> dict[str, Any]:
    """Return the members of one problem document."""
    body: dict[str, Any] = {
        "type": f"urn:wangge:problem:{kind.slug}",
        "title": kind.zh if language == "zh" else kind.en,
        "status": kind.status,
        "detail": detail,
        **extra,
    }
    if errors:
        body["errors"] = list(errors)
    return body


def wants_page(request: Request) -> bool:
    """Return whether a browser asked for a page, not a program for data."""
    if request.url.path.startswith(("/api/", "/tiles/", "/static/")):
        return False
    return "text/html" in request.headers.get("accept", "")


def answer(request: Request, body: dict[str, Any], *, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as JSON, or as a page where a browser asked for one."""
    headers = {"cache-control": "no-store", "vary": "Accept, Cookie", **(headers or {})}
    if wants_page(request):
        return HTMLResponse(_page(request, body), status_code=body["status"], headers=headers)
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, status_code=body["status"], media_type=PROBLEM, headers=headers)


def _page(request: Request, body: Mapping[str, Any]) -> str:
    """Return the refusal as a page, in words for whoever walked into it."""
    language = language_of(request)
    is_plain = str(body["type"]).rpartition(":")[2] in PLAIN_ON_PAGES
    title, detail = ("", "") if is_plain else (body["title"], body["detail"])
    shell = _shell(request, language, asks=body["status"] < HTTPStatus.INTERNAL_SERVER_ERROR)
    context = ProblemContext(shell=shell, status=body["status"], title=title, detail=detail)
    return render(context, language=language, nonce=request.state.nonce)


def _shell(request: Request, language: Language, *, asks: bool) -> Shell:
    """Return the masthead's words; where the database may be what failed, the place is the profile's own."""
    services = getattr(request.app.state, "services", None)
    if services is None:
        return Shell(place="网格" if language == "zh" else "Wangge", path=_here(request))
    profile = services.profile
    place = getattr(profile.place.name, language)
    if asks:
        try:
            place = services.place(language)
        except SQLAlchemyError as error:
            log.warning("database", error=type(error).__name__)
    desk = Desk(getattr(profile.public.desk_name, language), profile.public.desk_phone)
    return Shell(place=place, path=_here(request), desk=desk)


def answer_wangge(request: Request, error: Exception) -> Response:
    """Answer an error of the domain."""
    if not isinstance(error, WanggeError):
        raise error
    if isinstance(error, SignInNeededError) and request.method == "GET" and wants_page(request):
        return RedirectResponse("/login?" + urlencode({"next": _here(request)}), status_code=303)
    language, kind = language_of(request), kind_of(error)
    headers: dict[str, str] = {}
    if isinstance(error, TooManyError | BusyError):
        headers["retry-after"] = str(error.fields.get("retry_after_s", 5))
    extra: dict[str, Any] = {}
    if isinstance(error, StaleRevisionError):  # whoever was too slow learns what was done meanwhile
        extra = {name: error.fields[name] for name in ("revision", "missed")}
    return answer(request, problem(kind, error.text(language), language=language, **extra), headers=headers)


def _here(request: Request) -> str:
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def answer_invalid(request: Request, error: Exception) -> Response:
    """Answer parameters or a body that do not fit, naming each by its JSON pointer."""
    if not isinstance(error, RequestValidationError):
        raise error
    language = language_of(request)
    rows = [
        {
            "pointer": "/" + "/".join(str(step) for step in row["loc"]),
            "detail": invalid_words(row, language),
        }
        for row in error.errors()
    ]
    body = problem(STATUS_WORDS[422], INVALID_DETAIL[language], language=language, errors=rows)
    return answer(request, body)


def answer_http(request: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses: no such address, wrong method, too large."""
    if not isinstance(error, HTTPException):
        raise error
    language = language_of(request)
    phrase = HTTPStatus(error.status_code).phrase
    kind = STATUS_WORDS.get(error.status_code) or Kind(error.status_code, "http", phrase, phrase)
    is_unreadable = error.status_code == HTTPStatus.BAD_REQUEST
    detail = UNREADABLE_DETAIL[language] if is_unreadable else f"{request.method} {request.url.path}"
    return answer(request, problem(kind, detail, language=language), headers=error.headers)


def answer_database(request: Request, error: Exception) -> Response:
    """Answer a database that is away or too slow with 503; any other database error is a fault."""
    code = getattr(getattr(error, "orig", None), "pgcode", None)
    # 57014 statement timeout, 55P03 lock timeout, 53300 too many connections
    if isinstance(error, OperationalError) or code in {"57014", "55P03", "53300"}:
        log.warning("database", code=code, error=type(error).__name__)
        return answer_wangge(request, BusyError())
    return answer_fault(request, error)


def answer_fault(request: Request, error: Exception) -> Response:
    """Answer an unforeseen error: its id for the reader, its trace for the log."""
    language = language_of(request)
    log.error("fault", error=type(error).__name__, exc_info=error)
    detail = FAULT_DETAIL[language].format(id=request.state.request_id)
    return answer(request, problem(STATUS_WORDS[500], detail, language=language))


def add_error_handlers(app: FastAPI) -> None:
    """Register every handler of this module."""
    app.add_exception_handler(WanggeError, answer_wangge)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(DBAPIError, answer_database)
    app.add_exception_handler(Exception, answer_fault)
