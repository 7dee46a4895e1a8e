"""The notice board of a grid (公示栏): who answers for it, where it is, what is near - on a poster and on a page.

A poster is laid out once, as A3 upright, and printed at that size or twice as large; a picture is drawn from the
printed page, so that both are one. Nothing in a `Board` is private: names are masked and counts rounded before.
"""

import io
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import pypdfium2
from weasyprint import HTML, Document
from weasyprint.text.fonts import FontConfiguration

from maps.board_map import POSTER, BoardGround, board_map
from maps.brief import nothing_fetched
from maps.qr import qr_svg
from maps.words import LANG_ATTRIBUTES, environment, text

Poster: TypeAlias = Document  # laid out, not yet printed
ZOOM = {"A3": 1.0, "A2": 2**0.5}
SIZES = tuple(ZOOM)
PNG_DPI, POINTS_AN_INCH = 150, 72
ROUND_TO = 10
# How many building heads and stations a poster has room for; fewer where the page would not hold them.
ROOM = ((24, 7), (16, 6), (10, 5), (6, 4), (2, 3))
# PDFium draws one page at a time, whoever asks.
_DRAWING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Words:
    """A word in both languages."""

    zh: str
    en: str

    def told(self, language: str) -> str:
        """Return it in "zh" or "en"."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Post:
    """Somebody who answers: name (masked, with what they are), the number the public may call, what it is for."""

    name: Words
    duty_line: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class NearBy:
    """A station by its number in the list; minutes on foot, None where no walk in time was measured."""

    number: int
    name: str
    category: Words
    colour: str
    walk_min: int | None
    distance_m: int


@dataclass(frozen=True, slots=True)
class Board:
    """What a notice board says of a grid on a day.

    Attributes
    ----------
    is_dedicated
        Of a mall, a works, a school: nobody is told to live there.
    households_about, people_about, buildings
        Rounded to tens, None below ten (see `rounded`); how many buildings stand in it.
    worker
        None: nobody at present, the desk answers.
    heads, police, lawyers, units, building_heads
        By post; `Post.place` names zone or building.
    walks_from
        The building that minutes are counted from; None where none were.
    walk_max_min
        Longer walks are not measured; None where no walk from that building is: nothing is known to be far then.
    url
        The web board of the grid.
    """

    grid_code: str
    name: str
    community: str
    street: str
    place: Words
    on: date
    valid_from: date
    document_number: str | None
    is_dedicated: bool
    households_about: int | None
    people_about: int | None
    buildings: int
    worker: Post | None
    heads: tuple[Post, ...]
    police: tuple[Post, ...]
    lawyers: tuple[Post, ...]
    units: tuple[Post, ...]
    building_heads: tuple[Post, ...]
    hours: Words | None
    duties: tuple[Words, ...]
    stations: tuple[NearBy, ...]
    walks_from: str | None
    walk_max_min: int | None
    desk: Words
    desk_phone: str
    url: str
    attribution: str

    @property
    def title(self) -> str:
        """Community and grid, the community once: 云溪社区第三网格."""
        return self.name if self.name.startswith(self.community) else f"{self.community}{self.name}"

    def households(self, language: str) -> str:
        """Return about how many households there are, in words of a language."""
        return about(self.households_about, language)

    def people(self, language: str) -> str:
        """Return about how many people there are, in words of a language."""
        return about(self.people_about, language)


def rounded(count: int) -> int | None:
    """Return a count to the nearest ten, halves up; None below ten, of which nobody is told how many."""
    return None if count < ROUND_TO else (count + ROUND_TO // 2) // ROUND_TO * ROUND_TO


def about(count: int | None, language: str) -> str:
    """Return a rounded count in words: 约 1,240; of fewer than ten it says so."""
    if count is None:
        return f"不足 {ROUND_TO}" if language == "zh" else f"fewer than {ROUND_TO}"
    return f"约 {count:,}" if language == "zh" else f"about {count:,}"


def shortened(posts: Sequence[Post], most: int) -> tuple[Sequence[Post], int]:
    """Return as many posts as there is room for, and of how many in all where some are left out (else 0)."""
    return (posts, 0) if len(posts) <= most else (posts[:most], len(posts))


def poster_html(board: Board, ground: BoardGround, *, printed_on: date, room: tuple[int, int] = ROOM[0]) -> str:
    """Return the poster as HTML that stands alone, in Chinese with English beneath."""
    heads, heads_of = shortened(board.building_heads, room[0])
    return environment("zh").get_template("board_poster.html").render(
        board=board, lang=LANG_ATTRIBUTES["zh"], printed_on=printed_on, english=lambda words: text(words, "en"),
        building_heads=heads, building_heads_of=heads_of, stations=board.stations[: room[1]],
        map=board_map(ground, POSTER), qr=qr_svg(board.url, "Q"), title_size=_title_size(board.title),
    )  # fmt: skip


class Printer:
    """Prints posters one after another: fonts are read once, and cut down once for all pages of a file.

    Parameters
    ----------
    size : str
        "A3" or "A2".
    """

    def __init__(self, size: str = "A3") -> None:
        self.zoom = ZOOM[size]
        self._fonts = FontConfiguration()

    def lay_out(self, board: Board, ground: BoardGround, *, printed_on: date) -> Poster:
        """Return the poster laid out on one page, with as many names as it holds."""
        for room in ROOM:
            html = poster_html(board, ground, printed_on=printed_on, room=room)
            page: Document = HTML(string=html, url_fetcher=nothing_fetched).render(font_config=self._fonts)
            if len(page.pages) == 1:
                break
        return page.copy(page.pages[:1])

    def pdf(self, posters: Sequence[Poster]) -> bytes:
        """Return laid-out posters as one PDF, a page each."""
        pages = [page for poster in posters for page in poster.pages]
        content: bytes = posters[0].copy(pages).write_pdf(zoom=self.zoom)
        return content

    def png(self, poster: Poster) -> bytes:
        """Return one poster as a picture of 150 dots an inch."""
        return picture_of_page(self.pdf([poster]))


def picture_of_page(pdf: bytes, *, dpi: int = PNG_DPI) -> bytes:
    """Return the first page of a PDF as PNG."""
    with _DRAWING, closing(pypdfium2.PdfDocument(pdf)) as document, closing(document[0]) as page:
        picture = page.render(scale=dpi / POINTS_AN_INCH).to_pil()
    out = io.BytesIO()
    picture.save(out, format="PNG", dpi=(dpi, dpi))
    return out.getvalue()


def joined(files: Sequence[bytes]) -> bytes:
    """Return PDFs as one, page after page."""
    out = io.BytesIO()
    with _DRAWING, closing(pypdfium2.PdfDocument.new()) as whole:
        for file in files:
            with closing(pypdfium2.PdfDocument(file)) as part:
                whole.import_pages(part)
        whole.save(out)
    return out.getvalue()


def _title_size(title: str) -> int:
    """Return the size of the title in points: long names are set smaller, very long ones on two lines."""
    steps: tuple[tuple[int, int], ...] = ((10, 50), (13, 42), (17, 34), (22, 27))
    return next((size for most, size in steps if len(title) <= most), 24)
