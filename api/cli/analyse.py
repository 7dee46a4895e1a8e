"""wangge analyse: work on files alone, without a database."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from api.actions.analyse_grids import analyse_grids
from api.analysis import Question
from api.cli._service import console, progress_bar
from api.cli.analyse_incidents import incidents
from api.cli.analyse_reach import reach, same_file
from data.readers.layer import SUFFIXES
from data.readers.tessellation import Columns

app = typer.Typer(help="Files of your own: grids drawn without a database.", no_args_is_help=True)
app.command()(reach)
app.command()(incidents)
REJECTED_IN_PART = 3
SHOWN, HUBS_SHOWN = 10, 3
Column = str | None
Bounds = tuple[int, int] | None


@app.command()
def grids(  # noqa: PLR0913 - one argument an option
    cells: Annotated[Path, typer.Argument(help=f"polygons that tile the ground: {', '.join(SUFFIXES)}")],
    *,
    households: Annotated[str, typer.Option(help="column: households of each row")],
    out: Annotated[Path, typer.Option(help="write the same rows with a column grid_id here; the suffix says the form")],
    report: Annotated[
        Path | None, typer.Option(help="write measures, exceptions and what was found here, JSON")
    ] = None,
    band: Annotated[Bounds, typer.Option(help="fewest and most households of a grid; 300 500 without --count")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="how many grids; without --band as equal as can be")] = None,
    people: Annotated[Column, typer.Option(help="column: people of each row")] = None,
    people_band: Annotated[Bounds, typer.Option(help="fewest and most people of a grid (needs --people)")] = None,
    within: Annotated[Column, typer.Option(help="column: grids never cross its values")] = None,
    keep: Annotated[Column, typer.Option(help="column: the old grid of each row; few households change")] = None,
    lock: Annotated[Column, typer.Option(help="column: true = its old grid stays as it is (needs --keep)")] = None,
    whole: Annotated[Column, typer.Option(help="column: groups kept whole where they fit (compounds)")] = None,
    unbroken: Annotated[Column, typer.Option(help="column: groups never broken")] = None,
    barriers: Annotated[Path | None, typer.Option(help="walls, rivers, rails, bridges: lines and polygons")] = None,
    layer: Annotated[str | None, typer.Option(help="layer of CELLS, where there are several")] = None,
    crs: Annotated[str | None, typer.Option(help="coordinate system of CELLS, where it does not say: EPSG:N")] = None,
    barriers_crs: Annotated[str | None, typer.Option(help="coordinate system of the barriers, likewise")] = None,
    tolerance_m: Annotated[float, typer.Option(min=0, max=100, help="widest gap, deepest overlap, in metres")] = 0.5,
    barrier_m: Annotated[
        float | None, typer.Option(min=0, max=100, help="how far a barrier may lie from its border; default: tolerance")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="the same seed, the same plan")] = 0,
) -> None:
    """Draw grids from a layer of polygons: the same rows, in the same order, with a column grid_id.

    In the band, in one piece on foot, along barriers. What cannot be is told in the report, with the reason.
    """
    columns = Columns(households, people, within, keep, lock, whole, unbroken)
    _refuse_wrong_use(columns, band, people_band, files=(cells, barriers, out, report))
    question = Question(
        cells=cells, columns=columns, layer=layer, crs=crs, band=band, count=count, people_band=people_band,
        barriers=barriers, barriers_crs=barriers_crs, barrier_m=barrier_m, tolerance_m=tolerance_m, seed=seed,
    )  # fmt: skip
    with progress_bar("grids") as progress:
        made = analyse_grids(question, out=out, report=report, progress=progress)
    _show(made)
    console.print(f"Written: {out}" + (f", {report}" if report else ""), highlight=False, markup=False, soft_wrap=True)
    if made["inputs"]["rejected"]:
        raise typer.Exit(REJECTED_IN_PART)


def _refuse_wrong_use(
    columns: Columns, band: Bounds, people_band: Bounds, *, files: tuple[Path, Path | None, Path, Path | None]
) -> None:
    """Raise typer.BadParameter for options that make no sense together."""
    cells, barriers, out, report = files
    if columns.lock is not None and columns.keep is None:
        raise typer.BadParameter("--lock needs --keep: the column of the old grids")
    if people_band is not None and columns.people is None:
        raise typer.BadParameter("--people-band needs --people: the column to count by")
    for name, bounds in (("--band", band), ("--people-band", people_band)):
        if bounds is not None and not 1 <= bounds[0] <= bounds[1]:
            raise typer.BadParameter(f"{name} {bounds[0]} {bounds[1]}: two whole numbers from 1, the lower one first")
    if out.suffix.lower() not in SUFFIXES:
        raise typer.BadParameter(f"--out {out.name}: the form is one of {', '.join(SUFFIXES)}")
    written = [out] if report is None else [out, report]
    for path in written:
        if any(same_file(path, source) for source in (cells, barriers) if source is not None):
            raise typer.BadParameter(f"{path} is read from: it will not be written over. Name another file.")
    if report is not None and same_file(out, report):
        raise typer.BadParameter("--out and --report are the same file")


def _show(made: dict[str, Any]) -> None:
    inputs, ground = made["inputs"], made["ground"]
    low, high = made["band"]
    beyond = {found["grid_id"] for found in made["exceptions"] if found["rule"] == "band"}
    console.print(
        f"{inputs['rows']:,} rows, {inputs['cells']:,} cells, {inputs['households']['sum']:,} households: "
        f"{made['count']:,} grids, {made['count'] - len(beyond):,} of them within {low} to {high}",
        highlight=False,
        soft_wrap=True,
    )
    for told in _remarks(inputs, ground, made["barriers"]):
        console.print(told, highlight=False, markup=False, soft_wrap=True)
    if not made["exceptions"]:
        return
    table = Table("grid", "rule", "why", "at")
    for found in made["exceptions"][:SHOWN]:
        place = "" if found["place"] is None else ", ".join(map(str, found["place"]))
        table.add_row(str(found["grid_id"]), found["rule"], found["certificate"], place)
    console.print(table)
    if len(made["exceptions"]) > SHOWN:
        console.print(f"... and {len(made['exceptions']) - SHOWN:,} more exceptions in the report")


def _remarks(inputs: dict[str, Any], ground: dict[str, Any], barriers: dict[str, Any] | None) -> list[str]:
    """What a person should know of the file, a line each."""
    uneven = ", ".join(f"{found['count']:,} {name}" for name, found in ground["uneven"].items())
    facts = (
        (len(inputs["rejected"]), "rows without usable ground: no grid_id"),
        (len(inputs["mended_rows"]), "invalid polygons mended for the calculation"),
        (inputs["same_ground"]["cells"], "places where several rows stand on the same ground: each row is counted"),
        (inputs["households"]["nulls_taken_as_0"], "rows without households taken as 0"),
        (len(inputs["without_within_rows"]), "rows without a value in --within: a group of their own"),
        (sum(map(len, inputs["groups_across_within"].values())), "groups lie in several values of --within"),
        (len(barriers["not_kept_to"]) if barriers else 0, "cells that a barrier cuts in two: it cannot be kept to"),
        (barriers["passages_that_lead_nowhere"] if barriers else 0, "passages that lead nowhere"),
        (barriers["rows_of_unknown_kind"] if barriers else 0, "barriers of unknown kind: lines walls, areas water"),
    )
    told = [f"{count:,} {what}" for count, what in facts if count]
    if ground["parts"] > 1:
        told.append(f"The ground lies in {ground['parts']:,} parts that do not touch")
    told += [
        f"Row {hub['rows'][0]:,} has no households and {hub['neighbours']:,} neighbours, but only one grid can hold "
        "it: the others do not hang together across it. If it is street ground, cut it at its crossings"
        for hub in ground["hubs"][:HUBS_SHOWN]
    ]
    if not inputs["households"]["is_exact"]:
        told.append("Households are long fractions: rounded to millionths")
    return told + ([f"Uneven: {uneven}"] if uneven else [])
