"""Pieces: a file of places, however long, piece by piece: its columns as they came, and where each row lies.

Tables (CSV of any delimiter and encoding, gzipped too, Excel, Parquet) have columns of longitude and latitude; layers
(GeoPackage, GeoJSON, Shapefile, GeoParquet) have geometry, of which polygons stand for a point inside. Workbooks are
read whole, as they cannot be long; all else never is.
"""

import codecs
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely
from pyarrow import csv

from data.readers.coordinates import numbers
from data.readers.datum_headings import headed_datum, place_key
from data.readers.files import FORMS, PACKED, TEXTS, declared_crs, storable, suffix_of
from data.readers.layer import DRIVERS, NAMELESS, PARQUETS, PLACES, crs_told, damaged, layer_of
from data.readers.layers import shapes_of
from data.readers.nouns import LAT, LON, header_key
from data.readers.sheets import BOMS, LOST_DIGITS, Sheet, delimiter_of, read_csv
from geo.crs import transformer
from geo.datums import to_wgs84
from geo.edges import Floats
from geo.errors import BadFileError, EmptyFrameError, MissingColumnsError, MissingCrsError
from geo.frames import WGS84

WORKBOOKS = (".xlsx", ".xls")
SUFFIXES = (*TEXTS, *(f"{suffix}{PACKED}" for suffix in TEXTS), *WORKBOOKS, *DRIVERS, *PARQUETS)
PIECE_ROWS, BLOCK_BYTES, HEAD_BYTES = 131_072, 1 << 24, 1 << 16
ACCURACY = ("accuracy_m", "accuracy", "horizontal_accuracy", "精度", "定位精度", "水平精度", "误差", "定位误差")
ACCURACY_MAX_M = 5000.0
FAR_FROM_DEGREES = 360.0
NO_PLACE = ("没有坐标", "it has no coordinates")
NO_NUMBER = ("坐标不是数字", "its coordinates are no numbers")
OFF_EARTH = ("坐标超出范围（经纬度是否颠倒？）", "its coordinates are out of range (swapped?)")
NO_RADIUS = ("精度不是 0 到 5000 米的数", "its accuracy is no number of metres from 0 to 5000")
WRONG_WIDTH = ("单元格数与列名数不同", "it has more or fewer cells than there are columns")


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows of a file.

    Attributes
    ----------
    table
        Their columns as they came, geometry too.
    lon, lat
        (n,) degrees, WGS 84; nan where there is a fault.
    accuracy_m
        (n,) metres.
    fault
        (n,) number of a reason in `REASONS`, 0 for a good row.
    """

    table: pa.Table
    lon: Floats
    lat: Floats
    accuracy_m: Floats
    fault: np.ndarray


REASONS = (("", ""), NO_PLACE, NO_NUMBER, OFF_EARTH, NO_RADIUS)


@dataclass
class Pieces:
    """An open file of places.

    Attributes
    ----------
    schema
        Of the pieces' tables.
    geometry
        Name of the geometry column; None for a table.
    crs, datum
        What its coordinates are in.
    columns
        Those of longitude and latitude; empty for a layer.
    torn
        Rows that could not be parted into columns, so far: number (or None) and text.
    headed
        The datum that the columns' own headings name, where nobody said another.
    """

    path: Path
    schema: pa.Schema
    geometry: str | None
    crs: pyproj.CRS
    datum: str | None
    tables: Iterator[pa.Table]
    columns: tuple[str, ...] = ()
    accuracy: str | float = 0.0
    torn: list[tuple[int | None, str]] = field(default_factory=list)
    headed: str | None = None

    def __iter__(self) -> Iterator[Piece]:
        """Read on."""
        checked = False
        try:
            for table in self.tables:
                x, y, fault = self._coordinates(table)
                if not checked:
                    self._refuse_metres(x, y)
                    checked = True
                lon, lat, fault = self._degrees(x, y, fault)
                accuracy_m, fault = self._accuracies(table, fault)
                yield Piece(table, lon, lat, accuracy_m, fault)
        except (pa.ArrowException, OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
            raise damaged(self.path, error) from error

    def _coordinates(self, table: pa.Table) -> tuple[Floats, Floats, np.ndarray]:
        if self.geometry is None:
            (x, no_x), (y, no_y) = (numbers(table.column(name)) for name in self.columns)
            fault = np.where(no_x | no_y, 1, np.where(np.isnan(x) | np.isnan(y), 2, 0))
            return x, y, fault
        shapes = np.array(shapes_of(table.column(self.geometry).to_pylist()), dtype=object)
        there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        points = shapes.copy()
        is_ground = there & (shapely.get_type_id(shapes) != 0)
        points[is_ground] = shapely.point_on_surface(shapes[is_ground])
        return shapely.get_x(points), shapely.get_y(points), np.where(there, 0, 1)

    def _refuse_metres(self, x: Floats, y: Floats) -> None:
        far = np.maximum(np.abs(x), np.abs(y)) > FAR_FROM_DEGREES
        if self.crs.is_geographic and len(far) and far.sum() >= 0.5 * max(np.isfinite(x).sum(), 1):
            raise MissingCrsError(what=self.path.name)

    def _degrees(self, x: Floats, y: Floats, fault: np.ndarray) -> tuple[Floats, Floats, np.ndarray]:
        """Return longitudes and latitudes, WGS 84, and what is no place on earth marked."""
        good = fault == 0
        lon, lat = np.full(len(x), np.nan), np.full(len(x), np.nan)
        lon[good], lat[good] = x[good], y[good]
        if not (self.crs.is_geographic and self.crs.to_epsg() in (4326, 4490)):
            away = transformer(self.crs, WGS84)
            lon[good], lat[good] = away.transform(x[good], y[good])
        off = good & ~((np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0))
        lon[off], lat[off] = np.nan, np.nan
        good &= ~off
        if self.datum is not None:
            lon[good], lat[good] = to_wgs84(lon[good], lat[good], datum=self.datum)
        return lon, lat, np.where(off, 3, fault)

    def _accuracies(self, table: pa.Table, fault: np.ndarray) -> tuple[Floats, np.ndarray]:
        """Return the accuracy of each row; an empty cell is 0."""
        if isinstance(self.accuracy, float):
            return np.full(len(fault), self.accuracy), fault
        found, is_empty = numbers(table.column(self.accuracy))
        found = np.where(is_empty, 0.0, found)
        bad = ~((found >= 0) & (found <= ACCURACY_MAX_M))
        return np.where(bad, 0.0, found), np.where(bad & (fault == 0), 4, fault)


@contextmanager
def open_pieces(
    path: str | Path, *, layer: str | None = None, crs: str | None = None, lon: str | None = None,
    lat: str | None = None, accuracy: str | float | None = None,
) -> Iterator[Pieces]:  # fmt: skip
    """Open a file of places.

    Parameters
    ----------
    layer
        Which layer, or sheet of a workbook.
    crs
        The coordinate system, such as "EPSG:4490", or "gcj02" or "bd09" for shifted degrees; overrules the file's.
    lon, lat
        Columns of a table; None for those that are called so.
    accuracy
        Metres for every row, or the column that has them; None for one that is called so, else 0.

    Raises
    ------
    BadFileError, EmptyFrameError, MissingColumnsError, MissingCrsError, WrongCrsError
        The file cannot be read, has no rows, or does not say where its rows lie. Damage further down is found when
        that piece is read.
    """
    path = Path(path)
    suffix = path.suffix.lower() if path.suffix.lower() in (*DRIVERS, *PARQUETS) else suffix_of(path).lower()
    if suffix not in SUFFIXES:
        raise BadFileError(
            file=path.name, reason=f"files of the kind {suffix or '(none)'} are not read here",
            reason_zh=f"此处不支持 {suffix or '（无后缀）'} 文件", mend=f"Use one of: {', '.join(SUFFIXES)}.",
            mend_zh=f"请使用：{'、'.join(SUFFIXES)}。",
        )  # fmt: skip
    if not path.is_file():
        raise BadFileError(
            file=path.name, reason="there is no such file", reason_zh="没有这个文件",
            mend="Check its name and folder.", mend_zh="请检查文件名和所在文件夹。",
        )  # fmt: skip
    declared, datum = declared_crs(crs)
    opener: Callable[..., Any] = (
        _open_text if suffix in TEXTS else _open_workbook if suffix in WORKBOOKS
        else _open_parquet if suffix in PARQUETS else _open_layer
    )  # fmt: skip
    try:
        with opener(path, layer) as (schema, geometry, told, tables, torn):
            found = declared or told
            if found is None:
                raise MissingCrsError(what=path.name)
            names = [name for name in schema.names if name != geometry]
            columns = () if geometry is not None else _place_columns(path, names, lon, lat)
            headed = headed_datum(path, columns, declared, datum)
            radius = _accuracy_of(path, names, accuracy)
            yield Pieces(path, schema, geometry, found, headed or datum, tables, columns, radius, torn, headed)
    except (pa.ArrowException, OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise damaged(path, error) from error


Opened = tuple[pa.Schema, str | None, pyproj.CRS | None, Iterator[pa.Table], list[tuple[int | None, str]]]


@contextmanager
def _open_text(path: Path, layer: str | None) -> Iterator[Opened]:
    del layer
    encoding, head = _encoding_of(path), _head_of(path)
    text = head.decode(encoding, errors="ignore").removeprefix("\ufeff")
    whole = text[: text.rfind("\n")] if len(head) >= HEAD_BYTES and "\n" in text else text
    first = whole.split("\n", 1)[0].strip().lower()
    sheet = read_csv(path, whole.encode(), None)
    if not sheet.rows:
        raise EmptyFrameError(what=path.name, mend="")
    names = [storable(name) for name in sheet.headers]
    torn: list[tuple[int | None, str]] = []

    def tear(row: Any) -> str:
        torn.append((row.number, row.text))
        return "skip"

    with pa.input_stream(str(path), compression="gzip" if path.suffix.lower() == PACKED else None) as stream:
        reader = csv.open_csv(
            stream,
            read_options=csv.ReadOptions(
                column_names=names, skip_rows=sheet.row_numbers[0] - 1, block_size=BLOCK_BYTES,
                encoding="utf8" if encoding == "utf-8-sig" else encoding,
            ),
            parse_options=csv.ParseOptions(
                delimiter=first[4:5] if first.startswith("sep=") else delimiter_of(whole) or ",",
                newlines_in_values=True, invalid_row_handler=tear,
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )  # fmt: skip
        yield reader.schema, None, WGS84, _filled(reader), torn


@contextmanager
def _bytes_of(path: Path) -> Iterator[Any]:
    with gzip.open(path) if path.suffix.lower() == PACKED else path.open("rb") as stream:
        yield stream


def _head_of(path: Path) -> bytes:
    with _bytes_of(path) as stream:
        head: bytes = stream.read(HEAD_BYTES)
    if not head.strip():
        raise BadFileError(
            file=path.name, reason="the file is empty", reason_zh="文件是空的",
            mend="Export it again.", mend_zh="请重新导出。",
        )  # fmt: skip
    return head


def _encoding_of(path: Path) -> str:
    """Return what a text is in: a mark tells, else UTF-8 where all of it is, else GB18030."""
    with _bytes_of(path) as stream:
        start = stream.read(BLOCK_BYTES)
        marked = next((known for bom, known in BOMS if start.startswith(bom)), None)
        if marked:
            return marked
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while start:
                decoder.decode(start)
                start = stream.read(BLOCK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8"


def _filled(reader: Any) -> Iterator[pa.Table]:
    """Yield tables without rows in which nothing stands."""
    for batch in reader:
        table = pa.Table.from_batches([batch])
        is_filled = pc.not_equal(pc.utf8_trim_whitespace(table.column(0)), "")
        for column in table.columns[1:]:
            if pc.all(is_filled).as_py():
                break
            is_filled = pc.or_(is_filled, pc.not_equal(pc.utf8_trim_whitespace(column), ""))
        table = table if pc.all(is_filled).as_py() else table.filter(is_filled)
        if table.num_rows:
            yield table


@contextmanager
def _open_workbook(path: Path, layer: str | None) -> Iterator[Opened]:
    sheet: Sheet = FORMS[suffix_of(path).lower().lstrip(".")](path, path.read_bytes(), layer)
    if not sheet.rows:
        raise EmptyFrameError(what=path.name, mend="")
    spoiled = {row for row, why in sheet.faults.items() if why != LOST_DIGITS}
    kept = [row for at, row in zip(sheet.row_numbers, sheet.rows, strict=True) if at not in spoiled]
    torn: list[tuple[int | None, str]] = [
        (at, "|".join(row)) for at, row in zip(sheet.row_numbers, sheet.rows, strict=True) if at in spoiled
    ]
    columns = list(zip(*kept, strict=True)) or [()] * len(sheet.headers)
    table = pa.table({
        storable(name): pa.array([storable(cell) for cell in column], type=pa.string())
        for name, column in zip(sheet.headers, columns, strict=True)
    })  # fmt: skip
    parts = (table.slice(at, PIECE_ROWS) for at in range(0, table.num_rows, PIECE_ROWS))
    yield table.schema, None, WGS84, parts, torn


@contextmanager
def _open_parquet(path: Path, layer: str | None) -> Iterator[Opened]:
    del layer
    with pq.ParquetFile(path) as file:
        if file.metadata.num_rows == 0:
            raise EmptyFrameError(what=path.name, mend="")
        schema = file.schema_arrow
        told = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
        geometry, crs = told.get("primary_column"), WGS84
        column = told.get("columns", {}).get(geometry, {})
        if column.get("crs") is not None:
            crs = pyproj.CRS.from_user_input(column["crs"])
        if geometry is not None and column.get("encoding") != "WKB":
            raise BadFileError(
                file=path.name, reason="its geometry is not WKB", reason_zh="几何不是 WKB 编码",
                mend="Write it as GeoParquet 1.0.", mend_zh="请另存为 GeoParquet 1.0。",
            )  # fmt: skip
        tables = (pa.Table.from_batches([batch]) for batch in file.iter_batches(PIECE_ROWS))
        yield schema, geometry, crs, tables, []


@contextmanager
def _open_layer(path: Path, layer: str | None) -> Iterator[Opened]:
    try:
        name = layer or layer_of(path, PLACES)
        with pyogrio.open_arrow(path, layer=name, use_pyarrow=True, batch_size=PIECE_ROWS) as (meta, reader):
            geometry = meta.get("geometry_name") or NAMELESS
            tables = (pa.Table.from_batches([batch]) for batch in reader if batch.num_rows)
            yield reader.schema, geometry, crs_told(meta.get("crs")), tables, []
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FieldError) as error:
        raise damaged(path, error) from error


def _place_columns(path: Path, names: list[str], lon: str | None, lat: str | None) -> tuple[str, str]:
    """Return the columns of longitude and latitude: those named, else those called so."""
    known = {place_key(name): name for name in reversed(names)} | {header_key(name): name for name in reversed(names)}
    found = []
    for wanted, words in ((lon, LON), (lat, LAT)):
        if wanted is not None and wanted not in names:
            raise MissingColumnsError(what=path.name, columns=wanted, found=", ".join(names))
        told = wanted or next((known[key] for key in map(header_key, words) if key in known), None)
        if told is None:
            raise BadFileError(
                file=path.name, reason="it has no columns of longitude and latitude", reason_zh="没有经度、纬度列",
                mend=f"Call them lon and lat, or pass --lon and --lat. Columns: {', '.join(names)}.",
                mend_zh=f"请命名为 lon 和 lat（或 经度、纬度），或用 --lon、--lat 指定。现有列：{'、'.join(names)}。",
            )  # fmt: skip
        found.append(told)
    return found[0], found[1]


def _accuracy_of(path: Path, names: list[str], accuracy: str | float | None) -> str | float:
    if isinstance(accuracy, float):
        return accuracy
    if accuracy is not None and accuracy not in names:
        raise MissingColumnsError(what=path.name, columns=accuracy, found=", ".join(names))
    known = {header_key(name): name for name in reversed(names)}
    return accuracy or next((known[key] for key in map(header_key, ACCURACY) if key in known), 0.0)
