"""Answers to the public: who answers here, and where a place is. Nothing of a resident, nothing else."""

from datetime import date
from typing import Literal

from pydantic import Field

from api.schemas.base import Answer

AnswerKind = Literal["assigned", "vacant", "near_border", "several", "outside", "no_active_plan"]


class FoundGrid(Answer):
    """A grid that answers, or may answer, at the point."""

    grid_code: str = Field(examples=["529901001001003"])
    name: str = Field(examples=["第三网格"])
    community: str | None = Field(examples=["云溪社区"])
    zone: str | None = Field(examples=["责任区一"])
    unit: "Post | None" = Field(description="who answers for the zone, where the place makes it public")
    worker: str | None = Field(
        description="surname and what they are, in the reader's language: 王网格员, Grid worker 王",
        examples=["王网格员"],
    )
    duty_line: str | None = Field(description="the number the public may call", examples=["0851-2200003"])
    head: "Post | None" = Field(description="the grid's head")
    vacant: bool


class Post(Answer):
    """Who else answers: a person by surname alone, a unit by its name."""

    name: str = Field(examples=["李"])
    duty_line: str | None = Field(examples=["0851-2200001"])


class NextChange(Answer):
    """From which day on another grid answers here, where that is certain now and then."""

    on: date = Field(examples=["2026-07-01"])
    grid_code: str = Field(examples=["529901001001004"])
    name: str = Field(examples=["第四网格"])


class NearStation(Answer):
    """The nearest station of a category."""

    name: str = Field(examples=["云溪社区党群服务中心"])
    category: str = Field(examples=["service"])
    category_label: str = Field(examples=["党群服务中心"])
    walk_min: float | None = Field(description="minutes on foot, where a walk was measured", examples=[4.5])
    distance_m: float = Field(description="straight line", examples=[230])


class Desk(Answer):
    """Whom to call where nobody is assigned."""

    name: str = Field(examples=["社区服务台"])
    phone: str = Field(examples=["12345"])


class LookupAnswer(Answer):
    """Who answers at a point on a day."""

    answer: AnswerKind
    certain: bool = Field(description="the point, within its accuracy, can lie in no other grid")
    is_coarse: bool = Field(description="the place is known too roughly to name one grid, or a few to choose from")
    on: date
    message: str = Field(examples=["您所在位置属于「第三网格」，由王网格员负责。"])
    grids: list[FoundGrid]
    next_change: NextChange | None
    question: str | None = Field(description="what to ask where several grids are possible")
    stations: list[NearStation]
    walk_max_min: float | None = Field(
        description="a station without minutes is farther on foot than this; null where no walk was measured"
    )
    desk: Desk


class FoundPlace(Answer):
    """A place that a search found."""

    label: str = Field(examples=["云溪苑 3栋"])
    kind: str = Field(examples=["building"])
    lon: float
    lat: float
    accuracy_m: float = Field(
        description="radius of its extent about the point, to pass on to the look-up; 0 for one door", examples=[0]
    )


class SearchAnswer(Answer):
    """Places, best first."""

    places: list[FoundPlace]
