"""The web board of a grid: the same as its poster, for a phone, without scripts; its map is a light SVG in the page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import shapely
from markupsafe import Markup

from maps.board import Board, Post, shortened
from maps.board_map import WEB, BoardGround, MapLook, board_map
from maps.shell import Shell, render_page
from maps.words import environment

SVG_BYTES_MAX = 56_000
HEADS_SHOWN = 80
# Coarser and coarser, until it is light: units of tolerance.
TOLERANCES = (1.2, 3.0, 6.0, 12.0)
TALL, FLAT = 1.25, 0.7


@dataclass(frozen=True, slots=True)
class BoardContext:
    """What the page tells: a board, and its map, of `web_map`; `is_preview`: it is another day's than today's."""

    shell: Shell
    board: Board
    map: Markup
    is_preview: bool = False

    @property
    def heads(self) -> Sequence[Post]:
        """Building heads, as many as are shown."""
        return shortened(self.board.building_heads, HEADS_SHOWN)[0]

    @property
    def heads_of(self) -> int:
        """How many building heads there are where some are left out, else 0."""
        return shortened(self.board.building_heads, HEADS_SHOWN)[1]


def render(context: BoardContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    return render_page("board", context, context.shell, language=language, nonce=nonce)


def web_map(ground: BoardGround, title: str) -> Markup:
    """Return the map as an SVG of at most 56 kB, drawn in the grid's own proportions."""
    west, south, east, north = shapely.bounds(ground.grid)
    ratio = min(max((north - south) / max(east - west, 1.0), FLAT), TALL)
    look = replace(WEB, height=round(WEB.width * ratio))
    for tolerance in TOLERANCES:
        svg = _svg(ground, replace(look, tolerance=tolerance), title)
        if len(svg.encode()) <= SVG_BYTES_MAX:
            return svg
    # So many houses that their outlines alone are too much: the ground without them still tells where the grid lies.
    return _svg(replace(ground, buildings=()), replace(look, tolerance=TOLERANCES[-1]), title)


def _svg(ground: BoardGround, look: MapLook, title: str) -> Markup:
    drawn = environment("zh").get_template("_board_map.svg").render(
        map=board_map(ground, look), map_title=title, halo=False
    )  # fmt: skip
    return Markup(drawn)  # noqa: S704  # our own template, which escapes what it is given
