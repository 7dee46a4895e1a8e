"""The planner's page: a plan's grids on the map and in a table, each against the band."""

from dataclasses import dataclass

from maps.base import MapView, map_figure
from maps.elements.tiles import GridTiles
from maps.shell import Shell, render_page


@dataclass(frozen=True, slots=True)
class PlannerContext:
    """What the page needs before it asks for the plan itself.

    Parameters
    ----------
    plan_id : int, optional
        The plan to open; without one the page opens the widest that is in force today.
    households_min, households_max : int
        The band of a grid, both allowed.
    can_propose, can_edit, can_say, can_take : bool
        Whether this visitor may ask for a new plan, edit drafts, comment on plans, or take packages along. Which steps
        of its life a plan may take is told with the plan.
    edit_area : str, optional
        The community whose grids are edited from the start, where that may be.
    """

    shell: Shell
    view: MapView
    households_min: int
    households_max: int
    plan_id: int | None = None
    can_propose: bool = False
    can_edit: bool = False
    can_say: bool = False
    can_take: bool = False
    edit_area: str | None = None


def render(context: PlannerContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    figure = map_figure(
        "planner",
        context.view,
        layers={"grids": GridTiles(look="band")},
        attribution=context.shell.attribution,
        language=language,
        nonce=nonce,
    )
    data = {
        "plan": context.plan_id,
        "band": [context.households_min, context.households_max],
        "canPropose": context.can_propose,
        "canEdit": context.can_edit,
        "canSay": context.can_say,
        "canTake": context.can_take,
        "editArea": context.edit_area,
    }
    return render_page(
        "planner",
        context,
        context.shell,
        language=language,
        nonce=nonce,
        figure=figure,
        scripts=("planner.js",),
        data=data,
    )
