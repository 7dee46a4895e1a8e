"""Signing in and out."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from api.actions.sign_in import sign_in, sign_out
from api.auth import COOKIE
from api.deps import AccountDep, LanguageDep, NonceDep, ServicesDep, VisitorDep
from api.errors import WrongPasswordError
from api.routes import guarded_router, problems
from api.routes.pages import login_page, safe_next
from api.schemas.service import SessionAnswer

router = guarded_router("street")
PATH = "/api/v1/session"
NAME_LENGTH_MAX, PASSWORD_LENGTH_MAX = 60, 200


@router.post(
    PATH, status_code=204, response_class=Response,
    responses={303: {"description": "signed in by a plain form: on to `next`"}, **problems(401, 403)},
)  # fmt: skip
def open_session(
    *,
    request: Request,
    services: ServicesDep,
    language: LanguageDep,
    nonce: NonceDep,
    name: Annotated[str, Form(min_length=1, max_length=NAME_LENGTH_MAX, pattern=r"^[^\x00]+$")],
    password: Annotated[str, Form(min_length=1, max_length=PASSWORD_LENGTH_MAX)],
    next: Annotated[str, Form(max_length=500)] = "/",  # noqa: A002  # the form's own word, as in the contract
) -> Response:
    """Sign in: sets the cookie `wangge_session` (HttpOnly, SameSite=Lax)."""
    tries = services.limits.login(name, services.client_of(request))
    tries.begin()
    is_form = request.headers.get("x-wangge") != "1"
    lifetime = timedelta(hours=services.settings.session_hours)
    try:
        token, account = sign_in(services.staff, name=name, password=password, lifetime=lifetime)
    except WrongPasswordError as error:
        tries.failed()
        if not is_form:
            raise
        return login_page(
            request, services, language, nonce, next_path=safe_next(next), problem=error.text(language)
        )  # fmt: skip
    tries.succeeded()
    request.state.actor = account.name
    answer: Response = RedirectResponse(safe_next(next), status_code=303) if is_form else Response(status_code=204)
    answer.set_cookie(
        COOKIE, token, max_age=int(lifetime.total_seconds()), **cookie_options(services.settings.is_https)
    )
    return answer


@router.delete(PATH, status_code=204, response_class=Response, responses=problems(403))
def close_session(request: Request, services: ServicesDep, visitor: VisitorDep) -> Response:
    """Sign out; the session is closed on the server too."""
    token = request.cookies.get(COOKIE)
    if token and visitor is not None:
        sign_out(services.staff, token=token, actor=visitor.name)
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, **cookie_options(services.settings.is_https))
    return answer


@router.get(PATH, responses=problems(401))
def read_session(account: AccountDep) -> SessionAnswer:
    """Say who is signed in."""
    return SessionAnswer.model_validate({"name": account.name, "role": account.role, "scope": account.scope})


def cookie_options(is_https: bool) -> dict[str, Any]:
    """Return what every cookie of a session carries."""
    return {"httponly": True, "samesite": "lax", "secure": is_https, "path": "/"}
