"""Answers about stations and who is within reach of them on foot."""

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import Answer


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
