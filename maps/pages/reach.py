"""The reach page: who is within so many minutes on foot of a station, and who is left out."""

from dataclasses import asdict, dataclass

from maps.base import MapView, map_figure
from maps.elements.tiles import GridTiles, WalkTiles
from maps.pages.choices import Category, plain
from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class Circle:
    """A threshold on foot and what it is called as read, such as 15分钟社区级."""

    minutes: float
    label: str


@dataclass(frozen=True, slots=True)
class Walker:
    """Somebody who walks, as the reader calls them."""

    key: str
    label: str
    speed_m_per_s: float


@dataclass(frozen=True, slots=True)
class ReachContext:
    """What the page needs: station categories and walkers in the profile's order, thresholds, usual speed in m/s."""

    shell: Shell
    view: MapView
    categories: tuple[Category, ...]
    circles: tuple[Circle, ...]
    speed_m_per_s: float
    walkers: tuple[Walker, ...]


def render(context: ReachContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    minutes = tuple(sorted(circle.minutes for circle in context.circles))
    figure = map_figure(
        "reach",
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
    }
    return render_page(
        "reach", context, context.shell, language=language, nonce=nonce, figure=figure, scripts=("reach.js",), data=data
    )
