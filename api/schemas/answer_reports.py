"""What residents say is wrong with an answer: a kind and a grid. No name, no number, no place, no words."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import Answer
from api.schemas.plans import GridCode

Kind = Literal["wrong_grid", "no_answer", "wrong_person", "wrong_place", "other"]


class AnswerReportAsked(BaseModel):
    """What is wrong: not my grid; the phone is not answered; another person; the map shows another place; other."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Field(examples=["no_answer"])
    grid_code: GridCode = Field(description="the grid that was answered")


class AnswerReportTaken(Answer):
    """It was passed on."""

    taken: Literal[True] = True


class AnswerReportRow(Answer):
    """What was said of a grid on a day, until it is settled."""

    report_id: int = Field(examples=[7])
    kind: Kind = Field(examples=["no_answer"])
    grid_code: str = Field(examples=["529901001001003"])
    grid: str | None = Field(description="what the grid is called", examples=["第三网格"])
    area_code: str = Field(description="community", examples=["529901001001"])
    community: str | None = Field(examples=["云溪社区"])
    reported_on: date = Field(examples=["2026-07-01"])
    times: int = Field(description="how often it was said that day", examples=[2])


class AnswerReports(Answer):
    """What nobody has seen to yet, the newest day first, at most five hundred."""

    reports: list[AnswerReportRow]
