"""The dossier on paper: what a plan changes - sums, the map before and after, who moves, whose load changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from weasyprint import HTML

from maps.brief import nothing_fetched
from maps.picture import Outline, over, picture_of
from maps.words import LANG_ATTRIBUTES, environment, language_of

TONES = {"kept": "#f3efe6", "altered": "#f2d9b8", "new": "#cfe3d4", "retired": "#e3d5de"}
BUILDINGS_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Side:
    """The map of one side: its grids, and what becomes of each (kept, altered, new, retired)."""

    outlines: Sequence[Outline]
    states: Sequence[str]


@dataclass(frozen=True, slots=True)
class PaperDossier:
    """What the pages tell; texts are in the reader's language already.

    Attributes
    ----------
    notes, totals
        Label and value, first to last.
    body
        The dossier's rows: moves, grids, workers, buildings, stations, incidents.
    before, after
        The two maps.
    moved
        Outlines of the ground that changes grid, EPSG:4326.
    """

    title: str
    place: str
    made_at: datetime
    notes: Sequence[tuple[str, str]]
    totals: Sequence[tuple[str, float]]
    body: Mapping[str, Any]
    before: Side
    after: Side
    moved: Sequence[shapely.Geometry]
    attribution: str


def dossier_html(dossier: PaperDossier, *, language: str) -> str:
    """Return the pages as HTML that stands alone."""
    language = language_of(language)
    return environment(language).get_template("dossier_print.html").render(
        dossier=dossier,
        lang=LANG_ATTRIBUTES[language],
        maps=[_map(side, dossier.moved) for side in (dossier.before, dossier.after)],
        tones=TONES,
        buildings=dossier.body["buildings"][:BUILDINGS_SHOWN],
    )  # fmt: skip


def dossier_pdf(dossier: PaperDossier, *, language: str) -> bytes:
    """Return the pages as PDF; nothing is fetched while they are made."""
    content: bytes = HTML(string=dossier_html(dossier, language=language), url_fetcher=nothing_fetched).write_pdf()
    return content


def _map(side: Side, moved: Sequence[shapely.Geometry]) -> dict[str, Any]:
    """Return one map: paths of the grids with their tones, in order of code as pictures are, and what moves."""
    picture = picture_of(side.outlines)
    rows = sorted(zip(side.outlines, side.states, strict=True), key=lambda row: row[0].grid_code)
    tones = [TONES[state] for outline, state in rows if not shapely.is_empty(outline.geometry)]
    shapes = list(zip(picture.grids, tones, strict=True))
    return {"picture": picture, "shapes": shapes, "moved": over(side.outlines, list(moved))}
