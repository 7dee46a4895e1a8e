"""Files: CSV, Excel, GeoJSON and GeoPackage as text, cell by cell as it was written.

Nothing is interpreted here beyond what the format itself says: cells are text ("" where empty),
codes keep their digits, geometry (GeoJSON, GeoPackage) is in EPSG:4326. Blank rows are no rows.
Encodings: a byte order mark decides, else strict UTF-8, else GB18030 (which holds GBK).
Row numbers count as a person does: in tables the header is row 1 (or wherever it stands), in
GeoJSON and GeoPackage the first feature is 1.
"""

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from data.readers.layers import read_geojson, read_geopackage
from data.readers.sheets import UNPACKED_MAX_BYTES, Sheet, read_csv, read_workbook
from geo.crs import to_degrees
from geo.datums import to_wgs84
from geo.errors import BadFileError, MissingCrsError, WrongCrsError
from geo.frames import WGS84, coordinates_in_range

# What people call the two systems they meet most.
CRS_NAMES = {"wgs84": "EPSG:4326", "wgs 84": "EPSG:4326", "cgcs2000": "EPSG:4490"}
SHIFTED = ("gcj02", "bd09")
ROW = "row_number"
FAR_FROM_DEGREES = 360.0
PACKED, TEXTS = ".gz", (".csv", ".tsv", ".txt")


@dataclass(frozen=True)
class RawTable:
    """What a file says, before anyone asked whether it makes sense.

    Attributes
    ----------
    cells
        index row_number; one object column of text a header.
    geometry
        EPSG:4326, index as `cells`, None where a feature has none; None for tables.
    crs
        what lon and lat cells are in, as declared by the caller; None is degrees.
    datum
        gcj02 or bd09 where the caller declared shifted degrees; `geometry` is already back.
    faults
        row_number to (reason_zh, reason): rows the format itself already spoiled.
    """

    cells: pd.DataFrame
    geometry: gpd.GeoSeries | None
    crs: pyproj.CRS | None
    file_name: str
    form: str
    encoding: str | None
    sha256: str
    faults: dict[int, tuple[str, str]] = field(default_factory=dict)
    datum: str | None = None


def read_table(path: str | Path, *, sheet: str | None = None, crs: str | None = None) -> RawTable:
    """Return the rows of a .csv, .tsv, .txt, .xlsx, .xls, .geojson, .json or .gpkg file; of text, gzipped too.

    Parameters
    ----------
    sheet
        The sheet of a workbook (else the first) or the layer of a GeoPackage (needed if it has several).
    crs
        The coordinate system of the file, such as "EPSG:4490", or "gcj02" or "bd09" for shifted
        degrees (`geo.datums`); overrules what the file says.

    Raises
    ------
    BadFileError
        The file is missing, empty, of no known form, damaged, or has no header.
    MissingCrsError
        A layer does not say its system, or its coordinates cannot be degrees.
    WrongCrsError
        `crs` names no known system.
    """
    path = Path(path)
    declared, datum = declared_crs(crs)
    data = unpacked(path)
    form = suffix_of(path).lower().lstrip(".")
    if form not in FORMS:
        raise BadFileError(
            file=path.name, reason=f"files of the kind .{form} are not read", reason_zh=f"不支持 .{form} 文件",
            mend=f"Use one of: {', '.join(FORMS)}.", mend_zh=f"请使用：{'、'.join(FORMS)}。",
        )  # fmt: skip
    found = FORMS[form](path, data, sheet)
    index = pd.Index(found.row_numbers, name=ROW, dtype="int64")
    cells = pd.DataFrame(found.rows, index=index, columns=found.headers, dtype=object)
    return RawTable(
        cells=cells.map(storable).astype(object),
        geometry=None if found.shapes is None else _in_degrees(found, index, declared, path.name, datum=datum),
        crs=declared, datum=datum, file_name=path.name, form=form, encoding=found.encoding,
        sha256=hashlib.sha256(data).hexdigest(), faults=found.faults,
    )  # fmt: skip


FORMS: dict[str, Callable[[Path, bytes, str | None], Sheet]] = {
    "csv": read_csv, "tsv": read_csv, "txt": read_csv,
    "xlsx": read_workbook, "xls": read_workbook,
    "geojson": read_geojson, "json": read_geojson, "gpkg": read_geopackage,
}  # fmt: skip


