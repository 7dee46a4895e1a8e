"""Answers about what a plan changes."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from api.schemas.base import Answer
from api.schemas.plans import PlanState

Change = Literal["kept", "altered", "new", "retired"]


class PlanNamed(Answer):
    """A plan, as it is called."""

    plan_id: int
    name: str
    area_name: str | None
    state: PlanState
    revision: int


class Totals(Answer):
    """Sums over the whole plan."""

    buildings: int = Field(description="of which at least a part changes grid", examples=[14])
    cells: int
    households: int = Field(description="that change grid", examples=[412])
    people: int
    households_all: int = Field(description="of the plan", examples=[61240])
    first_households: int = Field(description="that come into a grid for the first time", examples=[0])
    grids_kept: int
    grids_altered: int
    grids_new: int
    grids_retired: int
    incidents: int = Field(description="open ones that another grid takes over")
    workers: int = Field(description="whose load changes")
    stations: int = Field(description="whose circle of the fewest minutes reaches other grids")
    doorplates: int = Field(description="to be printed anew: one a door that changes grid")
    notice_boards: int = Field(description="to be printed anew: one a grid that is altered or new")
    compounds: int = Field(description="in which a door changes grid")
    border_kept_m: float
    border_new_m: float
    border_gone_m: float


class Sides(Answer):
    """From which grid to which, and who works there."""

    from_grid: str
    from_name: str | None
    from_worker: str | None
    to_grid: str
    to_name: str | None
    to_worker: str | None


class MoveRow(Sides):
    """All that goes from one grid to another."""

    cells: int
    buildings: int
    households: int
    people: int
    incidents: int


class BuildingRow(Sides):
    """A building that changes grid."""

    building_id: int
    address: str | None
    households: int
    people: int
    is_whole: bool = Field(description="all of it goes the same way")


class GridChange(Answer):
    """A grid that is not as it was."""

    grid_code: str
    name: str | None
    state: Change
    households_before: int
    households_after: int
    people_before: int
    people_after: int
    households_kept: int
    worker: str | None


class WorkerRow(Answer):
    """A worker whose load changes: households, shared where several have the same grid."""

    person_id: int
    name: str
    grids: list[str]
    households_before: float
    households_after: float


class Part(Answer):
    """Households of a grid within a station's circle."""

    grid_code: str
    name: str | None
    households: int


class StationRow(Answer):
    """A station whose circle of the fewest minutes reaches other grids than before."""

    station_id: int
    name: str
    category_label: str
    minutes: float
    before: list[Part]
    after: list[Part]


class IncidentRow(Sides):
    """An open incident that another grid takes over."""

    incident_id: int
    category: str
    category_label: str
    tier: str | None
    reported_at: datetime
    due_at: datetime | None


class Dossier(Answer):
    """What a plan changes; rows are of the asker's scope."""

    plan: PlanNamed
    base: PlanNamed | None = Field(description="null: what was in force on that day")
    on: date
    is_frozen: bool = Field(description="as it was told when the plan was handed over or published")
    totals: Totals
    moves: list[MoveRow]
    buildings: list[BuildingRow]
    grids: list[GridChange]
    workers: list[WorkerRow]
    stations: list[StationRow]
    incidents: list[IncidentRow]


class DossierGround(Answer):
    """A grid before or after, or ground that changes grid."""

    part: Literal["before", "after", "moved"]
    grid_code: str | None = None
    name: str | None = None
    short: str | None = Field(default=None, description="its name without its community's", examples=["第3网格"])
    state: Change | None = None
    from_grid: str | None = None
    to_grid: str | None = None
    households: int
    lon: float = Field(description="of a place inside")
    lat: float
