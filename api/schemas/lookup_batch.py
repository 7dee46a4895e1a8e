"""Many look-ups in one call."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import Answer, Day, Line
from api.schemas.lookup import AnswerKind

POINTS_MAX = 10_000


class AskedPoint(BaseModel):
    """A point, and how well it is known."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[Line, Field(max_length=100)] | int | None = Field(
        default=None, description="your own; the answer repeats it", examples=["order-1"]
    )
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False, examples=[107.72])
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False, examples=[27.95])
    accuracy_m: float = Field(default=0.0, ge=0, le=5000, allow_inf_nan=False, examples=[15])


class LookupBatch(BaseModel):
    """What is asked: points, the datum they are in, the day."""

    model_config = ConfigDict(extra="forbid")

    points: list[AskedPoint] = Field(min_length=1, max_length=POINTS_MAX)
    crs: Literal["wgs84", "cgcs2000", "gcj02", "bd09"] = "wgs84"
    on: Day | None = Field(default=None, description="the day asked about; else today")


class PointAnswer(Answer):
    """Who answers at one of the points: as ``GET /api/v1/lookup`` tells it, in short."""

    id: str | int | None
    answer: AnswerKind
    certain: bool
    grid_code: str | None = Field(description="the grid, or where it is not certain the nearest of grid_codes")
    name: str | None
    worker: str | None = Field(
        description="surname and what they are, in the reader's language: 王网格员, Grid worker 王",
        examples=["王网格员"],
    )
    duty_line: str | None = Field(description="the number the public may call")
    zone: str | None
    grid_codes: list[str] = Field(
        description="all grids the point may be in, nearest first; of a point known to more than 100 m the nearest five"
    )


class LookupBatchAnswer(Answer):
    """Answers, in the order of the points."""

    on: date
    count: int
    rows: list[PointAnswer]
