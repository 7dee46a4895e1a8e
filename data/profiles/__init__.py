"""Profiles: what a place decides - bands, minutes, words, tiers - each figure with its source.

A place is one TOML file here (or any path), read into a checked, frozen `Profile`. Nothing in
the code knows a band or a threshold.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from data.profiles.board import Board
from data.profiles.casework import IncidentRule, Move, State, Tier, with_tables
from data.profiles.parts import Category, Label, Part
from geo.errors import BadFileError

__all__ = ["Category", "IncidentRule", "Label", "Move", "Profile", "State", "Tier", "Walker", "load_profile", "slugs"]

FOLDER = Path(__file__).parent
Share = Annotated[float, Field(ge=0, le=1)]


class Place(Part):
    """Which place this is, and its levels from top to bottom."""

    name: Label
    code: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    levels: tuple[Label, ...]


Strength = Annotated[float, Field(ge=0, le=100)]


class GridWeights(Part):
    """How strongly each wish counts while grids are drawn: 1 the default, 0 off. See docs/guides/profiles.md."""

    lines: Strength = 1.0
    compact: Strength = 1.0
    even: Strength = 1.0
    compounds: Strength = 1.0
    keep: Strength = 1.0


class GridRule(Part):
    """The size of a grid, of its zones and household units."""

    households_min: Annotated[int, Field(gt=0)]
    households_max: Annotated[int, Field(gt=0)]
    people_min: Annotated[int, Field(gt=0)] | None = None
    people_max: Annotated[int, Field(gt=0)] | None = None
    weights: GridWeights = GridWeights()
    zones_per_grid: Annotated[int, Field(gt=0)]
    unit_households: Annotated[int, Field(gt=0)]
    dedicated_uses: tuple[str, ...]
    dedicated_min_m2: Annotated[float, Field(ge=0)]
    dedicated_footprint_min_m2: Annotated[float, Field(ge=0)]
    is_assumption: bool
    source: str

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.households_min > self.households_max:
            raise ValueError("households_min is above households_max")
        if (self.people_min is None) != (self.people_max is None):
            raise ValueError("people_min and people_max go together: give both or none")
        if self.people_band is not None and self.people_band[0] > self.people_band[1]:
            raise ValueError("people_min is above people_max")
        return self

    @property
    def band(self) -> tuple[int, int]:
        """Lowest and highest households of a grid, both allowed."""
        return self.households_min, self.households_max

    @property
    def people_band(self) -> tuple[int, int] | None:
        """Lowest and highest people of a grid, both allowed; None where people do not count."""
        if self.people_min is None or self.people_max is None:
            return None
        return self.people_min, self.people_max


class Circle(Part):
    """One threshold on foot, what it is called, and which stations carry it: all where no rule is given."""

    minutes: Annotated[float, Field(gt=0)]
    label: Label
    categories: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()

    def is_carried_by(self, category: str, level: str | None) -> bool:
        """Return whether a station of a category and level has this circle."""
        return (not self.categories or category in self.categories) and (not self.levels or level in self.levels)


class Walker(Part):
    """Somebody who walks: how fast, and whether over steps."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    label: Label
    speed_m_per_s: Annotated[float, Field(gt=0, le=3)]
    uses_steps: bool = True


class WalkingRule(Part):
    """How fast people walk and how far from a street a place may lie.

    What is stored is measured at `speed_m_per_s`, over steps; `walkers` are what a page lets one choose. `weak_spots`
    are kinds of compound that a map points out.
    """

    speed_m_per_s: Annotated[float, Field(gt=0, le=3)]
    snap_max_m: Annotated[float, Field(gt=0)]
    circles: tuple[Circle, ...]
    walkers: tuple[Walker, ...] = ()
    weak_spots: tuple[str, ...] = ()
    source: str

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        for what, keys in (("circles", [circle.minutes for circle in self.circles]),
                           ("walkers", [walker.key for walker in self.walkers])):  # fmt: skip
            if len(set(keys)) < len(keys):
                raise ValueError(f"two {what} are the same")
        if not self.circles:
            raise ValueError("circles: at least one is needed")
        return self

    @property
    def usual(self) -> Walker:
        """Whoever the stored circles are measured for."""
        label = Label(zh="成年人", en="Adult")
        return Walker(key="adult", label=label, speed_m_per_s=self.speed_m_per_s)

    @property
    def choices(self) -> tuple[Walker, ...]:
        """The walkers a page lets one choose from; the usual one where the profile names none."""
        return self.walkers or (self.usual,)

    def walker(self, key: str | None) -> Walker | None:
        """Return the walker of a key, the usual one without a key; None: there is no such walker."""
        known = {walker.key: walker for walker in self.choices}
        return self.usual if key is None else known.get(key)


class EstimateRule(Part):
    """Households where the source has none: floors x footprint x residential_share / m2_per_household."""

    m2_per_household: Annotated[float, Field(gt=0)]
    people_per_household: Annotated[float, Field(gt=0)]
    residential_share: Share
    default_floors: Annotated[int, Field(gt=0)]
    house_footprint_max_m2: Annotated[float, Field(gt=0)]
    source: str


class StaffingRule(Part):
    """Who a grid must have."""

    workers_per_grid: Annotated[int, Field(gt=0)]
    source: str


class Public(Part):
    """What the public is told: whom to call where nobody is assigned, and what notice boards say."""

    desk_name: Label
    desk_phone: str
    board: Board = Board()


class Profile(Part):
    """Everything one place decides. See the module docstring."""

    slug: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    place: Place
    grid: GridRule
    walking: WalkingRule
    stations: tuple[Category, ...]
    incidents: IncidentRule
    estimate: EstimateRule
    staffing: StaffingRule
    public: Public
    published: dict[str, int] = Field(default_factory=dict)

    @property
    def minutes(self) -> tuple[float, ...]:
        """Thresholds on foot, shortest first."""
        return tuple(sorted(circle.minutes for circle in self.walking.circles))


def load_profile(name: str) -> Profile:
    """Return the profile of a slug ("demo", "baiyun") or of a path to a TOML file.

    Raises
    ------
    BadFileError
        There is no such file, it is not TOML, or a setting is missing or wrong (named).
    """
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        return Profile.model_validate(with_tables(told, path.parent))
    except FileNotFoundError as error:
        known = ", ".join(slugs())
        raise BadFileError(
            file=path.name, reason="there is no such profile", reason_zh="没有这个配置",
            mend=f"Known profiles: {known}.", mend_zh=f"可用配置：{known}。",
        ) from error  # fmt: skip
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise BadFileError(
            file=path.name, reason=str(error), reason_zh=str(error),
            mend="Mend the settings named above.", mend_zh="请修正上述设置。",
        ) from error  # fmt: skip


def slugs() -> list[str]:
    """Return the slugs of the profiles that ship with the service."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))
