"""The incidents page: where trouble gathers, when, whether it is more than chance, who has it, and what is late."""

from dataclasses import dataclass
from datetime import date

from maps.base import MapView, map_figure
from maps.elements.tiles import DensityTiles, GridTiles
from maps.pages.choices import Category, plain
from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class IncidentsContext:
    """What the page needs: the profile's kinds, tiers, states and moves, and the days shown first (both included).

    `can_handle` says whether the account may open a case, with its text, and act on it.
    """

    shell: Shell
    view: MapView
    categories: tuple[Category, ...]
    tiers: tuple[Category, ...]
    states: tuple[Category, ...]
    moves: tuple[Category, ...]
    from_on: date
    to_on: date
    can_handle: bool


def render(context: IncidentsContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    figure = map_figure(
        "incidents",
        context.view,
        layers={
            "density": DensityTiles(),
            "grids": GridTiles(look="classes", tiles="/tiles/published/{z}/{x}/{y}.mvt"),
        },
        attribution=context.shell.attribution,
        language=language,
        nonce=nonce,
    )
    data = {
        "categories": plain(context.categories),
        "tiers": plain(context.tiers),
        "states": plain(context.states),
        "moves": plain(context.moves),
        "place": context.shell.place,
        "attribution": context.shell.attribution,
        "can_handle": context.can_handle,
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
