"""People on duty: who answers for what, who is away; asking for changes, and what they would mean."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.base import Answer, Day, Line
from api.schemas.plans import AreaCode

Id = Annotated[int, Field(ge=1, lt=2**63)]
Revision = Annotated[int, Field(ge=1, lt=2**31, description="of the row that was looked at", examples=[1])]
Role = Literal["worker", "grid_head", "building_head", "unit_head", "answerable_unit", "police", "lawyer"]
Code = Annotated[
    str,
    StringConstraints(pattern=r"^(\d{15}|\d{18}|\d{19}|b[1-9]\d{0,17})$"),
    Field(description="of a grid, zone or household unit; of a building b and its id", examples=["529901001001003"]),
]
Reason = Literal["never", "ended", "away", "substitute_away"]
Problem = Literal["away", "substitute_away"]
Words = Annotated[Line, Field(min_length=1, max_length=200)]
Phone = Annotated[Line, Field(min_length=3, max_length=40)]


class Asked(BaseModel):
    """A request's body; a member that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class PersonAsked(Asked):
    """Somebody new."""

    area_code: AreaCode = Field(description="of their community")
    name: Words
    kind: Literal["person", "organisation"] = "person"
    role: Role | None = None
    phone: Phone | None = Field(default=None, description="private")
    duty_line: Phone | None = Field(default=None, description="the number the public may call")


class PersonMade(Answer):
    """Who was added."""

    person_id: int


class Person(Answer):
    """Somebody, or an organisation, that may answer for something."""

    person_id: int
    name: str
    kind: Literal["person", "organisation"]
    role: str | None = Field(description="what they are there to do")
    area_code: str
    community: str
    phone: str | None = Field(description="private: null for roles that do not need it")
    duty_line: str | None
    duties: int = Field(description="held on the day")
    is_away: bool


class People(Answer):
    """A page of people, by id."""

    people: list[Person]
    next_after: int | None = Field(description="`after` of the next page; null on the last")


class Duty(Answer):
    """Who holds what from day to day."""

    duty_id: int
    revision: int
    role: Role
    code: str
    name: str | None = Field(description="of the target on the day asked about; null where it is not of the plan then")
    from_on: date | None
    to_on: date | None = Field(description="the first day it holds no more; null: for good")


class Substitution(Answer):
    """Who answers for one duty during an absence, where it is somebody else than for the rest."""

    duty_id: int
    substitute_id: int
    substitute: str | None


class Gap(Answer):
    """Days of an absence on which a duty has nobody."""

    duty_id: int
    role: Role
    code: str
    from_on: date
    to_on: date | None
    reason: Problem


class Absence(Answer):
    """Who is away, and who answers meanwhile."""

    absence_id: int
    revision: int
    person_id: int
    name: str
    area_code: str
    from_on: date | None
    to_on: date | None = Field(description="the first day back; null: not known")
    substitute_id: int | None
    substitute: str | None = Field(description="null: nobody, or somebody beyond your area")
    by_duty: list[Substitution]
    reason: str | None = Field(description="private: null for those who do not write it")
    gaps: list[Gap]


class Absences(Answer):
    """Absences that touch the days asked about, the earliest first."""

    absences: list[Absence]


class PersonDetail(Person):
    """Somebody with all duties, past and to come, and absences."""

    held: list[Duty]
    absences: list[Absence]
    stands_in: list[Duty] = Field(description="for others, on the day")


class Standing(Answer):
    """A duty that holds on a day, and who answers for it."""

    duty_id: int
    revision: int
    role: Role
    code: str
    person_id: int
    name: str
    answer_id: int | None
    answer: str | None
    is_substitute: bool
    duty_line: str | None
    problem: Problem | None
    from_on: date | None
    to_on: date | None


class Share(Answer):
    """How many of a grid's parts have somebody."""

    answered: int
    all: int


class GridDuties(Answer):
    """Who answers for a grid."""

    grid_code: str
    name: str
    area_code: str
    community: str
    households: int
    people: int
    reason: Reason | None = Field(description="why it has no worker; null where it has one")
    next_on: date | None = Field(description="when the next worker begins")
    workers: list[Standing]
    heads: list[Standing]
    units: Share = Field(description="household units with a head")
    zones: Share = Field(description="zones with a unit answerable")
    parts: list[Standing] | None = Field(description="duties of its zones and units, where one grid was asked for")


class Duties(Answer):
    """Who answers for grids on a day, those without a worker first."""

    on: date
    grids: list[GridDuties]


