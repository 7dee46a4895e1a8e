"""Checked: a raw table turned into rows the store takes, and rejects that say why they do not go in.

Every row lands or is rejected: ``rows_in == rows + rejects``, always. A row that fails is rejected
whole, with all its faults told at once, and its original text. Of doubles the first row lands.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from data.profiles import Profile
from data.readers import rules
from data.readers.files import ROW, RawTable
from data.readers.nouns import GIVES_WAY, Noun, header_key, noun
from data.readers.shapes import Fault, shapes_of
from data.readers.values import CellFaultError
from geo.errors import InputError, MissingColumnsError

REASON_HEADER = "错误原因"
GEOMETRY_HEADER = "geometry"


class AmbiguousColumnsError(InputError):
    """Two columns mean the same thing."""

    zh = "{file}中的列 {columns} 都表示 {field}，请只保留一列。"
    en = "In {file} the columns {columns} all mean {field}. Keep one of them."


@dataclass(frozen=True)
class Checked:
    """What became of a file.

    Attributes
    ----------
    rows
        index row_number; those columns of the noun's table that the file speaks of or that are
        filled in for it, so that a second import blanks nothing it says nothing about. People have
        the duty columns role, grid_code, zone_code, unit_code, building, first_on and last_on
        (both days included) as well.
    rejects
        index 0..n-1; row_number, field, reason_zh, reason, original (dict of header to text).
    columns
        The headers of the file, in its order.
    counts
        rows_in, rows, rejects.
    meanings
        Field to the header it was read from.
    """

    noun: str
    rows: gpd.GeoDataFrame | pd.DataFrame
    rejects: pd.DataFrame
    columns: list[str]
    counts: dict[str, int]
    meanings: dict[str, str] = field(default_factory=dict)


def check(
    name: str, raw: RawTable, *, profile: Profile, areas: gpd.GeoDataFrame | None = None,
    chosen: Mapping[str, str] | None = None,
) -> Checked:  # fmt: skip
    """Return the rows of `raw` that can be stored as `name`, and the rejects.

    Parameters
    ----------
    name
        areas, buildings, people, stations or incidents.
    raw
        From `data.readers.files.read_table`.
    profile
        Its categories, tiers, states and household estimate.
    areas
        The areas of the deployment (index area_code; level, polygons). With them, a row without a
        division code takes the community it lies in, and an unknown code is rejected.

    chosen
        Header by field, for fields whose header is not known by its words; overrules what the words suggest.

    Raises
    ------
    MissingColumnsError
        A column that the noun needs, or that was chosen, is not there.
    AmbiguousColumnsError
        Two columns mean the same.
    MissingCrsError
        Coordinates are no degrees and no system is declared.
    """
    wanted = noun(name, profile)
    columns = _columns(raw, wanted, chosen or {})
    shapes = shapes_of(raw, columns, wanted)
    faults: dict[int, list[Fault]] = {row: list(told) for row, told in shapes.faults.items()}
    for row, told in raw.faults.items():
        faults.setdefault(row, []).insert(0, ("", *told))
    records = _records(raw, wanted, columns, faults)
    batch = rules.Batch(records, shapes.geometry, faults, profile, areas)
    rules.RULES[name](batch)
    bad = [row for row in raw.cells.index if faults.get(row)]
    good = [row for row in raw.cells.index if not faults.get(row)]
    unsaid = [item.name for item in wanted.fields if item.name not in columns]
    rows = rules.FRAMES[name](batch, good)
    rows = rows.drop(columns=[*rules.NOT_READ, *(set(unsaid) - rules.FILLED_IN[name])], errors="ignore")
    rows.index = pd.Index(good, name=ROW, dtype="int64")
    return Checked(
        noun=name, rows=rows, rejects=_rejects(raw, bad, faults),
        columns=[*raw.cells.columns] + ([GEOMETRY_HEADER] if raw.geometry is not None else []),
        counts={"rows_in": len(raw.cells), "rows": len(good), "rejects": len(bad)}, meanings=columns,
    )  # fmt: skip


def _columns(raw: RawTable, wanted: Noun, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return field name to header; a header that means nothing here is left alone."""
    known = wanted.headers()
    unknown = [*(set(chosen) - set(known.values())), *(set(chosen.values()) - set(raw.cells.columns))]
    if unknown:
        found_names = ", ".join(map(str, raw.cells.columns))
        raise MissingColumnsError(what=raw.file_name, columns=", ".join(sorted(unknown)), found=found_names)
    found: dict[str, list[str]] = {field: [header] for field, header in chosen.items()}
    for header in raw.cells.columns:
        meaning = known.get(header_key(header))
        if meaning in chosen or header in chosen.values():
            continue
        if meaning is not None:
            found.setdefault(meaning, []).append(header)
    for meaning, headers in found.items():
        plain = [header for header in headers if header_key(header) not in GIVES_WAY]
        found[meaning] = headers = plain or headers
        if len(headers) > 1:
            raise AmbiguousColumnsError(file=raw.file_name, columns=", ".join(headers), field=meaning)
    missing = [item for item in wanted.fields if item.required and item.name not in found]
    if missing:
        names = ", ".join(f"{item.aliases[0]} ({item.name})" for item in missing)
        raise MissingColumnsError(what=raw.file_name, columns=names, found=", ".join(raw.cells.columns))
    return {meaning: headers[0] for meaning, headers in found.items()}


