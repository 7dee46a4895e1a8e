"""Board: what a place writes on its notice boards - hours, duties of a grid worker, whether units are named."""

from typing import Annotated

from pydantic import Field

from data.profiles.parts import Label, Part

DUTIES_MAX = 8
DUTIES = (
    Label(zh="上门走访，了解居民困难和需求", en="Calls on residents and hears what they need"),
    Label(zh="帮助办理社保、救助、证明等事项", en="Helps with social insurance, aid and certificates"),
    Label(zh="排查消防、用电、燃气等安全隐患", en="Looks for fire, power and gas hazards"),
    Label(zh="调解邻里纠纷", en="Mediates between neighbours"),
    Label(zh="上报并跟踪环境、设施等问题", en="Reports and follows up faults in public space"),
    Label(zh="宣传政策，通知停水停电等消息", en="Tells of policies and of water or power cuts"),
)


class Board(Part):
    """What a notice board says in this place.

    Attributes
    ----------
    hours
        When the worker's duty line is answered; nothing is printed without it.
    shows_units
        Whether units answerable for zones (包保单位) are named to the public.
    duties
        What a grid worker does, most important first.
    """

    hours: Label | None = None
    shows_units: bool = False
    duties: Annotated[tuple[Label, ...], Field(max_length=DUTIES_MAX)] = DUTIES
