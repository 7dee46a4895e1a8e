"""Notice boards: the web board of a grid for everybody, its poster and batches of posters for staff."""

from datetime import date
from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from api.actions.draw_board import MEDIA, BoardOrder, check_batch, draw_board
from api.actions.read_board import board_body, read_board
from api.answers import attachment, json_answer
from api.auth import Account
from api.deps import AccountDep, LanguageDep, NonceDep, OnDay, RowId, Services, ServicesDep, VisitorDep
from api.errors import SignInNeededError
from api.job_downloads import job_file_answer
from api.routes import answers, guarded_router, problems
from api.routes.pages import shell_of, show
from api.schemas.boards import BatchAsked, BatchTaken, BoardAnswer, Form, Size
from api.schemas.plans import GridCode
from data.calendar import today
from data.postgis.engine import reading
from geo.codes import scope_of
from geo.errors import NotFoundError
from maps.board import Board
from maps.pages import board as board_page_of
from maps.pages import boards as boards_page_of

V1 = "/api/v1/boards"
# A name that changes shows within so many seconds.
KEPT_S = 5.0
SizeAsked = Annotated[Size, Query(description="of the paper")]
residents = guarded_router("residents")
router = guarded_router("planning")


@residents.get("/board/{grid_code}", response_class=HTMLResponse, responses=problems(401, 404))
def web_board(
    *, request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, visitor: VisitorDep,
    grid_code: GridCode, on: OnDay = None,
) -> HTMLResponse:  # fmt: skip
    """Show the board of a grid, without scripts; staff may look at another day's."""
    if on is not None and on != today():
        _require_preview(visitor, grid_code)
    board, drawn = _kept(services, grid_code, on or today())
    shell = shell_of(request, services, language, visitor)
    context = board_page_of.BoardContext(shell, board, drawn, is_preview=board.on != today())
    return show(request, board_page_of.render(context, language=language, nonce=nonce))


@residents.get(f"{V1}/{{grid_code}}", responses=answers(BoardAnswer, 404))
def read_one(request: Request, services: ServicesDep, language: LanguageDep, grid_code: GridCode) -> Response:
    """Tell what the board of a grid says today."""
    board, _ = _kept(services, grid_code, today())
    return json_answer(request, board_body(board, language), reader="public")


@router.get("/boards", response_class=HTMLResponse, responses=problems(401))
def boards_page(
    request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, account: AccountDep,
    on: OnDay = None,
) -> HTMLResponse:  # fmt: skip
    """Show the grids with their boards, and print those of a street."""
    context = boards_page_of.BoardsContext(
        shell=shell_of(request, services, language, account), on=on or today(),
        can_print=services.may(account, f"POST {V1}/batch"),
    )  # fmt: skip
    return show(request, boards_page_of.render(context, language=language, nonce=nonce))


@router.get(
    f"{V1}/{{grid_code}}/poster.pdf", response_class=Response,
    responses={**problems(401, 404), 200: {"content": {MEDIA["pdf"]: {}}}},
)  # fmt: skip
def poster_pdf(
    services: ServicesDep, account: AccountDep, grid_code: GridCode, size: SizeAsked = "A3", on: OnDay = None
) -> Response:
    """Print the board of a grid."""
    return _poster(services, account, grid_code, _order(services, size, "pdf", on))


@router.get(
    f"{V1}/{{grid_code}}/poster.png", response_class=Response,
    responses={**problems(401, 404), 200: {"content": {MEDIA["png"]: {}}}},
)  # fmt: skip
def poster_png(
    services: ServicesDep, account: AccountDep, grid_code: GridCode, size: SizeAsked = "A3", on: OnDay = None
) -> Response:
    """Draw the board of a grid as a picture of 150 dots an inch."""
    return _poster(services, account, grid_code, _order(services, size, "png", on))


@router.post(f"{V1}/batch", status_code=202, responses=problems(401, 403, 404))
def print_batch(services: ServicesDep, account: AccountDep, asked: BatchAsked) -> BatchTaken:
    """Have the posters of a street or community printed; the answer names the job to watch."""
    if not account.covers(scope_of(asked.area_code)):
        raise NotFoundError(what="area", key=asked.area_code)
    day = asked.on or today()
    with services.read(account) as conn:
        count = check_batch(conn, asked.area_code, day)
    arguments = {**asked.model_dump(mode="json"), "on": day.isoformat(), "public_url": services.settings.public_url}
    job_id = services.queue.defer("print_boards", arguments, actor=account.name, account_id=account.account_id)
    return BatchTaken(job_id=job_id, boards=count)


@router.get(
    f"{V1}/batch/{{job_id}}/file", response_class=Response,
    responses={**problems(401, 404), 200: {"content": {MEDIA["pdf"]: {}, MEDIA["zip"]: {}}}},
)  # fmt: skip
def take_file(services: ServicesDep, account: AccountDep, job_id: RowId) -> Response:
    """Take along what a batch made; it is kept for a week, for whoever asked."""
    return job_file_answer(services, account, job_id)


def _kept(services: Services, grid_code: str, day: date) -> tuple[Board, Markup]:
    """Return a board and its map, read anew every few seconds: one code that a crowd scans is read once."""

    def found() -> tuple[Board, Markup]:
        with reading(services.public) as conn:
            board, ground = read_board(
                conn, grid_code, day, profile=services.profile, public_url=services.settings.public_url
            )  # fmt: skip
        return board, board_page_of.web_map(ground, board.title)

    kept: tuple[Board, Markup] = services.boards.get((grid_code, day), found, every_s=KEPT_S)
    return kept


def _require_preview(visitor: Account | None, grid_code: str) -> None:
    """Refuse another day than today to whoever is not of the place."""
    if visitor is None:
        raise SignInNeededError()
    if not visitor.covers(grid_code):
        raise NotFoundError(what="grid", key=grid_code)


def _order(services: Services, size: Size, form: Form, on: OnDay) -> BoardOrder:
    return BoardOrder(size=size, form=form, on=on, public_url=services.settings.public_url)


def _poster(services: Services, account: Account, grid_code: str, order: BoardOrder) -> Response:
    if not account.covers(grid_code):
        raise NotFoundError(what="grid", key=grid_code)
    with services.limits.slot():
        with services.read(account) as conn:
            drawn = read_board(conn, grid_code, order.day, profile=services.profile, public_url=order.public_url)
        content = draw_board(drawn, order)
    name = f"board-{grid_code}-{order.size}.{order.form}"
    return attachment(content, MEDIA[order.form], name)