def _records(
    raw: RawTable, wanted: Noun, columns: Mapping[str, str], faults: dict[int, list[Fault]]
) -> dict[int, dict[str, Any]]:
    """Return row_number to parsed values (None where empty), noting what cannot be read."""
    records: dict[int, dict[str, Any]] = {row: {} for row in raw.cells.index}
    for item in wanted.fields:
        texts = raw.cells[columns[item.name]] if item.name in columns else pd.Series("", index=raw.cells.index)
        told: dict[str, Any] = {}
        for row, text in zip(raw.cells.index, texts, strict=True):
            if text not in told:
                told[text] = _read(text, item.parse)
            value = told[text]
            if isinstance(value, CellFaultError):
                faults.setdefault(row, []).append((item.name, value.text("zh"), value.text("en")))
            elif value is None and item.required:
                label = item.aliases[0]
                faults.setdefault(row, []).append((item.name, f"{label}为空", f"{item.name} is empty"))
            records[row][item.name] = None if isinstance(value, CellFaultError) else value
    return records


def _read(text: str, parse: Callable[[str], Any]) -> Any:
    if not text.strip():
        return None
    try:
        return parse(text)
    except CellFaultError as fault:
        return fault


def _rejects(raw: RawTable, bad: list[int], faults: Mapping[int, list[Fault]]) -> pd.DataFrame:
    rows = []
    for row in bad:
        told = list(dict.fromkeys(faults[row]))
        original = dict(zip(raw.cells.columns, raw.cells.loc[row], strict=True))
        if raw.geometry is not None:
            shape = raw.geometry.loc[row]
            original[GEOMETRY_HEADER] = "" if shape is None else shape.wkt
        rows.append(
            {
                ROW: row,
                "field": told[0][0] or None,
                "reason_zh": "；".join(zh for _, zh, _ in told),
                "reason": "; ".join(en for _, _, en in told),
                "original": original,
            }
        )
    frame = pd.DataFrame(rows, columns=[ROW, "field", "reason_zh", "reason", "original"], dtype=object)
    return frame.astype({ROW: "int64"})


def write_rejects(checked: Checked, path: str | Path) -> None:
    """Write the rejected rows as they came, with a column 错误原因: CSV in UTF-8 with a byte order mark.

    Mended there, the file can be handed in again; the reason column is not read back. Rows of a
    GeoJSON or GeoPackage carry their geometry as WKT, in EPSG:4326.
    """
    headers = [header for header in checked.columns if header != REASON_HEADER]
    with Path(path).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*headers, REASON_HEADER])
        for original, reason in zip(checked.rejects["original"], checked.rejects["reason_zh"], strict=True):
            writer.writerow([*(original.get(header, "") for header in headers), reason])
