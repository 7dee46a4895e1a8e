"""Print plates: sheets of an area's or a batch's plates, a page at a time or all as files of some pages each."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

import pandas as pd
from sqlalchemy import Connection, Engine

from api.actions import Progress, silent
from api.door_names import name_door
from data.calendar import today
from data.plate_codes import grouped
from data.postgis.engine import reading, transaction
from data.profiles import Profile
from data.stores import plates as plate_store
from data.stores.job_files import write_file
from geo.errors import InputError, NotFoundError
from maps.plates import Layout, Plate, layout_of, plate_sheet, plates_pdf, url_text

# What is drawn while somebody waits, and how many plates a file of a large order holds.
AT_ONCE_MAX, FILE_PLATES = 40, 180
ORDER_MAX = 20_000
MEMORY_BYTES = 32_000_000  # beyond it a file waits on disk


class LargeOrderError(InputError):
    """More plates than are drawn while somebody waits."""

    zh = "共 {count} 块门牌，超过一次直接生成的 {most} 块。请指定页码，或提交打印任务。"
    en = "There are {count} plates, more than the {most} drawn at once. Name a page, or order them as a job."


@dataclass(frozen=True)
class Order:
    """Which plates are printed, and how: `within` are leading digits, `paper` A4 or plate (a page a plate).

    `waiting_only` leaves out those printed before.
    """

    within: str
    size: str
    paper: str = "A4"
    batch_id: int | None = None
    waiting_only: bool = False

    @property
    def states(self) -> tuple[str, ...]:
        """States of the plates that are printed."""
        return ("issued",) if self.waiting_only else plate_store.LIVE

    @property
    def layout(self) -> Layout:
        """How they lie on paper."""
        return layout_of(self.size, self.paper)


@dataclass(frozen=True)
class Imprint:
    """What all plates of a place say: where it is, whom to call, and the address people open."""

    place: str
    desk: str
    public_url: str

    @classmethod
    def of(cls, profile: Profile, *, place: str, public_url: str) -> "Imprint":
        """Return the imprint of a profile's place, in Chinese."""
        return cls(place, f"{profile.public.desk_name.zh} {profile.public.desk_phone}", public_url)


def count_of(conn: Connection, order: Order) -> int:
    """Return how many plates an order has.

    Raises
    ------
    NotFoundError
        None at all.
    """
    count = plate_store.count_plates(conn, within=order.within, states=order.states, batch_id=order.batch_id)
    if count == 0:
        raise NotFoundError(what="plates", key=order.batch_id or order.within)
    return count


def sheet_svg(conn: Connection, order: Order, imprint: Imprint, *, page: int) -> str:
    """Return one page as SVG.

    Raises
    ------
    NotFoundError
        There is no such page.
    """
    plates, note = _page(conn, order, imprint, page)
    return plate_sheet(plates, size=order.size, paper=order.paper, note=note)


def sheet_pdf(conn: Connection, order: Order, imprint: Imprint, *, page: int | None) -> bytes:
    """Return one page as PDF, or all pages of a small order.

    Raises
    ------
    NotFoundError
        There is no such page.
    LargeOrderError
        No page was named, and there are more than `AT_ONCE_MAX` plates.
    """
    if page is not None:
        plates, note = _page(conn, order, imprint, page)
        return plates_pdf(plates, size=order.size, paper=order.paper, notes=[note])
    count = count_of(conn, order)
    if count > AT_ONCE_MAX:
        raise LargeOrderError(count=count, most=AT_ONCE_MAX)
    pages = order.layout.pages(count)
    return _pdf(order, _rows(conn, order), imprint, [_note(order, page + 1, pages, count) for page in range(pages)])


def draw_files(
    engine: Engine, order: Order, imprint: Imprint, *, progress: Progress = silent
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the PDFs of an order, some pages each, telling `progress` after each.

    Raises
    ------
    NotFoundError
        It has no plates.
    """
    with reading(engine) as conn:
        count_of(conn, order)
        rows = _rows(conn, order)
    layout, count = order.layout, len(rows)
    pages, step = layout.pages(count), max(1, FILE_PLATES // layout.per_page)
    starts = range(0, pages, step)
    for at, first in enumerate(starts):
        some = rows[first * layout.per_page : (first + step) * layout.per_page]
        notes = [_note(order, page + 1, pages, count) for page in range(first, min(first + step, pages))]
        yield f"plates-{at + 1:03d}.pdf", _pdf(order, some, imprint, notes)
        done = min((first + step) * layout.per_page, count)
        progress((at + 1) / len(starts), f"drawing plates: {done:,} of {count:,}")


def print_order(
    engine: Engine, order: Order, imprint: Imprint, *, job_id: int, progress: Progress = silent
) -> dict[str, Any]:
    """Draw a whole order into one zip that is kept with a job; return its name and how many plates it holds.

    Raises
    ------
    NotFoundError
        It has no plates.
    """
    with reading(engine) as conn:
        count = count_of(conn, order)
    with SpooledTemporaryFile(max_size=MEMORY_BYTES) as spooled:
        file = cast(BinaryIO, spooled)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:  # PDFs are packed already
            for name, content in draw_files(engine, order, imprint, progress=progress):
                packed.writestr(name, content)
        file.seek(0)
        name = f"plates-{order.batch_id or order.within}-{order.size}.zip"
        with transaction(engine, actor=f"job:{job_id}", action="print_plates") as conn:
            made = write_file(conn, job_id, file, name=name, media_type="application/zip")
    return {"file": made.name, "plates": count, "pages": order.layout.pages(count), "size_bytes": made.size_bytes}


def _pdf(order: Order, rows: pd.DataFrame, imprint: Imprint, notes: list[str]) -> bytes:
    plates = [_plate(row, imprint) for row in rows.to_dict("records")]
    return plates_pdf(plates, size=order.size, paper=order.paper, notes=notes)


def _page(conn: Connection, order: Order, imprint: Imprint, page: int) -> tuple[list[Plate], str]:
    layout, count = order.layout, count_of(conn, order)
    pages = layout.pages(count)
    if page > pages:
        raise NotFoundError(what="page", key=f"{page}/{pages}")
    rows = _rows(conn, order, skip=(page - 1) * layout.per_page, limit=layout.per_page)
    return [_plate(row, imprint) for row in rows.to_dict("records")], _note(order, page, pages, count)


def _rows(conn: Connection, order: Order, *, skip: int = 0, limit: int = ORDER_MAX) -> pd.DataFrame:
    return plate_store.list_plates(
        conn, within=order.within, states=order.states, batch_id=order.batch_id, skip=skip, limit=limit
    )  # fmt: skip


def _note(order: Order, page: int, pages: int, count: int) -> str:
    batch = f"批次 {order.batch_id} · " if order.batch_id else ""
    size = order.size.replace("x", "×")
    return f"{batch}第 {page}/{pages} 页 · 共 {count} 块 · {size} 毫米 · 按 100% 打印 · {today().isoformat()}"


def _plate(row: dict[Any, Any], imprint: Imprint) -> Plate:
    is_gone = pd.isna(row["building_id"])
    name = name_door(row)
    parts = (imprint.place, row["street"], row["community"])
    places = [str(part) for part in parts if part is not None and not pd.isna(part)]
    return Plate(
        place=" ".join(dict.fromkeys(places)),
        title=str(row["label"]) if is_gone else name.title or str(row["label"]),
        address=name.address,
        stairwell=name.stairwell,
        code=grouped(str(row["code"])),
        url=url_text(imprint.public_url, str(row["code"])),
        desk=imprint.desk,
    )
