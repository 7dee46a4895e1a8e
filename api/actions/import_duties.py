"""Import duties: a list of people on duty as offices keep it - who, for what, from when to when, who is away.

Every row lands or is rejected with its reason. Persons are found or made; a duty or leave that is there already is
left as it is, one that overlaps another is rejected.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine

from api.actions.import_rows import Imported
from api.duty_register import People, Person, Register, Target, UnclearError
from data.calendar import today
from data.postgis.engine import reading, transaction
from data.profiles import Profile
from data.readers.checked import Checked, check
from data.readers.files import RawTable
from data.stores import areas as area_store
from data.stores import duties as duty_store
from data.stores import grids as grid_store
from data.stores import ground
from data.stores import imports as import_store
from data.stores import people as people_store
from data.tables.people import TARGETS

Span = tuple[date, date | None]  # the last excluded, None for good
ROLE_OF = (("buildings", "building_head"), ("unit_codes", "unit_head"), ("units", "unit_head"),
           ("zone_codes", "answerable_unit"), ("zones", "answerable_unit"))  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One row understood: who, the duties it brings, and the leave."""

    row: int
    words: Mapping[str, Any]
    person: Person
    duties: tuple[tuple[str, Target, Span], ...]
    leave: Span | None


def import_duties(
    engine: Engine, *, raw: RawTable, profile: Profile, actor: str, commit: bool = False,
    columns: Mapping[str, str] | None = None,
) -> Imported:  # fmt: skip
    """Check a list of people on duty against what the database holds and, with `commit`, store it in one transaction.

    Raises
    ------
    InputError
        The file as a whole cannot be used; single rows are rejected instead, with their reasons.
    """
    with reading(engine) as conn:
        areas = area_store.read_areas(conn)
        checked = check("duties", raw, profile=profile, areas=areas, chosen=columns)
        reader = _Reader(conn, areas)
    entries, faults = reader.read(checked.rows)
    checked = _without(checked, faults, raw)
    if not commit:
        return Imported(checked, None)
    source = {
        "file_name": raw.file_name, "file_sha256": raw.sha256, "encoding": raw.encoding,
        "rows_in": checked.counts["rows_in"], "rows_stored": checked.counts["rows"],
    }  # fmt: skip
    with transaction(engine, actor=actor, action="import_duties") as conn:
        import_id = import_store.keep_import(conn, "duties", len(entries), checked.rejects, source)
        _store(conn, entries, reader)
    return Imported(checked, import_id)


class _Reader:
    """Rows on their way to entries, beside what is kept."""

    def __init__(self, conn: Connection, areas: Any) -> None:
        codes = {name: grid_store.read_codes(conn, name) for name in ("grid_code", "zone_code", "unit_code")}
        self.register = Register(
            areas=areas, grids=grid_store.read_published(conn, today()),
            zones=grid_store.read_published_zones(conn, today()), units=codes["unit_code"],
            buildings=ground.read_buildings(conn), codes=[*codes["grid_code"], *codes["zone_code"]],
        )  # fmt: skip
        self.kept = people_store.read_people(conn)
        self.kept_duties, self.kept_absences = people_store.read_duties(conn, on=None), duty_store.read_absences(conn)

    def read(self, rows: pd.DataFrame) -> tuple[list[Entry], dict[int, UnclearError]]:
        """Return the rows that can land, and why the others cannot.

        Rows lean on each other - a substitute may be new in another row - so it begins anew without the bad ones.
        """
        faults: dict[int, UnclearError] = {}
        while True:
            self._begin()
            entries, bad = [], {}
            for row, words in zip(rows.index, rows.to_dict("records"), strict=True):
                if row in faults:
                    continue
                try:
                    entries.append(self._entry(int(row), {str(name): value for name, value in words.items()}))
                except UnclearError as fault:
                    bad[int(row)] = fault
            bad |= self._without_substitute(entries)
            if not bad:
                return entries, faults
            faults |= bad

    def _begin(self) -> None:
        """Take up what is kept."""
        self.people = People(self.kept)
        self.held: dict[tuple[Any, ...], list[Span]] = {}
        for row in self.kept_duties.to_dict("records"):
            column = next(name for name in TARGETS if pd.notna(row[name]))
            key = (int(row["person_id"]), row["role"], column, row[column])
            self.held.setdefault(key, []).append((row["valid_from"], row["valid_to"]))
        self.away: dict[Any, list[Span]] = {}
        for one in self.kept_absences.to_dict("records"):
            self.away.setdefault(int(one["person_id"]), []).append((one["away_from"], one["away_to"]))

    def _entry(self, row: int, words: dict[str, Any]) -> Entry:
        words = {name: None if _is_missing(value) else value for name, value in words.items()}
        within = self.register.community(words)
        span = _span(words["first_on"] or today(), words["last_on"])
        targets = [(role, one) for role in _roles(words) for one in self.register.targets(role, words, within)]
        area = within or (targets[0][1].area_code if targets else "")
        person = self.people.of(words, area)
        if person is None and not area:
            raise UnclearError("community", "没有社区，也没有任职对象", "it tells neither a community nor a duty")
        made = person or Person(words["name"], words["phone"] or words["telephone"], area, words["source_ref"], row=row)
        duties = [(role, one, span) for role, one in targets if not self._has(made, role, one, span, words)]
        leave = _span(words["leave_from"], words["leave_to"]) if words["leave_from"] else None
        if leave and not _is_new(self.away.get(_key(made), []), leave, "leave_from"):
            leave = None
        if person is None:
            self.people.add(made)
        for role, one, days in duties:
            self.held.setdefault((_key(made), role, one.column, one.key), []).append(days)
        if leave:
            self.away.setdefault(_key(made), []).append(leave)
        return Entry(row, words, made, tuple(duties), leave)

    def _has(self, person: Person, role: str, target: Target, span: Span, words: Mapping[str, Any]) -> bool:
        held = self.held.get((_key(person), role, target.column, target.key), [])
        if words["first_on"] is None and any(first <= span[0] and (last or date.max) > span[0] for first, last in held):
            return True  # a row without a first day is there already when the duty is held
        return not _is_new(held, span, "first_on")

    def _without_substitute(self, entries: list[Entry]) -> dict[int, UnclearError]:
        """Return the rows whose substitute is nobody."""
        faults = {}
        for entry in entries:
            if entry.leave and entry.words["substitute"]:
                try:
                    self.substitute(entry)
                except UnclearError as fault:
                    faults[entry.row] = fault
        return faults

    def substitute(self, entry: Entry) -> Person:
        """Return who stands in during the leave of a row."""
        return self.people.substitute(entry.words["substitute"], entry.person.area_code, of=entry.person)


