"""Look up a file: who answers for each of its rows, however many: the same rows with the answers beside them.

Read, asked and written piece by piece, so that ten million rows need no more memory than a hundred thousand. Written
whole or not at all. Rows whose place cannot be used lie in a file of their own, with the reason.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from pyarrow import csv

from api.actions import Progress
from api.actions.look_up_many import Found, Ground, find_many
from api.reach_analysis import Source
from data.readers.files import suffix_of
from data.readers.pieces import REASONS, WRONG_WIDTH, Piece, Pieces, open_pieces
from data.readers.places import free_name
from data.writers.files import write_together
from data.writers.pieces import DRIVERS, write_pieces
from geo.errors import EmptyFrameError
from geo.frames import WGS84

COLUMNS = ("answer", "certain", "grid_code", "grid_name", "worker", "duty_line", "zone", "grid_codes")
AS_GIVEN = "_input"
ROW, REASON, REASON_ZH, TEXT = "row", "reason", "reason_zh", "text"
ROWS_SHOWN = 1_000_000  # of a file whose length nobody knows, the bar is half full here


@dataclass(frozen=True)
class FileQuestion:
    """Which file, and where in it places stand; see `data.readers.pieces.open_pieces`."""

    file: Source
    lon: str | None = None
    lat: str | None = None
    accuracy: str | float | None = None


@dataclass
class Tally:
    """What became of the rows."""

    rows: int = 0
    answered: int = 0
    certain: int = 0
    by_answer: Counter[str] = field(default_factory=Counter)
    by_reason: Counter[str] = field(default_factory=Counter)

    def told(self) -> dict[str, Any]:
        """Return it as a summary: every row is answered or rejected."""
        return {
            "rows": self.rows, "answered": self.answered, "rejected": self.rows - self.answered,
            "certain": self.certain, "by_answer": dict(self.by_answer), "by_reason": dict(self.by_reason),
        }  # fmt: skip


def look_up_file(
    question: FileQuestion, ground: Ground, *, out: Path, rejects: Path, progress: Progress
) -> dict[str, Any]:
    """Write `out`, and `rejects` where a row could not be used, and return a summary.

    Returns
    -------
    dict
        rows, answered, rejected, certain, by_answer, by_reason (in English): numbers of rows; columns: what was taken
        for longitude, latitude and accuracy; headed: the shifted datum their headings name, None for none.

    Raises
    ------
    BadFileError, EmptyFrameError, MissingColumnsError, MissingCrsError, WrongCrsError
        The file cannot be read, or the answers cannot be written; then nothing is.
    """
    tally = Tally()
    taken: dict[str, Any] = {}

    def write(path: Path) -> None:
        with open_pieces(
            question.file.path, layer=question.file.layer, crs=question.file.crs, lon=question.lon, lat=question.lat,
            accuracy=question.accuracy,
        ) as pieces:  # fmt: skip
            taken.update(columns=list(pieces.columns), accuracy=pieces.accuracy, headed=pieces.headed)
            sheet = _Answers(pieces, ground, path, rejects.name, tally, progress=progress)
            write_pieces(path, sheet.schema, sheet.tables(), geometry=sheet.geometry, crs=sheet.crs)
            sheet.close()

    write_together({out: write})
    if tally.rows == tally.answered:
        rejects.unlink(missing_ok=True)  # of an earlier time
    progress(1.0, f"{tally.rows:,}")
    return {**tally.told(), **taken}


class _Answers:
    """The tables of answers of a file's pieces, and the file of rejected rows beside them."""

    def __init__(
        self, pieces: Pieces, ground: Ground, out: Path, rejects: str, tally: Tally, *, progress: Progress
    ) -> None:
        self.pieces, self.ground, self.tally, self.progress = pieces, ground, tally, progress
        self.rejects = out.parent / rejects
        self.names = _names(pieces.schema, pieces.geometry)
        # Rows of a table become points where the form is one of maps.
        self.is_drawn = pieces.geometry is None and suffix_of(out).lower() in DRIVERS
        self.geometry = free_name("geometry", [*self.names, *COLUMNS]) if self.is_drawn else pieces.geometry
        self.crs = pieces.crs if pieces.geometry is not None and pieces.datum is None else WGS84
        kept = [field.with_name(name) for name, field in zip(self.names, pieces.schema, strict=True)]
        made = [pa.field(name, pa.bool_() if name == "certain" else pa.string()) for name in COLUMNS]
        own = [pa.field(str(self.geometry), pa.binary())] if self.is_drawn else []
        self.schema = pa.schema([*kept, *made, *own])
        self._writer: csv.CSVWriter | None = None
        self._texts = {name: _text_column(ground, name) for name in ("grid_code", "name", "worker", "duty_line")}

    def tables(self) -> Iterator[pa.Table]:
        """Yield the answers of each piece."""
        for piece in self.pieces:
            good = piece.fault == 0
            self._reject(piece, ~good)
            self.tally.rows += len(good)
            if good.any():
                yield self._answered(piece, good)
            share = self.tally.rows / (self.tally.rows + ROWS_SHOWN)
            self.progress(share, f"{self.tally.rows:,}")
        self._reject_torn()
        if not self.tally.rows:
            raise EmptyFrameError(what=self.pieces.path.name, mend="")

    def close(self) -> None:
        """Finish the file of rejected rows."""
        if self._writer is not None:
            self._writer.close()

    def _answered(self, piece: Piece, good: np.ndarray) -> pa.Table:
        lon, lat = piece.lon[good], piece.lat[good]
        found = find_many(self.ground, lon, lat, piece.accuracy_m[good])
        table = piece.table if good.all() else piece.table.filter(pa.array(good))
        table = table.rename_columns(self.names)
        if self.pieces.geometry is not None and self.pieces.datum is not None:
            place = self.names.index(self.pieces.geometry)
            table = table.set_column(place, self.schema.field(place), _points(lon, lat))
        columns = self._columns(found)
        for name in COLUMNS:
            table = table.append_column(self.schema.field(name), columns[name])
        if self.is_drawn:
            table = table.append_column(self.schema.field(str(self.geometry)), _points(lon, lat))
        self.tally.answered += len(lon)
        self.tally.certain += int(found.certain.sum())
        names, counts = np.unique(found.answer.astype(str), return_counts=True)
        self.tally.by_answer.update(dict(zip(names.tolist(), counts.tolist(), strict=True)))
        return table.cast(self.schema) if table.schema != self.schema else table

    def _columns(self, found: Found) -> dict[str, pa.Array]:
        grid = pa.array(found.grid, mask=found.grid < 0)
        zones = self.ground.zone_names
        codes = self._texts["grid_code"].take(grid)
        return {
            "answer": pa.array(found.answer, type=pa.string()), "certain": pa.array(found.certain),
            "grid_code": codes, "grid_name": self._texts["name"].take(grid),
            "worker": self._texts["worker"].take(grid), "duty_line": self._texts["duty_line"].take(grid),
            "zone": pa.nulls(len(found.zone), pa.string()) if zones is None
            else pa.array(zones, type=pa.string()).take(pa.array(found.zone, mask=found.zone < 0)),
            "grid_codes": self._all_codes(found, codes),
        }  # fmt: skip

    def _all_codes(self, found: Found, codes: pa.Array) -> pa.Array:
        """Return the codes of all grids a point may be in, with ; between them."""
        several = np.flatnonzero(found.touched.counts > 1)
        if not len(several):
            return codes
        known = self.ground.grids["grid_code"].to_numpy(object)
        starts, places = found.touched.starts, found.touched.places
        told = codes.to_numpy(zero_copy_only=False).astype(object)
        for at in several.tolist():
            told[at] = ";".join(map(str, known[places[starts[at] : starts[at + 1]]]))
        return pa.array(told, type=pa.string())

    def _reject(self, piece: Piece, bad: np.ndarray) -> None:
        if not bad.any():
            return
        at = np.flatnonzero(bad)
        rows = piece.table.filter(pa.array(bad))
        names = [name for name in rows.column_names if name != self.pieces.geometry]
        texts = [["" if cell is None else str(cell) for cell in rows.column(name).to_pylist()] for name in names]
        lines = ["|".join(cells) for cells in zip(*texts, strict=True)] if texts else [""] * len(at)
        self._write((self.tally.rows + at + 1).tolist(), [REASONS[fault] for fault in piece.fault[at]], lines)

    def _reject_torn(self) -> None:
        torn = self.pieces.torn
        if torn:
            self.tally.rows += len(torn)
            self._write([None for _ in torn], [WRONG_WIDTH] * len(torn), [text for _, text in torn])

    def _write(self, rows: Sequence[int | None], reasons: list[tuple[str, str]], lines: list[str]) -> None:
        self.tally.by_reason.update(reason for _, reason in reasons)
        table = pa.table({
            ROW: pa.array(rows, type=pa.int64()), REASON: [reason for _, reason in reasons],
            REASON_ZH: [reason for reason, _ in reasons], TEXT: pa.array(lines, type=pa.string()),
        })  # fmt: skip
        if self._writer is None:
            self._writer = csv.CSVWriter(str(self.rejects), table.schema)
        self._writer.write_table(table)


def _names(schema: pa.Schema, geometry: str | None) -> list[str]:
    """Return what the columns are called beside the answers: one of the same name gets _input behind it."""
    taken = {name.lower() for name in COLUMNS}
    names: list[str] = []
    for name in schema.names:
        is_free = name.lower() not in taken or name == geometry
        names.append(name if is_free else free_name(f"{name}{AS_GIVEN}", [*schema.names, *names]))
    return names


def _text_column(ground: Ground, name: str) -> pa.Array:
    cells = [None if cell is None else str(cell) for cell in ground.grids[name].tolist()]
    return pa.array(cells, type=pa.string())


def _points(lon: np.ndarray, lat: np.ndarray) -> pa.Array:
    return pa.array(shapely.to_wkb(shapely.points(lon, lat)), type=pa.binary())
