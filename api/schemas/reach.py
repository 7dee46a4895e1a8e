"""Answers about stations and who is within reach of them on foot."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import Answer, Bbox, FeatureCollection, Line


class StationProperties(BaseModel):
    """A station; one member ``households_<minutes>`` for each threshold of the profile."""

    model_config = ConfigDict(extra="allow")

    station_id: int
    name: str = Field(examples=["云溪社区党群服务中心"])
    category: str = Field(examples=["service"])
    level: str | None
    snap_m: float | None = Field(description="metres from the station to the street it was joined to")


class CircleProperties(Answer):
    """What can be reached on foot from a station."""

    station_id: int
    name: str
    category: str
    minutes: float = Field(examples=[15])
    households: int
    people: int
    reached_m: float = Field(description="metres of street within reach")
    is_straight_line: bool = Field(description="a stand-in, where there is no street network")


class Within(Answer):
    """Households within so many minutes; `share` of all."""

    minutes: float = Field(examples=[15])
    households: int
    share: float | None = Field(default=None, ge=0, le=1)


class LeftOut(Answer):
    """Who is beyond the longest threshold of every station."""

    households: int
    people: int
    buildings: int


class CategoryReach(Answer):
    """Reach of one category of station."""

    key: str = Field(examples=["health"])
    label: str = Field(examples=["卫生服务"])
    stations: int
    within: list[Within]


class CommunityReach(Answer):
    """Who is left out in one community."""

    area_code: str
    name: str
    households: int
    left_out: int


class ReachSummary(Answer):
    """Reach within the asker's scope."""

    minutes: list[float]
    speed_m_per_s: float
    households: int
    people: int
    within: list[Within]
    left_out: LeftOut
    categories: list[CategoryReach]
    communities: list[CommunityReach]


Moment = Annotated[
    datetime | None,
    Field(
        description="a moment, without a zone a local one: gates and stations shut then do not count; "
        "without it all are open"
    ),
]
Key = Annotated[str, Field(max_length=40, pattern=r"^[a-z][a-z0-9_]*$")]
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, examples=[107.7201234])]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, examples=[27.9501234])]
LonLat = tuple[Lon, Lat]


class TriedCircle(Answer):
    """What a station at a place would reach."""

    minutes: float = Field(examples=[15])
    households: int
    people: int
    new_households: int = Field(description="that no station reaches in this time yet")
    straight_households: int = Field(description="what a compass circle of the same time would count")
    radius_m: float = Field(description="of the compass circle")
    reached_m: float = Field(description="metres of street within reach")
    is_straight_line: bool = Field(description="a stand-in: no street is near enough")


class TriedPlace(Answer):
    """A place, and where it joins the streets."""

    lon: float
    lat: float
    snapped: tuple[float, float] | None
    snap_m: float | None
    problem: str | None = Field(description="why it joins no street", examples=["too_far"])


class WalkerAnswer(Answer):
    """How somebody walks."""

    key: str = Field(examples=["elder"])
    speed_m_per_s: float = Field(examples=[0.8])
    uses_steps: bool


class TriedCircles(FeatureCollection[TriedCircle]):
    """The circles of a place, shortest first."""

    place: TriedPlace
    walker: WalkerAnswer


class PocketProperties(Answer):
    """Homes that no station reaches in time, side by side."""

    name: str = Field(examples=["云溪路一带"])
    area_code: str | None
    community: str | None
    kind: str | None = Field(description="of its compound", examples=["urban_village"])
    buildings: int
    households: int
    people: int
    nearest_min: float | None = Field(description="minutes to the nearest station, where they are known")


class Pockets(FeatureCollection[PocketProperties]):
    """Who is left out, most households first; all are counted, the first 500 are listed."""

    pockets: int
    households: int
    people: int
    minutes: float


class SitingAsked(BaseModel):
    """Where the next stations should stand."""

    model_config = ConfigDict(extra="forbid")

    minutes: Annotated[float, Field(gt=0, le=240, examples=[15])]
    count: Annotated[int | None, Field(ge=1, le=50, description="null: the fewest that serve all who can be")] = 1
    category: Key | None = None
    walker: Key | None = None
    at: Moment = None
    candidates: Annotated[list[LonLat], Field(min_length=1, max_length=3000)] | None = None


class SiteProperties(Answer):
    """A site, and what it brings."""

    rank: int
    place: tuple[float, float]
    households: int = Field(description="brought within reach beyond those of the sites before it")
    alone_households: int = Field(description="it would bring alone")
    served: int = Field(description="households within reach after it")
    share: float | None = Field(ge=0, le=1)
    address: str | None
    is_straight_line: bool = Field(description="a stand-in: no street is near enough")


