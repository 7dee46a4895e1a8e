"""Casework: what a place decides about incidents - kinds, tiers, states, moves, time limits, office hours.

Kinds and limits stand in tables, each in force from its day on: an incident is of a kind of the table of the day it was
reported, and stays so. A table is written into the profile, or lies beside it as CSV (columns key, code, zh, en, group,
colour, and one `limit_<tier>` in working hours for each tier that has one).
"""

import csv
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from data.profiles.parts import Category, Label, Part
from geo.codes import LEVEL_DIGITS
from geo.errors import BadFileError
from geo.working_time import ALWAYS, WorkingCalendar

COLOURS = (
    "#b5342b", "#1b7a8c", "#8a5a9e", "#d98a1f", "#3f7d3a", "#5c6bb0", "#6b5b4b", "#c2588a", "#4d4d4d", "#7f9c1e",
)  # fmt: skip
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Hours = Annotated[float, Field(gt=0)]


class Kind(Category):
    """A kind of incident: its code in the table it comes from, its group, and the limits it has of its own."""

    code: str | None = None
    group: Label | None = None
    limits: dict[str, Hours] = Field(default_factory=dict)


class KindTable(Part):
    """Kinds in force from a day on, and where they come from."""

    valid_from: date
    source: str
    file: str | None = None
    categories: tuple[Kind, ...]

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        _require_apart("categories", [kind.key for kind in self.categories])
        return self


class Tier(Part):
    """A level an incident can stand at, lowest first; `level`: the lowest area whose accounts may act there."""

    key: Key
    label: Label
    limit_hours: Hours | None = None
    level: Literal["community", "street", "county"] | None = None

    def may_act(self, scope: str) -> bool:
        """Return whether an account of a scope may act on an incident that stands here."""
        return scope == "*" or self.level is None or len(scope) <= LEVEL_DIGITS[self.level]


class State(Part):
    """A state of an incident; the clock ends at closed ones and stands still at parked ones (挂账)."""

    key: Key
    label: Label
    is_closed: bool = False
    is_parked: bool = False
    is_returned: bool = False


class Move(Part):
    """What can be done with an incident: from which states to which, and one tier up or down."""

    key: Key
    label: Label
    from_states: tuple[str, ...]
    to_state: str
    tier: Literal["stay", "up", "down"] = "stay"
    asks_reason: bool = False

    @property
    def needs_reason(self) -> bool:
        """Whether a reason must be given: always where the tier changes."""
        return self.asks_reason or self.tier != "stay"


class Office(Part):
    """When limits run: days of the week (1 Monday) and spans of the day, as "08:30-12:00"."""

    days: tuple[Annotated[int, Field(ge=1, le=7)], ...]
    hours: tuple[Annotated[str, Field(pattern=CLOCK)], ...]

    def calendar(self, off: frozenset[date] = frozenset(), on: frozenset[date] = frozenset()) -> WorkingCalendar:
        """Return the working calendar, with holidays and days worked instead."""
        spans = tuple((_minute(start), _minute(end)) for start, end in (told.split("-") for told in self.hours))
        week = tuple(spans if day in self.days else () for day in range(1, 8))
        return WorkingCalendar(week=week, days_off=off, days_on=on)


