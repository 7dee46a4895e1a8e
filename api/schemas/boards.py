"""Notice boards: what one says of a grid; asking for many of them at once."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import Answer, Day
from api.schemas.plans import AreaCode

Size = Literal["A3", "A2"]
Form = Literal["pdf", "png"]


class BoardPost(Answer):
    """Somebody who answers; names of persons are masked."""

    name: str = Field(examples=["王网格长"])
    duty_line: str | None = Field(description="the number the public may call", examples=["0851-2200003"])
    place: str = Field(description="the building or zone; empty where it is the grid", examples=["云溪苑3栋"])


class BoardStation(Answer):
    """The nearest station of a category, by its number on the map."""

    number: int = Field(examples=[1])
    name: str = Field(examples=["云溪社区党群服务中心"])
    category: str = Field(examples=["党群服务中心"])
    colour: str = Field(examples=["#b5342b"])
    walk_min: int | None = Field(description="whole minutes on foot, rounded up", examples=[4])
    distance_m: int = Field(description="straight line", examples=[230])


class BoardAnswer(Answer):
    """What the notice board of a grid says on a day: nothing private, no exact count of who lives there."""

    grid_code: str = Field(examples=["529901001001003"])
    name: str = Field(examples=["第三网格"])
    community: str = Field(examples=["云溪社区"])
    street: str = Field(examples=["云溪街道"])
    place: str = Field(examples=["云岭县"])
    on: date = Field(examples=["2026-07-01"])
    valid_from: date = Field(description="since when its plan holds there", examples=["2026-01-01"])
    document_number: str | None = Field(examples=["云政办〔2026〕1号"])
    is_dedicated: bool = Field(description="of a mall, a works, a school")
    households_about: int | None = Field(description="to the nearest ten; null below ten", examples=[420])
    people_about: int | None = Field(description="likewise", examples=[1180])
    buildings: int = Field(examples=[38])
    worker: BoardPost | None = Field(description="null: nobody at present, the desk answers")
    heads: list[BoardPost]
    police: list[BoardPost]
    lawyers: list[BoardPost]
    units: list[BoardPost] = Field(description="answerable for zones, where the place names them to the public")
    building_heads: list[BoardPost]
    hours: str | None = Field(examples=["周一至周五 8:30–12:00"])
    duties: list[str]
    stations: list[BoardStation]
    walks_from: str | None = Field(description="the building that minutes count from", examples=["云溪苑12栋"])
    walk_max_min: int | None = Field(
        description="a station without minutes is farther on foot than this; null where no walk was measured"
    )
    desk: str = Field(examples=["社区服务台"])
    desk_phone: str = Field(examples=["12345"])
    url: str = Field(examples=["https://grid.example/board/529901001001003"])
    attribution: str


class BatchAsked(BaseModel):
    """Posters of all grids of a street or community."""

    model_config = ConfigDict(extra="forbid")

    area_code: AreaCode
    size: Size = "A3"
    format: Form = Field(default="pdf", description="one PDF, or a ZIP of pictures")
    on: Annotated[Day | None, Field(description="the day they tell of; else today", examples=["2026-07-01"])] = None


class BatchTaken(Answer):
    """The job to watch, and of how many posters it is."""

    job_id: int = Field(examples=[12])
    boards: int = Field(examples=[24])