class Sites(FeatureCollection[SiteProperties]):
    """Sites in the order of what they bring; each feature is the ground a site would reach."""

    minutes: float
    stations: int
    is_straight_line: bool = Field(description="some station that stands already counts by a straight line")
    candidates: int = Field(description="that were weighed")
    candidates_given: int = Field(description="that there were: given ones, or the buildings of one's scope")
    spacing_m: float | None = Field(description="candidates were thinned out to one a square of so many metres")
    households: int
    before: int
    after: int
    beyond: int = Field(description="households that no candidate reaches")
    gap_share: float = Field(description="0: proven to be the best; else by how much better the best may be at most")


class NewStation(BaseModel):
    """A station to add."""

    model_config = ConfigDict(extra="forbid")

    lon: Lon
    lat: Lat
    category: Key
    name: Annotated[Line, Field(min_length=1, max_length=80)] | None = None


class ChangesAsked(BaseModel):
    """What would be different."""

    model_config = ConfigDict(extra="forbid")

    stations: Annotated[list[NewStation], Field(max_length=50)] = []
    gates: Annotated[list[LonLat], Field(max_length=50)] = []
    streets: Annotated[list[Annotated[list[LonLat], Field(min_length=2, max_length=200)]], Field(max_length=50)] = []
    closed_at: Annotated[list[LonLat], Field(max_length=50)] = []


class AcceptAsked(ChangesAsked):
    """What is to be different from now on."""

    off_street: Annotated[bool, Field(description="new stations may stand where they join no street")] = False
    seen: Annotated[
        str | None,
        Field(
            max_length=4000, pattern=r"^[0-9:,]+$",
            description="of the trial that was looked at: refused (409) where the ground changed",
        ),
    ] = None  # fmt: skip


class TrialAsked(ChangesAsked):
    """What would be different, and for whom."""

    category: Key | None = None
    walker: Key | None = None
    at: Moment = None


class ChangedBuilding(Answer):
    """A building whose minutes change."""

    before_min: float | None
    after_min: float | None
    households: int


class Compared(Answer):
    """Households within a circle before and after."""

    minutes: float
    households: int
    before: int
    after: int
    gained: int
    lost: int


class TriedStation(Answer):
    """How a new station joins the streets."""

    place: tuple[float, float]
    is_straight_line: bool = Field(description="a stand-in: it joins no street")
    problem: str | None = Field(description="why it joins no street", examples=["too_far"])
    snap_m: float | None = Field(description="metres from the station to where it joins")
    street_m: float | None = Field(description="metres to the nearest walkable street, joined or not")


class TrialAnswer(FeatureCollection[ChangedBuilding]):
    """What changes; nothing is stored."""

    within: list[Compared]
    circles: list[Any]
    closed: list[Any]
    stations: list[TriedStation] = Field(description="the new ones, in the order asked")
    is_straight_line: bool = Field(description="some station that counts does so by a straight line")
    seen: str = Field(description="what this was tried upon: send it along when accepting")


class AcceptedAnswer(Answer):
    """How much was written, and the job that measures reach anew."""

    stations: int
    gates: int
    streets: int
    job_id: int


class CoverWithin(Answer):
    """Who is within a circle, and who is not."""

    minutes: float
    households: int
    people: int
    left_out: int
    share: float | None = Field(ge=0, le=1)


class CoverRow(Answer):
    """A grid, community or street."""

    code: str
    name: str
    bbox: Bbox | None
    households: int
    people: int
    within: list[CoverWithin]


class KindsReached(Answer):
    """Households that reach so many categories of station within the longest circle."""

    kinds: int
    households: int


class ReachCover(Answer):
    """Cover by reach, most left out first."""

    by: Literal["grid", "community", "street"]
    minutes: list[float]
    rows: list[CoverRow]
    kinds: list[KindsReached]


class GridWalk(Answer):
    """Minutes on foot from a grid's centre to the nearest station of each category; null: no way leads there."""

    grid_code: str
    name: str | None
    community: str | None
    bbox: Bbox | None
    minutes: dict[str, float | None]


class GridWalks(Answer):
    """The grids of the asker's scope."""

    grids: list[GridWalk]


class WeakSpot(Answer):
    """A compound of a kind that needs a second look."""

    name: str | None
    kind: str = Field(examples=["urban_village"])
    households: int
    left_out: int