class IncidentRule(Part):
    """Kinds, tiers, states and moves of incidents, and how clusters, density and duplicates are read."""

    tables: tuple[KindTable, ...]
    tiers: tuple[Tier, ...]
    states: tuple[State, ...]
    moves: tuple[Move, ...] = ()
    office: Office | None = None
    soon_hours: Hours = 8
    duplicate_m: Annotated[float, Field(gt=0)] = 50
    duplicate_hours: Hours = 72
    cluster_eps_m: Annotated[float, Field(gt=0)]
    cluster_min_incidents: Annotated[int, Field(gt=1)]
    density_bandwidth_m: Annotated[float, Field(gt=0)]
    cell_m: Annotated[float, Field(gt=0)] = 150
    scan_radius_max_m: Annotated[float, Field(gt=0)] = 1000
    source: str

    @model_validator(mode="before")
    @classmethod
    def _one_table(cls, told: Any) -> Any:
        """Take kinds without tables as one table that was always in force."""
        if isinstance(told, dict) and "categories" in told and "tables" not in told:
            rest = {name: value for name, value in told.items() if name != "categories"}
            table = {"valid_from": date.min, "source": told.get("source", ""), "categories": told["categories"]}
            return {**rest, "tables": [table]}
        return told

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for what, items in (("tiers", self.tiers), ("states", self.states), ("moves", self.moves)):
            _require_apart(what, [item.key for item in items])
        if not self.tables or not self.tiers or all(state.is_closed for state in self.states):
            raise ValueError("a table of kinds, a tier and an open state are needed")
        if [table.valid_from for table in self.tables] != sorted({table.valid_from for table in self.tables}):
            raise ValueError("tables: each must be in force from a later day than the one before it")
        states, tiers = {state.key for state in self.states}, {tier.key for tier in self.tiers}
        for move in self.moves:
            if unknown := {*move.from_states, move.to_state} - states:
                raise ValueError(f"move {move.key}: there is no state {', '.join(sorted(unknown))}")
        for kind in (kind for table in self.tables for kind in table.categories):
            if unknown := set(kind.limits) - tiers:
                raise ValueError(f"kind {kind.key}: there is no tier {', '.join(sorted(unknown))}")
        _ = self.calendar()
        return self

    @property
    def categories(self) -> tuple[Kind, ...]:
        """Every kind that is or was in force, as the newest table that has it tells it; today's come first."""
        known: dict[str, Kind] = {}
        for table in reversed(self.tables):
            for kind in table.categories:
                known.setdefault(kind.key, kind)
        return tuple(known.values())

    def kinds_on(self, day: date) -> tuple[Kind, ...]:
        """Return the kinds in force on a day; before the first table, those of the first."""
        held = [table for table in self.tables if table.valid_from <= day]
        return (held[-1] if held else self.tables[0]).categories

    def limit_hours(self, category: str, tier: str | None, day: date) -> float | None:
        """Return the working hours that an incident of a kind, reported on a day, has at a tier; None: no limit."""
        kind = next((kind for kind in self.kinds_on(day) if kind.key == category), None)
        usual = next((known.limit_hours for known in self.tiers if known.key == tier), None)
        return kind.limits.get(tier or "", usual) if kind else usual

    def calendar(self, off: frozenset[date] = frozenset(), on: frozenset[date] = frozenset()) -> WorkingCalendar:
        """Return when limits run; at every hour where the place names no office hours."""
        return self.office.calendar(off, on) if self.office else ALWAYS

    def tier(self, key: str | None) -> Tier:
        """Return the tier of a key, the lowest where it is none of ours."""
        return next((tier for tier in self.tiers if tier.key == key), self.tiers[0])

    def state(self, key: str) -> State | None:
        """Return the state of a key."""
        return next((state for state in self.states if state.key == key), None)

    @property
    def first_state(self) -> State:
        """The state of what has just been reported."""
        return next(state for state in self.states if not state.is_closed)

    @property
    def closed_state(self) -> State | None:
        """The state of what is done, where there is one."""
        return next((state for state in self.states if state.is_closed), None)

    def moves_from(self, state: str, tier: str | None) -> tuple[Move, ...]:
        """Return what can be done with an incident in a state at a tier: up only where there is a tier above."""
        place = self.tiers.index(self.tier(tier))
        room = {"stay": True, "up": place + 1 < len(self.tiers), "down": place > 0}
        return tuple(move for move in self.moves if state in move.from_states and room[move.tier])

    def tier_after(self, move: Move, tier: str | None) -> Tier:
        """Return the tier at which an incident stands after a move: the same, or the one next to it."""
        place = self.tiers.index(self.tier(tier)) + {"stay": 0, "up": 1, "down": -1}[move.tier]
        return self.tiers[min(max(place, 0), len(self.tiers) - 1)]


def read_kinds(path: Path) -> list[dict[str, Any]]:
    """Return the kinds of a CSV table beside a profile.

    Raises
    ------
    BadFileError
        The file cannot be read, or has not the columns key, zh and en.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _bad_table(path, f"it cannot be read ({error})", f"无法读取（{error}）") from error
    if not rows or not {"key", "zh", "en"} <= set(rows[0]):
        raise _bad_table(path, "it needs the columns key, zh and en", "缺少列 key、zh、en")
    return [_kind(row, number) for number, row in enumerate(rows)]


def _kind(row: dict[str, str], number: int) -> dict[str, Any]:
    group = row.get("group")
    limits = {name.removeprefix("limit_"): value for name, value in row.items() if name.startswith("limit_") and value}
    return {
        "key": row["key"], "label": {"zh": row["zh"], "en": row["en"]}, "code": row.get("code") or None,
        "colour": row.get("colour") or COLOURS[number % len(COLOURS)],
        "group": {"zh": group, "en": row.get("group_en") or group} if group else None, "limits": limits,
    }  # fmt: skip


def with_tables(told: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a profile's text with the kinds of tables that lie beside it.

    Raises
    ------
    BadFileError
        A table cannot be read.
    """
    incidents = told.get("incidents")
    if not isinstance(incidents, dict) or not isinstance(incidents.get("tables"), list):
        return told
    tables = [
        {**table, "categories": read_kinds(folder / table["file"])}
        if isinstance(table, dict) and "file" in table
        else table
        for table in incidents["tables"]
    ]
    return {**told, "incidents": {**incidents, "tables": tables}}


def _bad_table(path: Path, reason: str, reason_zh: str) -> BadFileError:
    return BadFileError(
        file=path.name, reason=reason, reason_zh=reason_zh,
        mend="See docs/guides/profiles.md.", mend_zh="见 docs/guides/profiles.md。",
    )  # fmt: skip


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _require_apart(what: str, keys: list[str]) -> None:
    if len(set(keys)) < len(keys):
        raise ValueError(f"two {what} are the same")
