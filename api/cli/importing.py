"""wangge import: bring rows in from a file, all or nothing, with every rejected row kept."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from api.actions.import_duties import import_duties
from api.actions.import_rows import import_rows
from api.cli._service import Commit, actor, console, profile_of, ready_engine, told
from data.readers.checked import Checked, write_rejects
from data.readers.files import read_table
from data.readers.nouns import NOUNS

REJECTED_IN_PART = 3
SHOWN = 10


def import_file(
    noun: Annotated[str, typer.Argument(help=f"what the rows are: {', '.join(NOUNS)}")],
    file: Annotated[Path, typer.Argument(help="CSV, Excel, GeoJSON or GeoPackage")],
    *,
    crs: Annotated[
        str | None, typer.Option(help="coordinate system, where the file does not say: EPSG:4490 ...")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="sheet of a workbook, or layer of a GeoPackage")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="which column a field is in, such as reported_at=受理时间; again for each")
    ] = None,
    rejects: Annotated[Path | None, typer.Option(help="write rejected rows here, with their reasons")] = None,
    commit: Commit = False,
) -> None:
    """Import areas, buildings, people, duties, stations, incidents or holidays from a file.

    Checks first and reports how each column is understood (--column says it otherwise); --commit writes all good rows
    or none, and keeps the rejected ones.
    """
    if noun not in NOUNS:
        raise typer.BadParameter(f"unknown noun {noun!r}; one of {', '.join(NOUNS)}")
    raw = read_table(file, sheet=sheet, crs=crs)
    with ready_engine() as engine:
        asked: dict[str, Any] = {
            "raw": raw, "profile": profile_of(engine), "actor": actor(), "commit": commit,
            "columns": _chosen(column or []),
        }  # fmt: skip
        done = import_duties(engine, **asked) if noun == "duties" else import_rows(engine, noun=noun, **asked)
    _show(done.checked)
    if rejects is not None and done.checked.counts["rejects"]:
        write_rejects(done.checked, rejects)
        console.print(f"Rejected rows are in {rejects}", highlight=False)
    if told(commit):
        console.print(f"Written as import {done.import_id}", highlight=False)
    if done.checked.counts["rejects"]:
        raise typer.Exit(REJECTED_IN_PART)


def _chosen(columns: list[str]) -> dict[str, str]:
    pairs = [told.partition("=") for told in columns]
    if wrong := [field for field, sign, header in pairs if not (field and sign and header)]:
        raise typer.BadParameter(f"write field=header, not {', '.join(wrong)}", param_hint="--column")
    return {field.strip(): header.strip() for field, _, header in pairs}


def _show(checked: Checked) -> None:
    counts = checked.counts
    told = ", ".join(f"{field} = {header}" for field, header in checked.meanings.items())
    unused = [header for header in checked.columns if header not in checked.meanings.values()]
    console.print(f"Columns: {told}" + (f"; not used: {', '.join(unused)}" if unused else ""), highlight=False)
    console.print(
        f"{counts['rows_in']:,} rows in: {counts['rows']:,} good, {counts['rejects']:,} rejected", highlight=False
    )
    if not counts["rejects"]:
        return
    table = Table("row", "column", "why")
    for row in checked.rejects.head(SHOWN).to_dict("records"):
        table.add_row(str(row["row_number"]), row["field"], f"{row['reason_zh']} / {row['reason']}")
    console.print(table)
    if len(checked.rejects) > SHOWN:
        console.print(f"... and {len(checked.rejects) - SHOWN:,} more")
