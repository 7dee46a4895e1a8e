"""The siting page: where the next stations should stand, and what changes of streets and gates would do."""

from dataclasses import asdict, dataclass

from maps.base import MapView, map_figure
from maps.elements.tiles import GridTiles, WalkTiles
from maps.pages.choices import Category, plain
from maps.pages.reach import Circle, Walker
from maps.shell import Shell, render_page

COUNTS = (1, 2, 3, 5, 8, 10, 15, 20)


@dataclass(frozen=True, slots=True)
class SitingContext:
    """What the page needs: station categories, thresholds and walkers in the profile's order; who may accept."""

    shell: Shell
    view: MapView
    categories: tuple[Category, ...]
    circles: tuple[Circle, ...]
    walkers: tuple[Walker, ...]
    can_accept: bool
    counts: tuple[int, ...] = COUNTS


def render(context: SitingContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    minutes = tuple(sorted(circle.minutes for circle in context.circles))
    figure = map_figure(
        "siting",
        context.view,
        layers={
            "walks": WalkTiles(minutes=minutes),
            "grids": GridTiles(look="outline", tiles="/tiles/published/{z}/{x}/{y}.mvt"),
        },
        attribution=context.shell.attribution,
        language=language,
        nonce=nonce,
    )
    data = {
        "categories": plain(context.categories),
        "minutes": list(minutes),
        "walkers": [asdict(walker) for walker in context.walkers],
        "labels": {f"{circle.minutes:g}": circle.label for circle in context.circles},
        "canAccept": context.can_accept,
    }
    return render_page(
        "siting",
        context,
        context.shell,
        language=language,
        nonce=nonce,
        figure=figure,
        scripts=("siting.js",),
        data=data,
    )
