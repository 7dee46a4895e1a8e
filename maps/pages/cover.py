"""The cover page: every door in exactly one grid, with someone answerable, on a day."""

from dataclasses import dataclass
from datetime import date

from maps.base import MapView, map_figure
from maps.elements.tiles import GridTiles
from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class CoverContext:
    """What the page needs: where the map opens, and the day that is asked for."""

    shell: Shell
    view: MapView
    on: date


def render(context: CoverContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    figure = map_figure(
        "cover",
        context.view,
        layers={"grids": GridTiles(look="cover", tiles="/tiles/published/{z}/{x}/{y}.mvt")},
        attribution=context.shell.attribution,
        language=language,
        nonce=nonce,
    )
    data = {"on": context.on.isoformat()}
    return render_page(
        "cover", context, context.shell, language=language, nonce=nonce, figure=figure, scripts=("cover.js",), data=data
    )
