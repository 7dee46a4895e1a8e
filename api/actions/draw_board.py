"""Draw boards: the poster of a grid, and those of a whole street or community in one file."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Literal, cast

from sqlalchemy import Connection, Engine

from api.actions import Progress, silent
from api.actions.read_board import Drawn, read_boards
from api.auth import EVERYWHERE
from data.calendar import today
from data.postgis.engine import reading, transaction
from data.profiles import Profile
from data.stores import boards as board_store
from data.stores import job_files
from data.stores.job_files import JobFile
from geo.errors import InputError, NotFoundError
from maps.board import Poster, Printer, joined

Size = Literal["A3", "A2"]
Form = Literal["pdf", "png"]
MEDIA = {"pdf": "application/pdf", "png": "image/png", "zip": "application/zip"}
GRIDS_MAX = 200  # of one batch: a large street; ten megabytes of PDF, a hundred of pictures
MEMORY_BYTES = 20_000_000
TOGETHER = 8  # posters written at once


class TooManyBoardsError(InputError):
    """More posters are asked for than one file is made of."""

    zh = "一次最多制作 {most} 个网格的公示栏，所选范围有 {count} 个。请选择一个街道或社区。"
    en = "A batch is of at most {most} boards; there are {count}. Choose a street or a community."


@dataclass(frozen=True)
class BoardOrder:
    """What is to be printed: how large, as what, of which day, and where browsers reach the service."""

    size: Size = "A3"
    form: Form = "pdf"
    on: date | None = None
    public_url: str = ""

    @property
    def day(self) -> date:
        """The day that is told: today, where none is named."""
        return self.on or today()


def draw_board(drawn: Drawn, order: BoardOrder) -> bytes:
    """Return the poster of a board that was read (`read_board`): no connection is held while it is drawn."""
    return _printed(Printer(order.size), drawn, order)


def check_batch(conn: Connection, area_code: str, on: date) -> int:
    """Return of how many grids a batch would be.

    Raises
    ------
    NotFoundError, TooManyBoardsError
        None holds there; too many do.
    """
    count = board_store.count_boards(conn, on=on, within=area_code)
    if not count:
        raise NotFoundError(what="grid in", key=area_code)
    if count > GRIDS_MAX:
        raise TooManyBoardsError(most=GRIDS_MAX, count=count)
    return count


def draw_boards(
    engine: Engine, area_code: str, order: BoardOrder, *, profile: Profile, progress: Progress = silent
) -> Iterator[tuple[str, bytes]]:
    """Give the posters of an area, file name and content, one after another.

    Raises
    ------
    NotFoundError
        No grid holds there that day.
    """
    printer = Printer(order.size)
    with reading(engine, scope=EVERYWHERE) as conn:
        count, drawn = read_boards(conn, area_code, order.day, profile=profile, public_url=order.public_url)
        for number, one in enumerate(drawn, 1):
            yield f"{one[0].grid_code}.{order.form}", _printed(printer, one, order)
            progress(number / count, _step(number, count))


def keep_boards(
    engine: Engine, area_code: str, order: BoardOrder, *, job_id: int, profile: Profile, progress: Progress = silent
) -> JobFile:
    """Print the posters of an area into the file of a job: one PDF, or a ZIP of pictures.

    Raises
    ------
    NotFoundError
        No grid holds there that day.
    """
    kind = "pdf" if order.form == "pdf" else "zip"
    name = f"boards-{area_code}-{order.size}-{order.day.isoformat()}.{kind}"
    with SpooledTemporaryFile(max_size=MEMORY_BYTES) as spooled:
        file = cast(BinaryIO, spooled)
        if order.form == "pdf":
            file.write(_one_pdf(engine, area_code, order, profile=profile, progress=progress))
        else:
            _one_zip(file, draw_boards(engine, area_code, order, profile=profile, progress=progress))
        file.seek(0)
        with transaction(engine, actor=f"job:{job_id}", action="print_boards") as conn:
            return job_files.write_file(conn, job_id, file, name=name, media_type=MEDIA[kind])


def _one_pdf(engine: Engine, area_code: str, order: BoardOrder, *, profile: Profile, progress: Progress) -> bytes:
    """Return all posters as one PDF, written some at a time: their fonts are cut down once, and the bar moves on."""
    printer, files = Printer(order.size), []
    pages: list[Poster] = []
    with reading(engine, scope=EVERYWHERE) as conn:
        count, drawn = read_boards(conn, area_code, order.day, profile=profile, public_url=order.public_url)
        for number, (board, ground) in enumerate(drawn, 1):
            pages.append(printer.lay_out(board, ground, printed_on=today()))
            if len(pages) == TOGETHER or number == count:
                files.append(printer.pdf(pages))
                pages = []
            # Laying a page out is half of the work, writing it the other.
            progress((number - len(pages) / 2) / count, _step(number, count))
    return joined(files)


def _one_zip(file: BinaryIO, posters: Iterator[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as made:  # pictures are packed already
        for name, content in posters:
            made.writestr(name, content)


def _printed(printer: Printer, drawn: Drawn, order: BoardOrder) -> bytes:
    poster = printer.lay_out(*drawn, printed_on=today())
    return printer.pdf([poster]) if order.form == "pdf" else printer.png(poster)


def _step(number: int, count: int) -> str:
    return f"drawing board {number:,} of {count:,}"
