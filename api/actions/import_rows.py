"""Import rows: a file's good rows into their table, its rejected rows beside their reasons, all or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine

from api.actions.start_incidents import restart_clocks, start_incidents
from data.calendar import today
from data.casework import reporter_digest
from data.postgis.engine import reading, transaction
from data.profiles import Profile
from data.readers.checked import Checked, check
from data.readers.files import RawTable
from data.readers.rules import DUTY_COLUMNS, DUTY_TARGETS
from data.stores import areas as area_store
from data.stores import grids as grid_store
from data.stores import ground
from data.stores import imports as import_store
from data.stores import people as people_store

UNKNOWN_ZH, UNKNOWN = "没有{value}，请先建立或改正编号", "there is no {value}; make it first, or mend the code"


@dataclass(frozen=True)
class Imported:
    """What became of a file; `import_id` is None for a dry run."""

    checked: Checked
    import_id: int | None


def import_rows(
    engine: Engine, *, noun: str, raw: RawTable, profile: Profile, actor: str, commit: bool = False,
    columns: Mapping[str, str] | None = None,
) -> Imported:  # fmt: skip
    """Check a file against what the database holds and, with `commit`, store it in one transaction.

    Rows whose source_ref (areas: code) is known change what is there. People may bring a duty each. `columns`
    names the header of a field where it is not the one that its words suggest.

    Raises
    ------
    InputError
        The file as a whole cannot be used; single rows are rejected instead, with their reasons.
    """
    with reading(engine) as connection:
        areas = area_store.read_areas(connection)
        checked = check(noun, raw, profile=profile, areas=areas, chosen=columns)
        if noun == "people":
            checked = _refuse_unknown_targets(connection, checked, raw)
    if not commit:
        return Imported(checked, None)
    source = {
        "file_name": raw.file_name, "file_sha256": raw.sha256, "crs": str(raw.crs or ""), "datum": raw.datum,
        "encoding": raw.encoding, "rows_in": checked.counts["rows_in"], "rows_stored": checked.counts["rows"],
    }  # fmt: skip
    with transaction(engine, actor=actor, action="import_rows") as connection:
        if noun == "people":
            return Imported(checked, _store_people(connection, checked, source))
        rows = _homed(connection, checked.rows) if noun == "incidents" else checked.rows
        import_id = import_store.write_import(connection, noun, rows, checked.rejects, source)
        if noun == "incidents":
            start_incidents(connection, profile)
        if noun == "holidays":
            restart_clocks(connection, profile)
        return Imported(checked, import_id)


def _homed(connection: Connection, rows: Any) -> Any:
    """Return incidents of which those in no community belong to the whole, and who reported them as digests."""
    areas = area_store.read_areas(connection)
    whole = areas.index[areas["parent_code"].isna()].min()
    homed = rows.assign(area_code=rows["area_code"].where(rows["area_code"].notna(), whole))
    if "contact" not in homed:
        return homed
    return homed.assign(reporter=[reporter_digest(None if pd.isna(told) else told) for told in homed["contact"]])


def _refuse_unknown_targets(connection: Connection, checked: Checked, raw: RawTable) -> Checked:
    """Move people whose duty points at nothing we know to the rejects."""
    known = {
        "grid_code": set(grid_store.read_codes(connection, "grid_code")),
        "zone_code": set(grid_store.read_codes(connection, "zone_code")),
        "unit_code": set(grid_store.read_codes(connection, "unit_code")),
        "building": set(ground.read_buildings(connection)["source_ref"].dropna()),
    }
    faults: list[dict[str, Any]] = []
    for row, targets in checked.rows.reindex(columns=DUTY_TARGETS).to_dict("index").items():
        unknown = [name for name in DUTY_TARGETS if pd.notna(targets[name]) and targets[name] not in known[name]]
        if unknown:
            value = targets[unknown[0]]
            original = raw.cells.loc[[row]].iloc[0].to_dict()
            reasons = {"reason_zh": UNKNOWN_ZH.format(value=value), "reason": UNKNOWN.format(value=value)}
            faults.append({"row_number": row, "field": unknown[0], **reasons, "original": original})
    if not faults:
        return checked
    rejects = pd.concat([checked.rejects, pd.DataFrame(faults)], ignore_index=True).sort_values("row_number")
    rows = checked.rows.drop(index=sorted({fault["row_number"] for fault in faults}))
    counts = {**checked.counts, "rows": len(rows), "rejects": checked.counts["rows_in"] - len(rows)}
    return replace(checked, rows=rows, rejects=rejects.reset_index(drop=True), counts=counts)


def _store_people(connection: Connection, checked: Checked, source: dict[str, Any]) -> int:
    """Store people, then the duties they brought; a person without a number is known by file and row.

    A person of several rows has a duty in each; who they are is taken from the first.
    """
    rows = checked.rows.reindex(columns=[*checked.rows.columns.union([*DUTY_COLUMNS, "source_ref"], sort=False)])
    stand_in = source["file_sha256"][:12] + ":" + rows.index.astype(str)
    rows["source_ref"] = rows["source_ref"].where(rows["source_ref"].notna(), pd.Series(stand_in, index=rows.index))
    kept = rows.drop(columns=[name for name in DUTY_COLUMNS if name != "role"]).drop_duplicates("source_ref")
    import_id = import_store.write_import(connection, "people", kept, checked.rejects, source)
    duties = _duties(connection, rows)
    people_store.write_duties(connection, duties)
    return import_id


def _duties(connection: Connection, rows: pd.DataFrame) -> pd.DataFrame:
    """The duties that people rows bring and nobody has written yet."""
    people = people_store.read_people(connection).reset_index().set_index("source_ref")
    buildings = ground.read_buildings(connection).reset_index().set_index("source_ref")["building_id"]
    bring = rows[rows[list(DUTY_TARGETS)].notna().any(axis=1)]
    duties = pd.DataFrame(
        {
            "person_id": bring["source_ref"].map(people["person_id"]),
            "area_code": bring["area_code"],
            "role": bring["role"],
            **{name: bring[name] for name in ("grid_code", "zone_code", "unit_code")},
            "building_id": bring["building"].map(buildings).astype("Int64"),
            "valid_from": bring["first_on"].where(bring["first_on"].notna(), today()),
            # A file gives the last day somebody serves; the store wants the first day they do not.
            "valid_to": bring["last_on"].map(lambda day: None if pd.isna(day) else day + pd.Timedelta(days=1)),
        }
    )
    return duties[_are_new(duties, bring["first_on"], people_store.read_duties(connection, on=None))]


def _are_new(duties: pd.DataFrame, told: pd.Series, held: pd.DataFrame) -> list[bool]:
    """Whether each duty is held on none of its days yet; one without a first day told, on no day at all."""
    spans: dict[tuple[str, ...], list[tuple[date, date]]] = {}
    for key, first, last in zip(_keys(held), held["valid_from"], held["valid_to"], strict=True):
        spans.setdefault(key, []).append((first, last or date.max))
    new = []
    rows = zip(_keys(duties), duties["valid_from"], duties["valid_to"], told.isna(), strict=True)
    for key, first, last, untold in rows:
        begun, ended = pd.Timestamp(first).date(), date.max if pd.isna(last) else pd.Timestamp(last).date()
        known = spans.setdefault(key, [])
        new.append(not (known if untold else any(begun < end and start < ended for start, end in known)))
        if new[-1]:
            known.append((begun, ended))
    return new


def _keys(duties: pd.DataFrame) -> list[tuple[str, ...]]:
    """Who answers for what, as text that compares across frames."""
    columns = ["person_id", "role", "grid_code", "zone_code", "unit_code", "building_id"]
    parts = [duties[name].astype(object).where(duties[name].notna(), "").astype(str) for name in columns]
    return list(zip(*parts, strict=True))
