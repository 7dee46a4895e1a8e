"""People and duties: who answers for what on a day. Row-level security shows only those in scope.

Private numbers leave here through `read_people` alone; what the public may see, through `public_contacts`.
"""

from datetime import date
from typing import cast

import pandas as pd
from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import Range

from data.stores._rows import allot_ids, copy_frame, read_frame, read_named
from data.stores._within import EVERYWHERE, digits_of
from data.tables.people import duties as duties_table
from data.tables.people import people
from geo.frames import require

_DUTY = ["person_id", "area_code", "role", "grid_code", "zone_code", "unit_code", "building_id"]


def read_people(connection: Connection) -> pd.DataFrame:
    """Return people in scope: index person_id; area_code, source_ref, kind, role, name, phone, duty_line."""
    statement = select(people).order_by(people.c.person_id)
    return cast(pd.DataFrame, read_frame(connection, statement, index="person_id", geometry=False))


def find_people(
    connection: Connection,
    *,
    on: date,
    words: str = "",
    role: str | None = None,
    within: str = EVERYWHERE,
    after: int = 0,
    limit: int = 100,
    by_phone: bool = False,
) -> pd.DataFrame:
    """Return people in scope whose name or duty line (`by_phone`: private number too) holds `words`, by id.

    Parameters
    ----------
    role
        Only those there for it, or holding a duty of it on the day.
    after
        Only ids above it: the last of the page before.

    Returns
    -------
    pandas.DataFrame
        index person_id; name, kind, role, area_code, community, phone (private), duty_line, duties (how many they hold
        on the day), is_away.
    """
    asked = {
        "on": on, "words": words.strip(), "role": role, "within": digits_of(within), "after": after, "most": limit,
        "by_phone": by_phone,
    }  # fmt: skip
    return cast(pd.DataFrame, read_named(connection, "people/find", asked, index="person_id", geometry=False))


def add_people(connection: Connection, rows: pd.DataFrame) -> pd.Series:
    """Add people (columns of the table, any index) and return the person_id each was given, by that index."""
    ids = pd.Series(allot_ids(connection, people, len(rows)), index=rows.index, dtype="int64")
    copy_frame(connection, people, rows.set_axis(pd.Index(ids, name="person_id")))
    return ids


def write_duties(connection: Connection, duties: pd.DataFrame) -> int:
    """Add duties and return how many; their ids are given by the database.

    Parameters
    ----------
    duties
        person_id, area_code, role; exactly one of grid_code, zone_code, unit_code, building_id (columns that
        are missing are empty); valid_from (a date), valid_to (a date, excluded, or empty: for good).

    Raises
    ------
    MissingColumnsError, RefusedRowsError
        A column is missing; a duty has no target or two, or ends before it begins.
    """
    require(duties.reset_index(drop=True), "duties", columns=["person_id", "area_code", "role", "valid_from"])
    rows = duties.reindex(columns=_DUTY).reset_index(drop=True)
    ends = duties.get("valid_to", pd.Series(None, index=duties.index, dtype=object))
    days = [
        Range(_day(first), None if pd.isna(last) else _day(last), bounds="[)")
        for first, last in zip(duties["valid_from"], ends, strict=True)
    ]
    return copy_frame(connection, duties_table, rows.assign(valid=pd.Series(days, dtype=object)))


def read_duties(connection: Connection, *, on: date | None) -> pd.DataFrame:
    """Return the duties in scope that hold on a day (None: of all days), without private numbers.

    Returns
    -------
    pandas.DataFrame
        index duty_id; person_id, name, kind, duty_line, area_code, role, grid_code, zone_code, unit_code,
        building_id (Int64), valid_from, valid_to (a date or None), revision. Who answers for them on a day, absences
        heeded, is told by `data.stores.answers`.
    """
    columns = [duties_table.c[name] for name in _DUTY]
    statement = (
        select(
            duties_table.c.duty_id,
            *columns,
            people.c.name,
            people.c.kind,
            people.c.duty_line,
            func.lower(duties_table.c.valid).label("valid_from"),
            func.upper(duties_table.c.valid).label("valid_to"),
            duties_table.c.revision,
        )
        .join(people, people.c.person_id == duties_table.c.person_id)
        .order_by(duties_table.c.duty_id)
    )
    if on is not None:
        statement = statement.where(duties_table.c.valid.contains(on))
    return cast(pd.DataFrame, read_frame(connection, statement, index="duty_id", geometry=False))


def public_contacts(connection: Connection, on: date) -> pd.DataFrame:
    """Return whom the public may call for a grid: index grid_code, each once; name (masked), duty_line or None.

    While a worker is away it is the substitute. The reader's role may ask this, whatever its scope; a grid without a
    row is vacant.
    """
    statement = text("SELECT grid_code, name, duty_line FROM public_contacts(:on) ORDER BY grid_code")
    return cast(pd.DataFrame, read_frame(connection, statement, {"on": on}, index="grid_code", geometry=False))


def public_answers(connection: Connection, on: date) -> dict[tuple[str, str], dict[str, str | None]]:
    """Return whom an answer at a door names on a day: name (masked) and duty_line (or None), by role and code.

    Roles are worker and grid_head, by the code of a grid, and answerable_unit, by that of a zone. While somebody is
    away it is the substitute. The reader's role may ask this, whatever its scope; a grid without a worker is vacant.
    """
    statement = text("SELECT role, code, name, duty_line FROM public_answers(:on)")
    told = read_frame(connection, statement, {"on": on}, index=None, geometry=False)
    columns = (told[name].tolist() for name in ("role", "code", "name", "duty_line"))
    return {
        (role, code): {"name": name, "duty_line": duty_line}
        for role, code, name, duty_line in zip(*columns, strict=True)
    }


def edition(connection: Connection) -> int:
    """Return a number that grows whenever areas, people, their duties or absences change; the reader may ask."""
    return int(connection.scalar(text("SELECT public_people_edition()")) or 0)


def _day(value: object) -> date:
    return pd.Timestamp(str(value)).date()
