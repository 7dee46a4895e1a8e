"""wangge import: bring rows in from a file, all or nothing, with every rejected row kept."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from api.actions.import_rows import import_rows
from api.cli._service import actor, console, profile_of, ready_engine
from data.readers.checked import check
from data.readers.files import read_table
from data.readers.nouns import NOUNS
from data.readers.rejects import write_rejects

REJECTED_IN_PART = 3


def import_file(
    noun: Annotated[str, typer.Argument(help=f"what the rows are: {', '.join(NOUNS)}")],
    file: Annotated[Path, typer.Argument(help="CSV, Excel, GeoJSON or GeoPackage")],
    crs: Annotated[str | None, typer.Option(help="coordinate system, where the file does not say: EPSG:4326 ...")] = None,
    sheet: Annotated[str | None, typer.Option(help="sheet of an Excel file or layer of a GeoPackage")] = None,
    rejects: Annotated[Path | None, typer.Option(help="write rejected rows here, with their reasons")] = None,
    commit: Annotated[bool, typer.Option("--commit", help="write it; without this only check and report")] = False,
) -> None:
    """Import areas, buildings, people, stations or incidents from a file.

    Checks first and reports; --commit writes all good rows or none, and keeps the rejected ones.
    """
    if noun not in NOUNS:
        raise typer.BadParameter(f"unknown noun {noun!r}; one of {', '.join(NOUNS)}")
    raw = read_table(file, sheet=sheet, crs=crs)
    with ready_engine() as engine:
        done = import_rows(engine, noun=noun, raw=raw, profile=profile_of(engine), actor=actor(), commit=commit)
    console.print(f"{done.rows_in:,} rows in, {done.rows_stored:,} good, {done.rows_rejected:,} rejected", highlight=False)
