"""Doorplates: what a scan answers, what staff issue, print and revoke. No code tells who lives behind a door."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import Answer, Line
from api.schemas.lookup import LookupAnswer
from api.schemas.plans import AreaCode

Size = Literal["60x40", "90x60", "120x80"]
Paper = Literal["A4", "plate"]
State = Literal["issued", "printed", "revoked"]
Kind = Literal["lost", "damaged", "wrong"]
Reason = Literal["lost", "damaged", "demolished", "replaced", "wrong"]
Outcome = Literal["reprint", "replace", "dismiss"]
Words = Annotated[Line, Field(max_length=200)]
BatchId = Annotated[int, Field(ge=1, lt=2**63)]


class Asked(BaseModel):
    """A request's body; a member that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Door(Answer):
    """What a door is called."""

    label: str = Field(examples=["云溪苑3栋 2单元"])
    address: str | None = Field(examples=["云溪路3号"])
    stairwell: int | None = Field(description="null: a plate of the whole building", examples=[2])
    community: str | None = Field(examples=["云溪社区"])


class DoorAnswer(LookupAnswer):
    """Who answers at the door a plate hangs on: the body of the public look-up, and what the door is called."""

    door: Door


class ReportAsked(Asked):
    """What is the matter with a plate. Leave names and numbers out: nobody asks for them."""

    kind: Kind
    words: Words | None = Field(default=None, examples=["二维码被划花"])


class ReportTaken(Answer):
    """It was passed on."""

    taken: Literal[True] = True


class IssueAsked(Asked):
    """Plates for every door of an area that has none."""

    area_code: AreaCode
    size: Size = "90x60"
    is_trial: bool = Field(default=False, description="only say how many; write nothing")


class Issued(Answer):
    """How many plates were issued."""

    batch_id: int | None = Field(description="null where none was issued, or for a trial", examples=[12])
    plates: int = Field(examples=[240])
    buildings: int = Field(examples=[180])
    stairwells: int = Field(examples=[60])
    replacements: int = Field(description="for doors whose last plate was revoked", examples=[2])


class PlateRow(Answer):
    """A plate, as staff see it."""

    plate_id: int
    code: str = Field(examples=["K7Q2-9XBM-04TD-VR3H"])
    label: str = Field(examples=["云溪苑3栋 2单元"])
    address: str | None
    area_code: str = Field(description="community")
    community: str | None
    batch_id: int
    size: Size
    state: State
    issued_at: datetime
    printed_at: datetime | None
    revoked_at: datetime | None
    revoked_reason: Reason | None
    replaces: int | None = Field(description="the plate it took the place of")
    has_successor: bool
    is_astray: bool = Field(description="its building is not in the register any more")


class Plates(Answer):
    """A page of plates, by id."""

    plates: list[PlateRow]
    next_after: int | None = Field(description="`after` of the next page; null on the last")


class Batch(Answer):
    """Plates issued at one time."""

    batch_id: int
    area_code: str
    area: str | None
    size: Size
    count: int
    made_at: datetime
    made_by: str
    waiting: int = Field(description="issued and not printed yet")
    live: int = Field(description="not revoked")


class Batches(Answer):
    """Batches, newest first, at most a hundred."""

    batches: list[Batch]


class ReportRow(Answer):
    """What the public reports of a plate, until it is settled."""

    report_id: int
    kind: Kind
    words: str | None
    times: int = Field(description="how often it was said")
    reported_at: datetime
    plate_id: int
    code: str
    state: State
    label: str
    area_code: str
    community: str | None
    is_astray: bool


class MissingDoors(Answer):
    """Doors of a community that have no plate."""

    area_code: str
    name: str
    doors: int = Field(description="that never had one")
    revoked: int = Field(description="whose plate was revoked and has no successor")


class RevokedDoor(Answer):
    """A door whose plate was revoked and has no successor."""

    plate_id: int
    area_code: str
    label: str


class Reprints(Answer):
    """What must be made anew."""

    reports: list[ReportRow]
    astray: list[PlateRow]
    missing: list[MissingDoors]
    revoked: list[RevokedDoor]


class RevokeAsked(Asked):
    """Why a plate ends, and whether its door is given another."""

    reason: Reason
    replace: bool = False


class SettleAsked(Asked):
    """What is done about a report: reprint (same code), replace (new code), dismiss (nothing)."""

    outcome: Outcome


class Revoked(Answer):
    """What became of a plate."""

    plate_id: int
    successor_id: int | None
    batch_id: int | None = Field(description="in which its successor waits for print")


class PrintedAsked(Asked):
    """Which batch came back from the printer."""

    batch_id: BatchId


class Printed(Answer):
    """How many plates were waiting for it."""

    plates: int


class SheetsAsked(Asked):
    """Plates to be printed: those of an area, or of a batch."""

    area_code: AreaCode | None = None
    batch_id: BatchId | None = None
    size: Size = "90x60"
    paper: Paper = "A4"
    waiting_only: bool = Field(default=False, description="leave out plates printed before")