class Vacancy(Answer):
    """Something that has nobody, and why."""

    code: str
    name: str | None
    area_code: str
    community: str
    grid_code: str | None
    households: int
    people: int | None
    reason: Reason
    holder: str | None = Field(description="who is away")
    ended_on: date | None
    next_on: date | None


class BareBuilding(Answer):
    """Days on which a building has nobody."""

    building_id: int
    name: str | None
    area_code: str
    households: int
    from_on: date
    to_on: date
    grid_codes: list[str] = Field(description="without somebody then; none where no plan holds")


class Stretch(Answer):
    """Buildings that have nobody on the same days."""

    area_code: str
    grid_codes: list[str]
    from_on: date
    to_on: date
    buildings: int
    households: int


class Vacancies(Answer):
    """What has nobody: on a day, or (buildings) on days between two."""

    role: Role
    on: date | None
    from_on: date | None
    to_on: date | None
    households: int
    vacancies: list[Vacancy] = Field(description="on the day, most households first")
    buildings: int = Field(description="that have nobody on one of the days")
    stretches: list[Stretch]
    bare: list[BareBuilding] = Field(description="at most 500")


class Load(Answer):
    """What somebody answers for; what several answer for is shared."""

    person_id: int
    name: str
    kind: str
    area_code: str
    targets: int
    stands_in: int = Field(description="of them for somebody who is away")
    households: float
    people: float | None
    codes: list[str]


class Loads(Answer):
    """Loads of a role on a day, the heaviest first."""

    on: date
    role: Role
    mean_households: float | None
    norm: tuple[int, int] | None = Field(description="households by the place's profile; null where it says nothing")
    loads: list[Load]


class GridRound(Answer):
    """A walk past every building of a grid and back."""

    grid_code: str
    name: str
    households: int
    buildings: int
    length_m: float
    walk_min: float = Field(description="at the profile's speed, without a stop")
    least_m: float = Field(description="no such walk is shorter")
    straight: int = Field(description="buildings no street joins, walked to in a straight line")
    order: list[int] = Field(description="building ids as they are passed")


class Rounds(Answer):
    """Walking rounds of an area's grids, the longest first."""

    on: date
    speed_m_per_s: float
    rounds: list[GridRound]


class Seen(Asked):
    """A duty as it was looked at."""

    duty_id: Id
    revision: Revision


class Trial(Asked):
    """A change, or only what it would mean."""

    is_trial: bool = Field(default=False, description="tell what it would mean, write nothing")


class DutyAsked(Trial):
    """A duty to begin."""

    person_id: Id
    role: Role
    code: Code
    from_on: Day
    to_on: Day | None = Field(default=None, description="the first day it holds no more")


class EndAsked(Trial):
    """Duties to end."""

    duties: list[Seen] = Field(min_length=1, max_length=500)
    on: Day = Field(description="the first day they hold no more")


class HandOverAsked(EndAsked):
    """Duties to hand over: they end on the day that the new ones begin."""

    to_person_id: Id


class Part(Answer):
    """How much of one role changes hands."""

    role: Role
    targets: int
    households: int
    people: int | None


class Named(Answer):
    """Somebody by name."""

    person_id: int
    name: str


class Consequences(Answer):
    """What a change of duties means on its day."""

    on: date
    is_trial: bool
    gives: list[Named]
    takes: Named | None
    is_away: bool = Field(description="who takes over is away on that day")
    parts: list[Part]
    vacant: list[Vacancy] = Field(description="what has nobody that day that would have had somebody")
    filled: int = Field(description="how many vacancies that day it fills")
    households_before: float | None = Field(description="of who takes over, in the roles concerned")
    households_after: float | None
    duty_ids: list[int] = Field(description="of the new duties; none of a trial")


class ByDuty(Asked):
    """Who answers for one duty, where it is somebody else than for the rest."""

    duty_id: Id
    substitute_id: Id


class AbsenceAsked(Trial):
    """Somebody away."""

    person_id: Id
    from_on: Day
    to_on: Day | None = Field(default=None, description="the first day back; null: not known yet")
    substitute_id: Id | None = None
    by_duty: list[ByDuty] = Field(default=[], max_length=200)
    reason: Words | None = Field(default=None, description="private")


class AbsenceChanged(AbsenceAsked):
    """An absence as it should be, upon the revision that was looked at."""

    revision: Revision


class AbsenceMade(Answer):
    """An absence, and which duties have nobody meanwhile."""

    absence_id: int | None = Field(description="null of a trial")
    is_trial: bool
    duties: int = Field(description="that somebody else answers for, or nobody")
    gaps: list[Gap]
