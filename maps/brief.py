"""The brief: one printed page of a street's incidents - figures, map, busiest grids, what chance does not explain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import shapely
from weasyprint import HTML

from maps.picture import Outline, over, picture_of
from maps.words import LANG_ATTRIBUTES, environment, language_of

CLASSES = 5
TONES = ("#f3efe6", "#f2d9b8", "#e8a87c", "#cf5f4a", "#8c2638")


@dataclass(frozen=True, slots=True)
class BriefGrid:
    """One grid of the map and the table: its outline, name and counts."""

    outline: Outline
    name: str
    count: int
    open: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Brief:
    """What the page tells; texts are in the reader's language already.

    Attributes
    ----------
    figures
        Label and value, first to last.
    asked
        What was filtered: label and value.
    kinds
        Label, count and colour.
    hours
        7 rows from Monday of 24 counts.
    sentences
        What stands out, the most likely first.
    circles
        Outlines of what stands out, EPSG:4326.
    """

    title: str
    place: str
    made_at: datetime
    figures: Sequence[tuple[str, str]]
    asked: Sequence[tuple[str, str]]
    kinds: Sequence[tuple[str, int, str]]
    hours: Sequence[Sequence[int]]
    grids: Sequence[BriefGrid]
    sentences: Sequence[str]
    circles: Sequence[shapely.Geometry]
    attribution: str


def brief_html(brief: Brief, *, language: str) -> str:
    """Return the page as HTML that stands alone."""
    language = language_of(language)
    outlines = [grid.outline for grid in brief.grids]
    picture = picture_of(outlines)
    by_code = sorted(brief.grids, key=lambda grid: grid.outline.grid_code)
    drawn = [grid for grid in by_code if not shapely.is_empty(grid.outline.geometry)]
    most = max((grid.count for grid in drawn), default=0)
    tones = [TONES[_class(grid.count, most)] for grid in drawn]
    return environment(language).get_template("brief.html").render(
        brief=brief,
        lang=LANG_ATTRIBUTES[language],
        picture=picture,
        shapes=list(zip(picture.grids, tones, strict=True)),
        circles=over(outlines, list(brief.circles)),
        scale=_scale(most),
        busiest=sorted(brief.grids, key=lambda grid: (-grid.count, grid.outline.grid_code))[:10],
        kinds=[kind for kind in brief.kinds if kind[1]],
        top_kind=max((count for _, count, _ in brief.kinds), default=0),
        top_hour=max((count for row in brief.hours for count in row), default=0),
    )  # fmt: skip


def brief_pdf(brief: Brief, *, language: str) -> bytes:
    """Return the page as PDF; nothing is fetched while it is made."""
    content: bytes = HTML(string=brief_html(brief, language=language), url_fetcher=nothing_fetched).write_pdf()
    return content


def _scale(most: int) -> list[tuple[str, int, int]]:
    """Return the tone of each class that a count can be of, with its least and its greatest count."""
    least = [-(-most * step // CLASSES) for step in range(CLASSES)]
    greatest = [*(count - 1 for count in least[1:]), most]
    return [(tone, low, high) for tone, low, high in zip(TONES, least, greatest, strict=True) if low <= high]


def nothing_fetched(url: str, *_: object, **__: object) -> dict[str, object]:
    """Refuse whatever a printed page would fetch."""
    raise ValueError(f"a printed page fetches nothing, and not {url[:80]}")


def _class(count: int, most: int) -> int:
    return min(CLASSES - 1, count * CLASSES // most) if most else 0
