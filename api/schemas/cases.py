"""Cases, as they are asked for and told: for those who handle them, so with their text."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.base import Answer, Line

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
Words = Annotated[Line, Field(min_length=1, max_length=200)]
KeyName = Annotated[str, Field(max_length=40, pattern=r"^[a-z][a-z0-9_]*$")]
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]


class Asked(BaseModel):
    """A request's body; a member that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class NewIncident(Asked):
    """What is reported: a place (EPSG:4326), an address, or both."""

    category: KeyName = Field(examples=["drain"])
    description: Text | None = None
    lon: Lon | None = None
    lat: Lat | None = None
    address: Words | None = Field(default=None, examples=["云溪路12号3栋"])
    contact: Words | None = Field(default=None, description="of who reports; private")
    reported_at: AwareDatetime | None = Field(default=None, description="now, where it is not given")


class IncidentMade(Answer):
    """What became of a report."""

    incident_id: int
    area_code: str
    grid_code: str | None
    building_id: int | None
    place_problem: Literal["no_place", "address_unknown", "address_unclear", "outside"] | None
    maybe_same: list[int] = Field(description="open incidents of the kind, near and not long before")


class MoveAsked(Asked):
    """A move, and what was seen when it was decided."""

    move: KeyName = Field(examples=["accept"])
    reason: Text | None = None
    seen_state: KeyName | None = Field(default=None, description="409 where it stands elsewhere by now")
    seen_tier: KeyName | None = None


class NoteAsked(Asked):
    """A note for the history."""

    note: Text


class DuplicateAsked(Asked):
    """The earlier incident that this one is; null takes the mark away."""

    of: Annotated[int, Field(ge=1, lt=2**63)] | None


class PlaceAsked(Asked):
    """Where an incident really is."""

    lon: Lon
    lat: Lat


class MoveAnswer(Answer):
    """What can be done from here."""

    key: str
    label_zh: str
    label_en: str
    needs_reason: bool


class EventAnswer(Answer):
    """What was done, when and by whom."""

    event_id: int
    at: datetime
    kind: str
    tier: str | None
    state: str | None
    from_tier: str | None
    from_state: str | None
    actor: str | None
    note: str | None


class CaseAnswer(Answer):
    """One incident, for those who handle it."""

    incident_id: int
    area_code: str
    category: str
    tier: str | None
    state: str
    reported_at: datetime
    closed_at: datetime | None
    tier_at: datetime | None
    due_at: datetime | None = Field(description="when its limit ends, in working hours; null while parked")
    parked_at: datetime | None
    returns: int
    duplicate_of: int | None
    grid_code_reported: str | None
    building_id: int | None
    description: str | None
    address: str | None
    contact: str | None
    place_problem: str | None
    source: str
    source_ref: str | None
    lon: float | None
    lat: float | None
    lateness: Literal["closed", "parked", "none", "in_time", "overdue"]
    events: list[EventAnswer]
    moves: list[MoveAnswer]
    maybe_same: list[int]


class DuplicatePair(Answer):
    """Two open incidents that may be one."""

    first_id: int
    second_id: int
    category: str
    apart_m: float
    apart_hours: float


class Duplicates(Answer):
    """Pairs that may be one, soonest after each other first."""

    near_m: float
    within_hours: float
    pairs: list[DuplicatePair]


class UnplacedIncident(Answer):
    """An incident without a place of ours."""

    incident_id: int
    area_code: str
    reported_at: datetime
    category: str
    state: str
    address: str | None
    place_problem: str
    source: str


class Unplaced(Answer):
    """Incidents that need a place."""

    incidents: list[UnplacedIncident]
