"""wangge lookup: who answers for each row of a file."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import typer

from api.actions.look_up_file import FileQuestion, look_up_file
from api.actions.look_up_many import Ground, file_ground, published_ground
from api.cli._service import console, progress_bar, ready_settings
from api.cli.analyse_reach import many, same_file
from api.published import PublishedGrids
from api.reach_analysis import Source
from data.calendar import today
from data.postgis.engine import READER, open_engine
from data.readers.layer import read_layer
from data.readers.nouns import header_key
from data.readers.pieces import ACCURACY_MAX_M, SUFFIXES
from data.writers.pieces import SUFFIXES as WRITTEN
from data.writers.pieces import can_write
from geo.crs import to_degrees
from geo.frames import WGS84

app = typer.Typer(no_args_is_help=True, help="Ask who answers for many places.")
REJECTED_IN_PART = 3
CODES = ("grid_code", "code", "网格编码", "网格代码", "编码", "编号", "id")
NAMES = ("name", "grid_name", "网格名称", "网格名", "名称")
Name = str | None
File = Path | None


@app.callback()
def lookup() -> None:
    """Ask who answers for many places."""


@app.command("file")
def lookup_file(
    file: Annotated[Path, typer.Argument(help=f"places: {', '.join(SUFFIXES)}")],
    *,
    out: Annotated[Path, typer.Option(help=f"file to write: {', '.join(WRITTEN)}")],
    lon: Annotated[Name, typer.Option(help="column of a table: longitude, or x; else one called so")] = None,
    lat: Annotated[Name, typer.Option(help="column of a table: latitude, or y; else one called so")] = None,
    crs: Annotated[Name, typer.Option(help="of FILE, where it does not say it: EPSG:N, gcj02, bd09")] = None,
    accuracy: Annotated[
        Name, typer.Option(help="metres for all, or the column that has them; else one called so; else 0")
    ] = None,
    on: Annotated[str | None, typer.Option(help="the day asked about, YYYY-MM-DD; else today")] = None,
    layer: Annotated[Name, typer.Option(help="layer or sheet of FILE, where there are several")] = None,
    grids: Annotated[
        File, typer.Option(help="polygons to look up in instead of the published plan; needs no database")
    ] = None,
    grids_layer: Annotated[Name, typer.Option(help="layer of GRIDS, where there are several")] = None,
    grids_crs: Annotated[Name, typer.Option(help="of GRIDS, where it does not say it")] = None,
    rejects: Annotated[File, typer.Option(help="rows that cannot be used; else OUT.rejected.csv")] = None,
) -> None:
    """Ask who answers for each row of a file: the same rows with answer, grid, worker, duty line and zone beside them.

    Written whole or not at all; rows without a usable place go to a file of their own, with the reason.
    """
    beside = rejects or out.with_name(f"{out.name}.rejected.csv")
    _refuse_wrong_use((file, grids), (out, beside))
    if grids is not None and on is not None:
        raise typer.BadParameter("--on asks about a published plan; a file of grids has no days")
    question = FileQuestion(Source(file, layer, crs), lon, lat, _accuracy(accuracy))
    with progress_bar("lookup") as progress:
        if grids is not None:
            ground = _ground_of(Source(grids, grids_layer, grids_crs))
            made = look_up_file(question, ground, out=out, rejects=beside, progress=progress)
        else:
            engine = open_engine(ready_settings().url, role=READER, statement_timeout_ms=0)
            try:
                ground = published_ground(PublishedGrids(engine), _day(on), language="zh")
                made = look_up_file(question, ground, out=out, rejects=beside, progress=progress)
            finally:
                engine.dispose()
    for line in _told(made):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    written = f"Written: {out}" + (f", {beside}" if made["rejected"] else "")
    console.print(written, highlight=False, markup=False, soft_wrap=True)
    if made["rejected"]:
        raise typer.Exit(REJECTED_IN_PART)


def _ground_of(source: Source) -> Ground:
    """Return the grids of a file: their code and name by the columns called so, else their number from 1."""
    read = read_layer(source.path, layer=source.layer, crs=source.crs)
    shapes = gpd.GeoSeries(read.shapes, crs=read.crs)
    if read.crs != WGS84:
        shapes = to_degrees(shapes)
    known = {header_key(name): name for name in reversed(read.table.column_names) if name != read.geometry}

    def column(words: tuple[str, ...]) -> list[str | None] | None:
        found = next((known[key] for key in map(header_key, words) if key in known), None)
        return None if found is None else [None if one is None else str(one) for one in read.column(found).to_pylist()]

    nameless: list[str | None] = [None] * len(shapes)
    numbers: list[str | None] = [str(number) for number in range(1, len(shapes) + 1)]
    frame = gpd.GeoDataFrame(
        {"grid_code": column(CODES) or numbers, "name": column(NAMES) or nameless}, geometry=shapes.array
    )
    return file_ground(frame[~(frame.geometry.isna() | frame.geometry.is_empty)])


def _refuse_wrong_use(read: tuple[Path, File], written: tuple[Path, Path]) -> None:
    if not can_write(written[0]):
        raise typer.BadParameter(f"--out {written[0].name}: the forms are {', '.join(WRITTEN)}")
    if any(same_file(path, source) for path in written for source in read if source is not None):
        raise typer.BadParameter("a file that is read from will not be written over. Name another file.")
    if same_file(*written):
        raise typer.BadParameter("--out and --rejects are the same file")
    if written[0].resolve().parent != written[1].resolve().parent:
        raise typer.BadParameter("--rejects must lie in the folder of --out: both are put there together")


def _accuracy(told: str | None) -> str | float | None:
    """Return metres, or the name of a column."""
    try:
        metres = None if told is None else float(told)
    except ValueError:
        return told
    if metres is not None and not 0 <= metres <= ACCURACY_MAX_M:
        raise typer.BadParameter(f"--accuracy {told}: 0 to {ACCURACY_MAX_M:.0f} metres")
    return metres


def _day(told: str | None) -> date:
    try:
        return today() if told is None else date.fromisoformat(told)
    except ValueError as error:
        raise typer.BadParameter(f"--on {told}: write it as 2026-07-01") from error


def _told(made: dict[str, Any]) -> list[str]:
    """What a person should know, a line each."""
    taken = [f"Columns {' and '.join(made['columns'])} are taken as longitude and latitude"] if made["columns"] else []
    if made["headed"]:
        taken.append(f"They are taken as {made['headed'].upper()}, as their headings say")
    if isinstance(made["accuracy"], str):
        taken.append(f"Column {made['accuracy']} is taken as the accuracy, metres")
    told = [f"{many(made['rows'], 'row')}: {made['answered']:,} answered, {made['certain']:,} of them for certain"]
    told += [f"  {name}: {count:,}" for name, count in sorted(made["by_answer"].items())]
    told += [f"{many(count, 'row')} left out: {why}" for why, count in sorted(made["by_reason"].items())]
    return [*taken, *told]
