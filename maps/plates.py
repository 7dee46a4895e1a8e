"""Doorplates on paper: one plate, a sheet of them with cut marks, or a page a plate - as SVG and as PDF.

All lengths are millimetres. A plate is drawn once, 90 by 60, and scaled: all sizes have its proportions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup
from weasyprint import HTML

from maps.brief import nothing_fetched
from maps.plate_text import LEADING, Fitted, fit, width_of
from maps.qr import qr_svg
from maps.words import environment

Size = Literal["60x40", "90x60", "120x80"]
Paper = Literal["A4", "plate"]
SIZES: dict[str, tuple[float, float]] = {"60x40": (60, 40), "90x60": (90, 60), "120x80": (120, 80)}
WIDTH, HEIGHT = 90.0, 60.0  # in which a plate is drawn
A4 = (210.0, 297.0)
MARGIN, GUTTER = 9.0, 4.0
TICK, TICK_GAP, TICK_OUTSIDE = 1.3, 0.5, 3.5
# Outdoors a plate is scratched, muddied and pasted over: as much as there is may be lost (30 %).
ERROR_LEVEL: Literal["H"] = "H"
# The code with its quiet zone, and where its corner lies: nothing is drawn in it but the code, and a little is left
# around it, so that cutting, scaling and the rim of a letter leave four modules white on every side.
QR_BOX, QR_TOP, QR_RIGHT = 38.0, 12.7, 2.2
# The box for name, stairwell and address, and how high the last two are in it.
TEXT_WIDTH, TEXT_HEIGHT, STAIRWELL_HEIGHT, ADDRESS_HEIGHT = 41.0, 29.5, 8.2, 8.5
TITLE_SIZES = (9.0, 8.0, 7.2, 6.5, 5.8, 5.2, 4.6, 4.0, 3.6)
ADDRESS_SIZES = (4.2, 3.8, 3.4, 3.0, 2.7)
PLACE_SIZES = (5.0, 4.6, 4.2, 3.8, 3.4, 3.0)
DESK_SIZES = (3.4, 3.1, 2.8, 2.5)


@dataclass(frozen=True, slots=True)
class Plate:
    """What stands on a plate.

    Attributes
    ----------
    place
        City, street and community, first to last, as one line.
    title
        What the building is called.
    address
        Its address, where that is not its title; else "".
    stairwell
        Such as 2单元; "" on a plate of the whole building.
    code
        In groups, as people read it.
    url
        What the QR code opens.
    desk
        Whom to call, with the number.
    """

    place: str
    title: str
    address: str
    stairwell: str
    code: str
    url: str
    desk: str


@dataclass(frozen=True, slots=True)
class Layout:
    """How plates of a size lie on paper: the page, and the corner of each place on it."""

    page: tuple[float, float]
    plate: tuple[float, float]
    corners: tuple[tuple[float, float], ...]
    ticks: tuple[tuple[float, float, float, float], ...]

    @property
    def per_page(self) -> int:
        """How many plates a page holds."""
        return len(self.corners)

    def pages(self, count: int) -> int:
        """How many pages so many plates need."""
        return -(-count // self.per_page)


def layout_of(size: str, paper: str) -> Layout:
    """Return how plates of a size lie: a page a plate, or as many as fit on A4, upright or across."""
    plate = SIZES[size]
    if paper == "plate":
        return Layout(plate, plate, ((0.0, 0.0),), ())
    upright, across = _on_page(A4, plate), _on_page((A4[1], A4[0]), plate)
    return across if across.per_page > upright.per_page else upright


def url_text(public_url: str, code: str) -> str:
    """Return what a plate's QR code holds.

    In capitals where that changes nothing (scheme and host; our path is known both ways): a code of capitals and
    digits needs fewer modules, so each is larger.
    """
    scheme, _, rest = public_url.partition("://")
    return f"{public_url}/d/{code}" if "/" in rest else f"{scheme}://{rest}/D/{code}".upper()


def plate_sheet(plates: Sequence[Plate], *, size: str, paper: str, note: str = "") -> str:
    """Return one page of plates as SVG that stands alone; `note` is printed in the margin of A4."""
    layout = layout_of(size, paper)
    return str(_page_svg(layout, plates[: layout.per_page], note if paper == "A4" else ""))


def plates_pdf(plates: Sequence[Plate], *, size: str, paper: str, notes: Sequence[str] = ()) -> bytes:
    """Return pages of plates as PDF, a note a page; nothing is fetched while it is made."""
    layout = layout_of(size, paper)
    parts = [plates[at : at + layout.per_page] for at in range(0, len(plates), layout.per_page)]
    told = [*notes, *[""] * len(parts)] if paper == "A4" else [""] * len(parts)
    pages = [_page_svg(layout, part, note) for part, note in zip(parts, told, strict=False)]
    html = environment("zh").get_template("plate_pages.html").render(layout=layout, pages=pages)
    content: bytes = HTML(string=html, url_fetcher=nothing_fetched).write_pdf()
    return content


def _page_svg(layout: Layout, plates: Sequence[Plate], note: str) -> Markup:
    drawn = [(corner, _drawn(plate)) for corner, plate in zip(layout.corners, plates, strict=False)]
    svg = environment("zh").get_template("plate_sheet.svg").render(
        layout=layout, plates=drawn, note=note, scale=layout.plate[0] / WIDTH, width=WIDTH, height=HEIGHT,
        qr_box=QR_BOX, qr_left=WIDTH - QR_BOX - QR_RIGHT, qr_top=QR_TOP, leading=LEADING,
    )  # fmt: skip
    return Markup(svg)  # noqa: S704  # the template escapes what it is given


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A plate with its text fitted and its code drawn."""

    plate: Plate
    place: Fitted
    title: Fitted
    address: Fitted
    desk: Fitted
    pill: float
    path: str
    modules: int


