"""Asking for edits of a plan, and what is told of them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.base import Answer, Bbox, Feature
from api.schemas.cases import Lat, Lon
from api.schemas.plans import AreaCode, Band, GridCode

Id = Annotated[int, Field(ge=1, lt=2**63)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Revision = Annotated[int, Field(ge=1, lt=2**31, description="of the plan that was looked at", examples=[4])]


class Asked(BaseModel):
    """A request that names the revision it was made upon."""

    model_config = ConfigDict(extra="forbid")

    revision: Revision


PartCode = Annotated[str, Field(pattern=r"^[0-9]{18,19}$", examples=["529901001001003001"])]
AnyCode = Annotated[str, Field(pattern=r"^[0-9]{15}([0-9]{3,4})?$", examples=["529901001001003"])]


class MoveAsked(BaseModel):
    """A cell that is to go to a grid, or to a zone or household unit of its grid."""

    model_config = ConfigDict(extra="forbid")

    cell_id: Id
    to: AnyCode


class EditAsked(Asked):
    """One edit. Which members count hangs on the verb."""

    verb: Literal["move", "merge", "split", "rebalance", "redraw", "rename", "lock", "unlock"]
    level: Literal["grids", "zones", "units"] = Field(
        default="grids", description="zones: move, merge, split, rename; units (household units): move, merge"
    )
    codes: list[PartCode] = Field(default=[], max_length=5000, description="of zones or units, instead of grid_codes")
    dry_run: bool = Field(default=False, description="tell what it would do, and keep nothing")
    grid_codes: list[GridCode] = Field(
        default=[], max_length=5000,
        description="merge: the first goes on; split, rename: one; rebalance: some; lock, unlock: none for all",
    )  # fmt: skip
    cells: list[Id] = Field(default=[], max_length=20_000, description="move")
    buildings: list[Id] = Field(default=[], max_length=20_000, description="move: their cells")
    to: AnyCode | None = Field(default=None, description="move: where to; without it a new grid, zone or unit")
    households: int | None = Field(
        default=None, ge=1, le=10_000, description="move between units: so many of each cell; without it all"
    )
    moves: list[MoveAsked] = Field(
        default=[], max_length=20_000, description="move: cells to several grids, instead of `cells` and `to`"
    )
    name: Title | None = Field(default=None, description="rename, and of a new grid")
    line: list[tuple[Lon, Lat]] = Field(default=[], max_length=2000, description="split: lon, lat of a drawn line")
    streets: list[Id | Title] = Field(
        default=[], max_length=200, description="split: along streets, by number or name", examples=[["云溪路"]]
    )
    count: int | None = Field(default=None, ge=2, le=50, description="split: in so many equal shares")
    area_code: AreaCode | None = Field(default=None, description="redraw: the community")


class RestoreAsked(Asked):
    """What a plan was like at a revision, wanted back."""

    to: Revision = Field(description="the revision wanted back")


class PointAsked(Asked):
    """A name for what the plan is like now."""

    name: Title


class BranchAsked(BaseModel):
    """A draft that begins as a plan is."""

    model_config = ConfigDict(extra="forbid")

    name: Title


class BranchAnswer(Answer):
    """The draft that was made."""

    plan_id: int = Field(examples=[8])


class EditedGrid(Answer):
    """A grid after an edit."""

    grid_code: str = Field(examples=["529901001001003"])
    name: str
    kind: Literal["general", "dedicated"]
    area_code: str
    households: int
    people: int
    band: Band
    is_locked: bool
    exception: str | None
    bbox: Bbox | None


class MovedCell(BaseModel):
    """A cell that changed its grid."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    cell_id: int
    from_: str = Field(alias="from", examples=["529901001001003"])
    to: str = Field(examples=["529901001001004"])


class EditAnswer(Answer):
    """What an edit touched, or would touch."""

    revision: int = Field(description="of the plan now", examples=[5])
    grids: list[Feature[EditedGrid]] = Field(
        description="those that are other, as they are now; without ground where that stays as it was"
    )
    removed: list[str] = Field(description="codes of those that are gone", examples=[["529901001001007"]])
    moved: list[MovedCell] = Field(
        description="cells that lie in another grid now; of a dry run on zones or units: in another of those"
    )