def declared_crs(crs: str | None) -> tuple[pyproj.CRS | None, str | None]:
    """Return the system and the datum that a person named, (None, None) for nobody."""
    if crs is None:
        return None, None
    told = crs.strip().lower().replace("-", "")
    if told in SHIFTED:
        return WGS84, told
    try:
        return pyproj.CRS.from_user_input(CRS_NAMES.get(told, crs)), None
    except pyproj.exceptions.CRSError as error:
        raise WrongCrsError(what="--crs", found=crs, wanted="EPSG:4326, EPSG:4490, gcj02, bd09 ...") from error


def suffix_of(path: Path) -> str:
    """Return the suffix that tells a file's form: that of the text in a gzipped one."""
    inner = Path(path.stem).suffix
    return inner if path.suffix.lower() == PACKED and inner.lower() in TEXTS else path.suffix


def unpacked(path: Path) -> bytes:
    """Return what is in a file, unpacked where it is gzipped.

    Raises
    ------
    BadFileError
        It cannot be opened, is no whole gzip file, is empty, or more than a gigabyte.
    """
    try:
        data = path.read_bytes()
        if path.suffix.lower() == PACKED:
            with gzip.open(io.BytesIO(data)) as packed:
                data = packed.read(UNPACKED_MAX_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadFileError(
            file=path.name, reason=f"it is no whole gzip file ({error})", reason_zh=f"gzip 文件已损坏（{error}）",
            mend="Copy it again, or unpack it first.", mend_zh="请重新复制，或先解压。",
        ) from error  # fmt: skip
    except OSError as error:
        raise BadFileError(
            file=path.name, reason=f"it cannot be opened ({error.strerror})", reason_zh=f"无法打开（{error.strerror}）",
            mend="Check the path and the right to read it.", mend_zh="请检查路径和读取权限。",
        ) from error  # fmt: skip
    if len(data) > UNPACKED_MAX_BYTES or not data.strip():
        empty = len(data) <= UNPACKED_MAX_BYTES
        raise BadFileError(
            file=path.name, reason="the file is empty" if empty else "it is more than 1 GB when unpacked",
            reason_zh="文件是空的" if empty else "解压后超过 1 GB", mend="Export it again." if empty else "Split it.",
            mend_zh="请重新导出。" if empty else "请拆分后再试。",
        )  # fmt: skip
    return data


def storable(text: str) -> str:
    """Return text without NUL and lone surrogates, which no database keeps; both become U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return "".join("\ufffd" if letter == "\0" or "\ud800" <= letter <= "\udfff" else letter for letter in text)


def _in_degrees(
    found: Sheet, index: pd.Index, declared: pyproj.CRS | None, name: str, *, datum: str | None
) -> gpd.GeoSeries:
    crs = declared or found.crs
    if crs is None:
        raise MissingCrsError(what=name)
    shapes = gpd.GeoSeries(found.shapes, index=index, crs=crs).force_2d()
    if declared is None and found.crs == WGS84 and not _could_be_degrees(shapes):
        raise MissingCrsError(what=name)
    return unshifted(to_degrees(shapes) if crs != WGS84 else shapes.set_crs(WGS84, allow_override=True), datum)


def unshifted(shapes: gpd.GeoSeries, datum: str | None) -> gpd.GeoSeries:
    """Return shapes given in a shifted datum in EPSG:4326; what is no place on earth stays as it is."""
    if datum is None:
        return shapes

    def move(points: np.ndarray) -> np.ndarray:
        moved = points.copy()
        places = np.isfinite(points).all(axis=1) & (np.abs(points) <= (180, 90)).all(axis=1)
        moved[places] = np.column_stack(to_wgs84(points[places, 0], points[places, 1], datum=datum))
        return moved

    return gpd.GeoSeries(shapely.transform(shapes.to_numpy(), move), index=shapes.index, crs=WGS84)


def _could_be_degrees(shapes: gpd.GeoSeries) -> bool:
    there = shapes[shapes.notna() & ~shapes.is_empty]
    if len(there) == 0 or coordinates_in_range(gpd.GeoDataFrame(geometry=there)):
        return True
    return bool((there.bounds.abs().max(axis=1) <= FAR_FROM_DEGREES).mean() >= 0.5)
