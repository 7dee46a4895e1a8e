"""The incidents page: where trouble gathers, when, and which grids carry it."""

from dataclasses import dataclass
from datetime import date

from maps.base import MapView, map_figure
from maps.elements.tiles import DensityTiles, GridTiles
from maps.pages.choices import Category, plain
from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class IncidentsContext:
    """What the page needs: the profile's kinds, tiers and states, and the days shown first (both included)."""

    shell: Shell
    view: MapView
    categories: tuple[Category, ...]
    tiers: tuple[Category, ...]
    states: tuple[Category, ...]
    from_on: date
    to_on: date


def render(context: IncidentsContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    figure = map_figure(
        "incidents",
        context.view,
        layers={
            "density": DensityTiles(),
            "grids": GridTiles(look="outline", tiles="/tiles/published/{z}/{x}/{y}.mvt"),
        },
        attribution=context.shell.attribution,
        language=language,
        nonce=nonce,
    )
    data = {
        "categories": plain(context.categories),
        "tiers": plain(context.tiers),
        "from": context.from_on.isoformat(),
        "to": context.to_on.isoformat(),
    }
    return render_page(
        "incidents",
        context,
        context.shell,
        language=language,
        nonce=nonce,
        figure=figure,
        scripts=("incidents.js",),
        data=data,
    )
