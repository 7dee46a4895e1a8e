"""Pieces: rows written as they come, one piece after the other, into a file of any form, however long.

CSV (also gzipped), Parquet, GeoPackage, GeoJSON and Excel. What has geometry keeps it where the form can hold it; CSV
and Excel get none. Whoever needs all or nothing writes by way of `data.writers.files.write_together`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
import pyproj
import xlsxwriter
from pyarrow import csv

from data.readers.files import PACKED, suffix_of
from data.writers.layer import REFUSALS
from geo.errors import BadFileError

WORKBOOK_ROWS = 1_048_575
DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON"}
SUFFIXES = (".csv", ".csv.gz", ".parquet", ".gpkg", ".geojson", ".xlsx")
MARK = b"\xef\xbb\xbf"  # without it, Excel takes Chinese CSV for another encoding


def can_write(path: Path) -> bool:
    """Return whether a file's name ends in a form that rows can be written in."""
    return path.name.lower().endswith(SUFFIXES)


def write_pieces(
    path: Path, schema: pa.Schema, tables: Iterator[pa.Table], *, geometry: str | None, crs: pyproj.CRS
) -> None:
    """Write tables of one schema, all of them read to their end.

    Parameters
    ----------
    geometry
        Name of the column of WKB; None for none.
    crs
        What it is in.

    Raises
    ------
    BadFileError
        The form cannot hold the rows.
    """
    suffix = suffix_of(path).lower()
    try:
        if suffix in DRIVERS:
            _write_layer(path, schema, tables, geometry=geometry, crs=crs)
        elif suffix == ".parquet":
            _write_parquet(path, schema, tables, geometry=geometry, crs=crs)
        elif suffix == ".xlsx":
            _write_workbook(path, _bare(schema, geometry), tables)
        else:
            _write_text(path, _bare(schema, geometry), tables)
    except (*REFUSALS, pa.ArrowException, RuntimeError) as error:
        raise BadFileError(
            file=path.name, reason=f"this form cannot hold the rows ({error})",
            reason_zh=f"该格式无法保存这些数据（{error}）", mend="Write .csv or .parquet instead.",
            mend_zh="请改用 .csv 或 .parquet。",
        ) from error  # fmt: skip


def _bare(schema: pa.Schema, geometry: str | None) -> list[str]:
    return [name for name in schema.names if name != geometry]


def _write_text(path: Path, names: list[str], tables: Iterator[pa.Table]) -> None:
    packing = "gzip" if path.suffix.lower() == PACKED else None
    with pa.output_stream(str(path), compression=packing) as stream:
        stream.write(MARK)
        writer = None
        for table in tables:
            told = _texts(table.select(names))
            if writer is None:
                writer = csv.CSVWriter(stream, told.schema, write_options=csv.WriteOptions(quoting_style="needed"))
            writer.write_table(told)
        if writer is None:
            stream.write((",".join(names) + "\n").encode())
        else:
            writer.close()


def _texts(table: pa.Table) -> pa.Table:
    """Return a table of columns that CSV can hold: what is nested is JSON, dictionaries are their values."""
    for place, field in enumerate(table.schema):
        column = table.column(place)
        if pa.types.is_dictionary(field.type):
            column = pc.cast(column, field.type.value_type)
        elif pa.types.is_nested(field.type):
            column = pa.chunked_array([pa.array([_json(cell) for cell in column.to_pylist()], type=pa.string())])
        elif pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            column = pa.chunked_array([pa.array([None if cell is None else cell.hex() for cell in column.to_pylist()])])
        else:
            continue
        table = table.set_column(place, field.name, column)
    return table


def _json(cell: object) -> str | None:
    return None if cell is None else json.dumps(cell, ensure_ascii=False, default=str)


def _write_parquet(
    path: Path, schema: pa.Schema, tables: Iterator[pa.Table], *, geometry: str | None, crs: pyproj.CRS
) -> None:
    described = schema.remove_metadata()
    if geometry is not None:
        column: dict[str, Any] = {"encoding": "WKB", "crs": crs.to_json_dict(), "geometry_types": []}
        told = {"version": "1.0.0", "primary_column": geometry, "columns": {geometry: column}}
        described = described.with_metadata({b"geo": json.dumps(told).encode()})
    with pq.ParquetWriter(path, described) as writer:
        for table in tables:
            writer.write_table(table.replace_schema_metadata(described.metadata))


def _write_layer(
    path: Path, schema: pa.Schema, tables: Iterator[pa.Table], *, geometry: str | None, crs: pyproj.CRS
) -> None:
    batches = (batch for table in tables for batch in table.replace_schema_metadata(None).to_batches())
    reader = pa.RecordBatchReader.from_batches(schema.remove_metadata(), batches)
    has_fid = "fid" in map(str.lower, schema.names)
    options = {"FID": "ogc_fid"} if has_fid and path.suffix.lower() == ".gpkg" else {}
    pyogrio.write_arrow(
        reader, path, driver=DRIVERS[path.suffix.lower()], layer="answers", geometry_name=geometry,
        geometry_type="Unknown", crs=crs.to_wkt(), layer_options=options,
    )  # fmt: skip


def _write_workbook(path: Path, names: list[str], tables: Iterator[pa.Table]) -> None:
    """Write one sheet; a text that begins with = is a text."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet("answers")
        sheet.write_row(0, 0, names)
        row = 0
        for table in tables:
            if row + table.num_rows > WORKBOOK_ROWS:
                raise BadFileError(
                    file=path.name, reason=f"a sheet holds {WORKBOOK_ROWS:,} rows at most",
                    reason_zh=f"工作表最多 {WORKBOOK_ROWS:,} 行", mend="Write .csv or .parquet instead.",
                    mend_zh="请改用 .csv 或 .parquet。",
                )  # fmt: skip
            for cells in zip(*(column.to_pylist() for column in _texts(table.select(names)).columns), strict=True):
                row += 1
                for at, cell in enumerate(cells):
                    _write_cell(sheet, row, at, cell)


def _write_cell(sheet: Any, row: int, column: int, cell: object) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, (int, float)) and abs(cell) < 10**15:
        sheet.write_number(row, column, cell)
    else:
        sheet.write_string(row, column, str(cell))