def _drawn(plate: Plate) -> _Drawn:
    code = qr_svg(plate.url, ERROR_LEVEL)
    address = fit(plate.address, TEXT_WIDTH, sizes=ADDRESS_SIZES, height=ADDRESS_HEIGHT, alone_from=3.8)
    taken = STAIRWELL_HEIGHT if plate.stairwell else 0.0
    taken += LEADING * address.size * len(address.lines) if plate.address else 0.0
    return _Drawn(
        plate=plate,
        place=fit(plate.place, WIDTH - 12, sizes=PLACE_SIZES, height=9.6, alone_from=4.2),
        title=fit(plate.title, TEXT_WIDTH, sizes=TITLE_SIZES, height=TEXT_HEIGHT - taken, alone_from=6.5),
        address=address,
        desk=fit(plate.desk, TEXT_WIDTH, sizes=DESK_SIZES),
        pill=round(width_of(plate.stairwell) * 4.6 + 3.6, 2),
        path=code.path,
        modules=code.size,
    )


def _on_page(page: tuple[float, float], plate: tuple[float, float]) -> Layout:
    columns, rows = (
        (int((length - 2 * MARGIN + GUTTER) // (side + GUTTER))) for length, side in zip(page, plate, strict=True)
    )
    left = (page[0] - columns * plate[0] - (columns - 1) * GUTTER) / 2
    top = (page[1] - rows * plate[1] - (rows - 1) * GUTTER) / 2
    xs = [left + at * (plate[0] + GUTTER) for at in range(columns)]
    ys = [top + at * (plate[1] + GUTTER) for at in range(rows)]
    corners = tuple((x, y) for y in ys for x in xs)
    return Layout(page, plate, corners, _ticks(xs, ys, plate))


def _ticks(
    xs: Sequence[float], ys: Sequence[float], plate: tuple[float, float]
) -> tuple[tuple[float, float, float, float], ...]:
    """Cut marks as x1, y1, x2, y2: short ones between plates, long ones around all, none on a plate."""
    lines = list[tuple[float, float, float, float]]()
    for x, y in ((x, y) for y in ys for x in xs):
        right, bottom = x + plate[0], y + plate[1]
        west, east = (TICK_OUTSIDE if x == xs[0] else TICK), (TICK_OUTSIDE if x == xs[-1] else TICK)
        north, south = (TICK_OUTSIDE if y == ys[0] else TICK), (TICK_OUTSIDE if y == ys[-1] else TICK)
        for edge in (y, bottom):
            lines += [
                (x - TICK_GAP - west, edge, x - TICK_GAP, edge),
                (right + TICK_GAP, edge, right + TICK_GAP + east, edge),
            ]
        for edge in (x, right):
            lines += [
                (edge, y - TICK_GAP - north, edge, y - TICK_GAP),
                (edge, bottom + TICK_GAP, edge, bottom + TICK_GAP + south),
            ]
    return tuple(lines)