class CellProperties(Answer):
    """A cell of a plan."""

    cell_id: int
    households: int
    people: int
    kind: str = Field(description="building, open, water ...")
    use: str | None
    building_id: int | None
    compound_id: int | None
    grid_code: str = Field(examples=["529901001001003"])
    address: str | None = Field(description="of its building")
    on_foot: list[int] = Field(description="cells of higher number that one can walk to from it", examples=[[4712]])
    stations: int = Field(description="inside it")


class ZoneOfPart(Answer):
    """A zone that can be edited."""

    zone_code: str = Field(examples=["529901001001003001"])
    name: str = Field(examples=["责任区1"])
    grid_code: str
    households: int
    people: int
    is_locked: bool = Field(description="its grid takes no edit")
    answerable_unit: str | None = Field(description="null: vacant", examples=["县水务局"])


class UnitOfPart(Answer):
    """A household unit that can be edited."""

    unit_code: str = Field(examples=["5299010010010030001"])
    grid_code: str
    households: int
    is_locked: bool = Field(description="its grid takes no edit")


class ShareOfPart(Answer):
    """How many households of a cell a unit has."""

    cell_id: int
    unit_code: str
    households: int


class PartsAnswer(Answer):
    """Zones and household units of a community, and what lies in them."""

    revision: int
    zones: list[ZoneOfPart]
    units: list[UnitOfPart]
    cells: dict[str, str] = Field(description="zone_code by cell_id", examples=[{"4711": "529901001001003001"}])
    shares: list[ShareOfPart]


class GridProblem(Answer):
    """A grid to look at."""

    grid_code: str
    households: int
    outside: int = Field(description="households below the band (negative) or above it; 0 inside", examples=[-40])
    pieces: int = Field(description="on foot; 1 is whole")
    is_vacant: bool = Field(description="nobody is its worker today")


class GridProblems(Answer):
    """Grids of a community to look at, the gravest first."""

    problems: list[GridProblem]


class StreetAcross(Answer):
    """A street along which a grid can be split."""

    name: str | None = Field(examples=["云溪路"])
    road_class: str = Field(examples=["residential"])
    street_ids: list[int]
    length_m: float = Field(description="inside the grid")
    households: list[int] = Field(description="of each part, most first", examples=[[310, 265]])


class StreetsAcross(Answer):
    """The streets along which a grid can be split, the most even split first."""

    streets: list[StreetAcross]


class SuggestedMove(BaseModel):
    """A cell that should change its grid."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    cell_id: int
    from_: str = Field(alias="from", examples=["529901001001003"])
    to: str = Field(examples=["529901001001004"])
    households: int
    address: str | None


class Mending(Answer):
    """One way to bring a grid into the band."""

    moves: list[SuggestedMove]
    households: dict[str, int] = Field(description="of each grid touched", examples=[{"529901001001003": 310}])
    is_in_band: bool = Field(description="all that are touched")
    border_m: float = Field(description="how much longer borders become, metres")


class Mendings(Answer):
    """The fewest buildings whose move brings a grid into the band, the best way first."""

    grid_code: str
    state: Literal["found", "in_band", "none", "unfinished"] = Field(
        description="none: surely no three buildings do; unfinished: the search ended before it knew"
    )
    answers: list[Mending]


class Operation(Answer):
    """Something that was done to a plan."""

    revision: int
    kind: Literal["edit", "undo", "redo"]
    verb: str
    of_revision: int | None = Field(description="what was undone or done again")
    asked: dict[str, Any]
    actor: str
    at: datetime


class Point(Answer):
    """A revision with a name."""

    name: str
    revision: int
    actor: str
    at: datetime


class History(Answer):
    """What was done to a plan, the earliest first, and what undo and redo come to next."""

    revision: int
    first_revision: int = Field(description="before the first edit")
    operations: list[Operation]
    points: list[Point]
    can_undo: int | None = Field(description="revision of the edit that undo takes back")
    can_redo: int | None = Field(description="revision of the edit that redo does again")
