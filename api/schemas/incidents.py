"""Answers about incidents: within the asker's scope, and without their text."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from api.schemas.base import Answer, Bbox, FeatureCollection, Labelled


class IncidentProperties(Answer):
    """An incident; its text stays in the store."""

    incident_id: int
    category: str = Field(examples=["drain"])
    tier: str | None = Field(examples=["community"])
    state: str = Field(examples=["settled"])
    reported_at: datetime
    closed_at: datetime | None
    due_at: datetime | None = Field(description="when the limit of its tier ends; null: none, or it stands still")
    grid_code: str | None = Field(description="the grid on the day it was reported; null outside one's scope")


class IncidentsPage(FeatureCollection[IncidentProperties]):
    """Incidents in order of id; ask again with ``after`` where `next_after` is given."""

    next_after: int | None = Field(examples=[1040])


class RankedProperties(IncidentProperties):
    """An incident, and how it stands to its limit."""

    standing: Literal["overdue", "soon", "in_time", "parked", "closed"]


class RankedIncidents(FeatureCollection[RankedProperties]):
    """The first of a filter's incidents: overdue longest first, then by limit; closed ones last, newest first."""

    total: int = Field(description="how many the filter leaves in all")


class DayCount(Answer):
    """How many were reported on a day (Asia/Shanghai)."""

    on: date
    count: int


class GridCount(Answer):
    """How many in a grid."""

    grid_code: str
    name: str | None
    count: int
    open: int
    overdue: int
    per_1000_households: float | None
    bbox: Bbox | None


class SettleTimes(Answer):
    """How long settled incidents took, in days of 24 hours."""

    median_days: float | None
    p90_days: float | None = Field(description="nine of ten took no longer")
    up_to_days: list[float] = Field(examples=[[1, 2, 3, 5, 7, 14, 30]])
    counts: list[int] = Field(description="how many took so long, one more than `up_to_days`: the last took longer")


class IncidentSummary(Answer):
    """Counts of what the filter leaves."""

    total: int
    open: int
    soon: int = Field(description="open, and the limit of their tier ends within the profile's soon_hours")
    overdue: int = Field(description="open, and past the time limit of their tier, in working hours")
    parked: int
    returned: int = Field(description="open, and handed back at least once")
    unplaced: int = Field(description="without a place: on no map, in no grid")
    from_: date | None = Field(alias="from", examples=["2026-01-01"])
    to: date | None = Field(examples=["2026-06-30"])
    days: list[DayCount]
    categories: list[Labelled]
    tiers: list[Labelled]
    states: list[Labelled]
    hours: list[list[int]] = Field(description="7 rows from Monday, 24 columns, Asia/Shanghai")
    settled: SettleTimes
    reading: Literal["reported", "now", "on"] = Field(description="by the grid of the day it was reported, of now ...")
    grids: list[GridCount] = Field(description="within one's scope, most first")
    elsewhere: int = Field(description="in no grid within one's scope: with the counts of `grids` it makes `total`")


class ClusterProperties(Answer):
    """Ground where incidents gather."""

    cluster_id: int
    incidents: int
    places: int
    is_one_place: bool
    top_category: str
    first_on: date
    last_on: date
    top_place_share: float | None = Field(default=None, description="of the commonest address")
    is_one_day: bool | None = Field(default=None, description="more than half came on one day: a storm, a burst main")
    top_day_share: float | None = None
    is_one_reporter: bool | None = Field(default=None, description="more than half came from one sender")
    across_m: float | None = Field(default=None, description="diameter of the smallest circle that holds it")


class ClusterParameters(Answer):
    """What "gather" means here."""

    eps_m: float
    min_incidents: int


class Clusters(FeatureCollection[ClusterProperties]):
    """Clusters of what the filter leaves; without a filter, as the last job stored them."""

    parameters: ClusterParameters
    computed_at: datetime | None = Field(description="when a job stored them; null where worked out for this answer")