def _roles(words: Mapping[str, Any]) -> tuple[str, ...]:
    """The posts a row tells, or the one that what it names implies; a grid alone implies none."""
    if words["roles"]:
        return tuple(words["roles"])
    implied = next((role for name, role in ROLE_OF if words[name]), None)
    if implied is None and (words["grids"] or words["grid_codes"]):
        raise UnclearError("roles", "有网格但没有岗位", "it names a grid, but no post")
    return (implied,) if implied else ()


def _is_missing(value: Any) -> bool:
    return value is None or (not isinstance(value, tuple) and bool(pd.isna(value)))


def _span(first: date, last: date | None) -> Span:
    """Days as the store counts them: a list tells the last day that somebody serves."""
    return first, None if last is None else last + timedelta(days=1)


def _is_new(known: list[Span], span: Span, field_name: str) -> bool:
    """Return whether days are told for the first time: False where they lie in ones that are there.

    Raises
    ------
    UnclearError
        They overlap some.
    """
    first, last = span[0], span[1] or date.max
    for begun, ended in known:
        if begun <= first and last <= (ended or date.max):
            return False
        if begun < last and first < (ended or date.max):
            until = f"至 {ended - timedelta(days=1)}" if ended else "起"
            raise UnclearError(
                field_name, f"与已有的日期重叠（{begun} {until}）", f"the days overlap others (from {begun})"
            )
    return True


def _key(person: Person) -> Any:
    return person.person_id if person.person_id is not None else ("new", person.row)


def _without(checked: Checked, faults: Mapping[int, UnclearError], raw: RawTable) -> Checked:
    """Move rows to the rejects."""
    if not faults:
        return checked
    found = [
        {"row_number": row, "field": fault.field_name, "reason_zh": fault.text("zh"), "reason": fault.text("en"),
         "original": raw.cells.loc[[row]].iloc[0].to_dict()}
        for row, fault in faults.items()
    ]  # fmt: skip
    rejects = pd.concat([checked.rejects, pd.DataFrame(found)], ignore_index=True).sort_values("row_number")
    rows = checked.rows.drop(index=sorted(faults))
    counts = {**checked.counts, "rows": len(rows), "rejects": checked.counts["rows_in"] - len(rows)}
    return replace(checked, rows=rows, rejects=rejects.reset_index(drop=True), counts=counts)


def _store(conn: Connection, entries: list[Entry], reader: _Reader) -> None:
    ids = _persons(conn, entries)
    duties = [
        {"person_id": ids[_key(entry.person)], "area_code": one.area_code, "role": role, one.column: one.key,
         "valid_from": days[0], "valid_to": days[1]}
        for entry in entries for role, one, days in entry.duties
    ]  # fmt: skip
    if duties:
        frame = pd.DataFrame(duties).reindex(
            columns=["person_id", "area_code", "role", *TARGETS, "valid_from", "valid_to"]
        )
        people_store.write_duties(conn, frame.astype({"building_id": "Int64"}))
    for entry in entries:
        if entry.leave:
            other = reader.substitute(entry) if entry.words["substitute"] else None
            values = {
                "person_id": ids[_key(entry.person)], "area_code": entry.person.area_code,
                "away": duty_store.days_of(*entry.leave), "reason": entry.words["reason"],
                "substitute_id": None if other is None else ids[_key(other)],
            }  # fmt: skip
            duty_store.write_absence(conn, values)


def _persons(conn: Connection, entries: list[Entry]) -> dict[Any, int]:
    """Add who is new and return every person's id."""
    new = {entry.person: entry for entry in reversed(entries) if entry.person.person_id is None}
    ids: dict[Any, int] = {}
    if new:
        rows = [
            {"area_code": person.area_code, "source_ref": person.source_ref, "name": person.name,
             "phone": person.phone, "duty_line": entry.words["duty_line"],
             "role": next(iter(_roles(entry.words)), None),
             "kind": "organisation" if "answerable_unit" in _roles(entry.words) else "person"}
            for person, entry in new.items()
        ]  # fmt: skip
        given = people_store.add_people(conn, pd.DataFrame(rows))
        ids = {_key(person): int(person_id) for person, person_id in zip(new, given, strict=True)}
    kept = people_store.read_people(conn).index
    return {**{int(person_id): int(person_id) for person_id in kept}, **ids}
