"""A plan's life: asking for its steps, and what is told of steps, comments and findings."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.base import Answer, Bbox, Day, Line
from api.schemas.edits import Asked
from api.schemas.plans import GridCode, PlanState

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Document = Annotated[Line, Field(min_length=1, max_length=120, examples=["云政办〔2026〕12号"])]
StepName = Literal["submit", "recall", "return", "approve", "publish"]


class Submission(Asked):
    """A plan is handed over for approval."""

    remark: Words | None = Field(default=None, examples=["按7月会商意见调整"])


class Returning(Asked):
    """A plan is sent back, with the reason."""

    remark: Words = Field(examples=["第3网格跨河，请重划"])


class Approval(Asked):
    """A plan is approved, by a document."""

    document_number: Document
    remark: Words | None = None


class Publication(Asked):
    """From when a plan holds, and by which document."""

    valid_from: Annotated[Day, Field(examples=["2026-07-01"])]
    document_number: Document


class CommentAsked(BaseModel):
    """Something to be said about a plan, or about one grid of it."""

    model_config = ConfigDict(extra="forbid")

    grid_code: GridCode | None = None
    words: Words = Field(examples=["这里是学校，不宜拆开"])


class StepTaken(Answer):
    """One step of a plan's life."""

    step: StepName
    revision: int = Field(description="of the plan that was looked at", examples=[12])
    at: datetime
    actor: str = Field(examples=["planner"])
    document_number: str | None
    valid_from: date | None
    remark: str | None
    errors: int | None = Field(description="that the doctor found then; null where it was not asked", examples=[0])
    warnings: int | None = Field(examples=[3])


class Comment(Answer):
    """Something said about a plan, or about one grid of it."""

    comment_id: int
    grid_code: str | None
    revision: int
    words: str
    actor: str
    at: datetime
    settled_by: str | None
    settled_at: datetime | None


class Life(Answer):
    """What became of a plan so far, and what the asker may do next."""

    state: PlanState
    revision: int
    steps: list[StepTaken] = Field(description="the first first")
    comments: list[Comment] = Field(description="within the asker's scope, the first first")
    may: list[StepName] = Field(description="steps that the asker may take now", examples=[["submit"]])


class CommentMade(Answer):
    """The comment that was made."""

    comment_id: int = Field(examples=[4])


class Finding(Answer):
    """Something that is wrong with a plan."""

    kind: str = Field(examples=["cut"])
    is_error: bool = Field(description="errors stop a plan; the rest is to be known")
    title: str = Field(examples=["网格被河流水面隔断"])
    repair: str = Field(examples=["把隔开的这一块划给云溪第4网格"])
    area_code: str | None
    community: str | None
    grid_code: str | None
    grid: str | None = Field(description="its name")
    other_code: str | None = Field(description="the second grid of an overlap, or the one that may take a piece")
    other: str | None
    building_id: int | None
    address: str | None
    size: float | None = Field(description="signed where it is a difference", examples=[37.0])
    unit: Literal["m2", "households", "buildings", "communities"]
    barrier: str | None
    cells: list[int] = Field(description="those that may move to the other grid")
    bbox: Bbox | None
    lon: float | None
    lat: float | None


class Findings(Answer):
    """Everything that is wrong with a plan, within the asker's scope."""

    revision: int
    errors: int
    warnings: int
    kinds: dict[str, int] = Field(examples=[{"below": 2, "vacant": 3}])
    findings: list[Finding] = Field(description="errors first, at most 500")
