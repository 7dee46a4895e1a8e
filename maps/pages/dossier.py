"""The dossier page: what a plan changes - the maps before and after, who moves, and what is then to be done."""

from dataclasses import dataclass

from maps.base import MapView, map_figure
from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class DossierContext:
    """What the page needs: where the map opens, the plan (none: the newest), and the one it is compared with.

    Without a `base_id` that is what is in force.
    """

    shell: Shell
    view: MapView
    plan_id: int | None = None
    base_id: int | None = None


def render(context: DossierContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    figure = map_figure(
        "dossier", context.view, layers={}, attribution=context.shell.attribution, language=language, nonce=nonce
    )
    data = {
        "plan": context.plan_id,
        "base": context.base_id,
        "view": {"minZoom": context.view.min_zoom, "maxZoom": context.view.max_zoom},
    }
    return render_page(
        "dossier",
        context,
        context.shell,
        language=language,
        nonce=nonce,
        figure=figure,
        scripts=("dossier.js",),
        data=data,
    )
