"""Answers about areas, plans, grids, zones and cover."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import Answer, Bbox, Line

AreaCode = Annotated[str, Field(pattern=r"^[0-9]{12}$", examples=["529901001000"])]
GridCode = Annotated[str, Field(pattern=r"^[0-9]{15}$", examples=["529901001001003"])]
PlanState = Literal["draft", "submitted", "returned", "approved", "published", "superseded"]
Band = Literal["below", "within", "above", "dedicated"]


class AreaProperties(Answer):
    """A division."""

    area_code: str = Field(examples=["529901001001"])
    name: str = Field(examples=["云溪社区"])
    level: Literal["province", "city", "county", "street", "community"]
    parent_code: str | None = Field(examples=["529901001000"])


class PlanRow(Answer):
    """A plan in a list."""

    plan_id: int = Field(examples=[7])
    name: str = Field(examples=["2026年网格调整方案"])
    area_code: str = Field(examples=["529901000000"])
    area_name: str | None = Field(examples=["云岭县"])
    scheme: str = Field(examples=["general"])
    state: PlanState
    valid_from: date | None = Field(examples=["2026-07-01"])
    valid_to: date | None = Field(description="first day it no longer holds", examples=[None])
    revision: int = Field(examples=[1])
    seed: int = Field(examples=[20260701])
    created_at: datetime
    grids: int = Field(description="within the asker's scope", examples=[164])
    households: int = Field(description="of the grids within the asker's scope", examples=[61240])


class PlansAnswer(Answer):
    """The plans that reach into the asker's scope, newest first."""

    plans: list[PlanRow]


class PlanException(Answer):
    """A grid that breaks a rule, with the certificate that it cannot do otherwise."""

    grid_code: str | None
    rule: str | None
    certificate: str | None
    place: tuple[float, float] | None
    detail: Any = None


class PlanReport(Answer):
    """What was measured when the plan was made."""

    measures: dict[str, float | None] = Field(
        description="of the whole plan, whatever the asker's scope; null where one does not apply",
        examples=[{"households": 61240.0, "in_band": 1.0, "polsby_popper": 0.62, "households_moved": 312.0}],
    )
    versions: dict[str, int] = Field(description="of the measures", examples=[{"in_band": 1, "polsby_popper": 1}])
    band: tuple[int, int] | None = Field(description="fewest and most households", examples=[[300, 500]])
    people_band: tuple[int, int] | None = Field(description="fewest and most people", examples=[None])
    count: int | None = Field(description="general grids asked for", examples=[None])
    weights: dict[str, float] = Field(examples=[{"lines": 1.0, "compact": 1.0, "even": 1.0}])
    locked: list[str] = Field(description="codes, within the asker's scope", examples=[["529901001001003"]])
    is_afresh: bool = Field(description="drawn as if no plan had held")
    exceptions: list[PlanException] = Field(description="within the asker's scope")


class PlanAnswer(PlanRow):
    """One plan and its report."""

    report: PlanReport
    document_number: str | None = Field(default=None, examples=["云政办〔2026〕12号"])


class GridRow(Answer):
    """A grid of a plan."""

    grid_id: int = Field(examples=[31])
    grid_code: str = Field(examples=["529901001001003"])
    name: str = Field(examples=["第三网格"])
    kind: Literal["general", "dedicated"]
    area_code: str = Field(examples=["529901001001"])
    community: str | None = Field(examples=["云溪社区"])
    street: str | None = Field(examples=["云溪街道"])
    households: int = Field(examples=[412])
    people: int = Field(examples=[1150])
    band: Band
    is_locked: bool = Field(description="it takes no edit")
    exception: str | None
    zones: int = Field(examples=[4])
    buildings: int = Field(examples=[23])
    worker: str | None = Field(examples=["王某"])
    compactness: float | None = Field(description="Polsby-Popper of its land, 1 is a circle", examples=[0.62])
    measures: dict[str, float | None] = Field(
        description="as in the plan's report, of this grid", examples=[{"households": 412.0, "line_share": 0.81}]
    )
    bbox: Bbox | None


class GridsAnswer(Answer):
    """The grids of a plan within the asker's scope."""

    grids: list[GridRow]


class ZoneOfGrid(Answer):
    """A zone in a grid's own answer."""

    zone_code: str = Field(examples=["529901001001003001"])
    name: str = Field(examples=["责任区一"])
    households: int = Field(examples=[103])
    answerable_unit: str | None = Field(examples=["县水务局"])


class GridProperties(GridRow):
    """A grid with its zones."""

    zones: list[ZoneOfGrid]  # type: ignore[assignment]  # the contract names the list as it names the count
    units: int = Field(description="household units", examples=[41])


class ZoneProperties(Answer):
    """A zone."""

    zone_code: str = Field(examples=["529901001001003001"])
    name: str
    grid_code: str
    households: int
    people: int
    answerable_unit: str | None


class NewPlan(BaseModel):
    """A plan to be proposed for an area."""

    model_config = ConfigDict(extra="forbid")

    area_code: AreaCode
    name: Annotated[Line, Field(min_length=1, max_length=120, examples=["2026年网格调整方案"])]
    seed: Annotated[int, Field(ge=0, lt=2**53, examples=[20260701])] = 0
    count: Annotated[int, Field(ge=1, le=1_000_000, description="general grids in all; null: any number")] | None = None
    afresh: Annotated[bool, Field(description="draw as if no plan were in force")] = False
    locked: (
        Annotated[
            list[GridCode],
            Field(max_length=10_000, description="grids in force that stay as they are; null: those locked now"),
        ]
        | None
    ) = None


class Flaw(Answer):
    """Ground with no grid, or with two."""

    area_m2: float = Field(examples=[12.5])
    bbox: Bbox | None
    community: str | None = Field(examples=["云溪社区"])


class Vacancy(Answer):
    """A grid nobody answers for on that day."""

    grid_code: str
    name: str
    community: str | None
    households: int
    bbox: Bbox | None


class CommunityCover(Answer):
    """Cover of one community."""

    area_code: str
    name: str
    doors: int
    doors_covered: int
    doors_without_grid: int
    doors_in_several: int
    grids: int
    vacant: int
    households: int


class StrayDoor(Answer):
    """A door in no grid, or in several."""

    name: str | None = Field(description="of its building, or the address", examples=["云溪里12号"])
    community: str | None = Field(examples=["云溪社区"])
    grids: int = Field(description="how many it lies in: 0, or 2 and more", examples=[0])
    lon: float = Field(examples=[107.7005])
    lat: float = Field(examples=[27.9505])


class CoverAnswer(Answer):
    """Whether every door is in exactly one grid with someone answerable, on a day."""

    on: date
    plan_ids: list[int]
    doors: int = Field(description="stairwells, and buildings that have none", examples=[5120])
    doors_covered: int = Field(description="in exactly one grid, which has a worker", examples=[5088])
    doors_without_grid: int = Field(examples=[0])
    doors_in_several: int = Field(examples=[0])
    households: int
    grids: int
    gaps: list[Flaw]
    overlaps: list[Flaw]
    strays: list[StrayDoor] = Field(description="doors in no grid or in several; at most 50")
    vacancies: list[Vacancy]
    communities: list[CommunityCover]