class Stop(Answer):
    """One colour of the scale, and from how many incidents per square kilometre it stands."""

    value: float
    colour: str = Field(examples=["#fde725"])


class DensityScale(Answer):
    """The fixed scale of one filter: every tile is coloured by it."""

    measure: Literal["count", "rate"]
    bandwidth_m: float
    max_per_km2: float | None = Field(description="of counts")
    mean_per_1000_households: float | None = Field(description="of rates: the rate of all, the middle of the scale")
    is_flat: bool = Field(description="nothing there; of rates: they vary no more than chance lets them")
    stops: list[Stop]


class HotspotProperties(Answer):
    """A cell that stands out."""

    cell: int
    incidents: int
    households: int
    per_1000_households: float | None = Field(description="null where nobody lives")
    z: float | None
    p: float = Field(description="two-sided, normal")
    q: float = Field(description="p, corrected for the number of cells (Benjamini and Hochberg)")
    class_: str = Field(alias="class", examples=["hot_95"], description="hot, cold; hh, ll, hl, lh for Moran; by q")


class HotspotParameters(Answer):
    """What was asked, and of how much."""

    method: Literal["gi_star", "moran"]
    measure: Literal["count", "rate"]
    kind: Literal["square", "hexagon"]
    cell_m: float
    tails: int
    correction: str
    crs: str
    version: str
    cells: int = Field(description="cells in which people live or incidents are")
    incidents: int


class Hotspots(FeatureCollection[HotspotProperties]):
    """Cells whose q is below 0.10, as hexagons or squares."""

    parameters: HotspotParameters


class CircleProperties(Answer):
    """A circle, and at times a span of days, that chance does not explain."""

    place: str = Field(description="the community of the home nearest to its middle")
    observed: int
    expected: float
    relative_risk: float
    log_likelihood_ratio: float
    p: float = Field(description="by rank among the repeats")
    radius_m: float
    first_on: date | None
    last_on: date | None
    sentence: str


class ScanParameters(Answer):
    """How it was scanned."""

    cell_m: float
    radius_max_m: float
    select: Literal["gini", "likely"]
    repeats: int
    seed: int
    unit: Literal["day", "week", "month"] | None
    exposure: str
    p_max: float
    crs: str
    version: str
    incidents: int
    without_homes: int = Field(description="incidents in cells where nobody lives: held against nothing, left out")


class ScannedCircles(FeatureCollection[CircleProperties]):
    """Circles with p of 0.05 or less, the most likely first (Kulldorff)."""

    parameters: ScanParameters


class EmergingProperties(Answer):
    """What a cell has been over time."""

    cell: int
    class_: str = Field(alias="class", examples=["consecutive_hot"])
    hot: int = Field(description="periods in which it was significantly high")
    cold: int
    trend_z: float | None
    trend_p: float | None
    incidents: int
    series: list[int]
    sentence: str | None


class EmergingParameters(Answer):
    """How it was read."""

    cell_m: float
    unit: Literal["day", "week", "month"]
    q_max: float
    trend_p_max: float
    crs: str
    version: str
    periods: int
    incidents: int
    starts: list[date] | None = Field(default=None, description="first day of each period")


class Emerging(FeatureCollection[EmergingProperties]):
    """Cells that are or were hot or cold, in the classes of emerging hot spots."""

    parameters: EmergingParameters


class PublicKind(Answer):
    """How many of a kind."""

    key: str
    label: str
    count: int | None = Field(description="null: below five, or it would give one away")


class PublicCommunity(Answer):
    """How many in a community."""

    area_code: str
    name: str
    count: int | None


class PublicIncidents(Answer):
    """What the public may know: the last twelve whole months."""

    first_on: date
    last_on: date
    least: int = Field(description="no count from 1 to one less than this is told")
    categories: list[PublicKind]
    communities: list[PublicCommunity]
