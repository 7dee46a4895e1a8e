"""wangge analyse incidents: hot spots of a file alone, without a database."""

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from api.actions.analyse_incidents import analyse_incidents
from api.cli._service import console, progress_bar
from api.cli.analyse_reach import many, same_file
from api.incident_analysis import EPS_M, IncidentQuestion
from api.incident_table import SUFFIXES as TABLES
from api.incident_table import is_table
from api.reach_analysis import Source
from data.readers.layer import SUFFIXES as LAYERS

REJECTED_IN_PART = 3
ELSEWHERE_SHARE = 0.1
SHOWN = 5
OUT_SUFFIX = ".gpkg"
File = Path | None
Name = str | None


def incidents(  # noqa: PLR0913 - one argument an option
    file: Annotated[Path, typer.Argument(help=f"incidents: {', '.join((*LAYERS, *TABLES))}")],
    *,
    out: Annotated[Path, typer.Option(help="GeoPackage to write: layers points, clusters, cells, scan")],
    lon: Annotated[Name, typer.Option(help="column of a table: longitude, or x; else one called so")] = None,
    lat: Annotated[Name, typer.Option(help="column of a table: latitude, or y; else one called so")] = None,
    time: Annotated[
        Name, typer.Option(help="column: when; or several, A,B,C, from the year down; else one called so")
    ] = None,
    category: Annotated[Name, typer.Option(help="column: what kind")] = None,
    reporter: Annotated[Name, typer.Option(help="column: who reported it; else one called so")] = None,
    exposure: Annotated[
        File, typer.Option(help="points or polygons with the households that incidents come from")
    ] = None,
    households: Annotated[
        Name, typer.Option(help="column of EXPOSURE; else one called so; else each point is one")
    ] = None,
    eps: Annotated[float, typer.Option(min=0.1, max=50_000, help="clusters: how near is near, metres")] = EPS_M,
    min_samples: Annotated[
        int | None, typer.Option(min=2, help="clusters: how many; else by how dense the ground is")
    ] = None,
    cell: Annotated[
        float | None, typer.Option(min=1, max=100_000, help="how wide cells are, metres; else by the file")
    ] = None,
    kind: Annotated[Literal["hexagon", "square"], typer.Option(help="shape of the cells")] = "hexagon",
    radius_max: Annotated[
        float | None, typer.Option(min=1, max=500_000, help="scan: the widest circle, metres; else six cells")
    ] = None,
    zone: Annotated[str, typer.Option(help="whose clock times are by that do not say so")] = "Asia/Shanghai",
    day_first: Annotated[
        bool | None, typer.Option("--day-first/--month-first", help="5/3/2026, where the column itself does not tell")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="the same seed, the same answer")] = 0,
    report: Annotated[File, typer.Option(help="write what was asked, rejected and found here, JSON")] = None,
    layer: Annotated[Name, typer.Option(help="layer or sheet of FILE, where there are several")] = None,
    crs: Annotated[Name, typer.Option(help="of FILE, where it does not say it: EPSG:N, gcj02, bd09")] = None,
    exposure_layer: Annotated[Name, typer.Option(help="layer or sheet of EXPOSURE, likewise")] = None,
    exposure_crs: Annotated[Name, typer.Option(help="of EXPOSURE, likewise")] = None,
) -> None:
    """Ask where incidents gather, and whether that is more than chance: clusters, hot cells, circles.

    With --exposure against the households there; without, cells are compared with each other and the scan asks about
    place and time together. Rows that cannot be placed and dated are left out and listed in the report.
    """
    _refuse_wrong_use(file, (lon, lat), (exposure, households, exposure_layer, exposure_crs), zone)
    _refuse_same_files((file, exposure), out, report)
    question = IncidentQuestion(
        file=Source(file, layer, crs), lon=lon, lat=lat, time=time, category=category, reporter=reporter,
        exposure=None if exposure is None else Source(exposure, exposure_layer, exposure_crs), households=households,
        eps_m=eps, min_samples=min_samples, cell_m=cell, kind=kind, radius_max_m=radius_max, zone=zone,
        is_day_first=day_first, seed=seed,
    )  # fmt: skip
    with progress_bar("incidents") as progress:
        made = analyse_incidents(question, out=out, report=report, progress=progress)
    for line in _told(made):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    written = f"Written: {out}" + (f", {report}" if report else "")
    console.print(written, highlight=False, markup=False, soft_wrap=True)
    if made["inputs"]["rejected"] or (made["exposure"] and made["exposure"]["rejected"]):
        raise typer.Exit(REJECTED_IN_PART)


def _refuse_wrong_use(file: Path, places: tuple[Name, Name], exposed: tuple[File, Name, Name, Name], zone: str) -> None:
    """Raise typer.BadParameter for options that make no sense together."""
    if any(places) and not is_table(file):
        raise typer.BadParameter(f"--lon and --lat are columns of a table; {file.name} has places of its own")
    exposure, *more = exposed
    names = ("--households", "--exposure-layer", "--exposure-crs")
    idle = [name for name, told in zip(names, more, strict=True) if told is not None]
    if exposure is None and idle:
        raise typer.BadParameter(f"{idle[0]} needs --exposure FILE, which it is about")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise typer.BadParameter(f"--zone {zone}: no such time zone; write Asia/Shanghai, Europe/London ...") from error


def _refuse_same_files(read: tuple[Path, File], out: Path, report: File) -> None:
    if out.suffix.lower() != OUT_SUFFIX:
        raise typer.BadParameter(f"--out {out.name}: the form is {OUT_SUFFIX}, which holds several layers")
    for path in filter(None, (out, report)):
        if any(same_file(path, source) for source in read if source is not None):
            raise typer.BadParameter(f"{path} is read from: it will not be written over. Name another file.")
    if report is not None and same_file(out, report):
        raise typer.BadParameter("--out and --report are the same file")


def _told(made: dict[str, Any]) -> list[str]:
    """What a person should know, a line each."""
    inputs, asked, times = made["inputs"], made["parameters"], made["times"]
    told = [f"{many(inputs['rows'], 'row')}, {inputs['points']:,} placed and dated, measured in {asked['metre_crs']}"]
    told += _rejected("row", "", inputs)
    for option in asked["columns_guessed"]:
        taken = asked[option] if option != "time" else ",".join(asked[option])
        told.append(f"Column {taken} is taken as --{option}")
    order = {None: "", "day_first": "; dates have the day first", "month_first": "; dates have the month first"}
    told.append(
        f"From {times['first_on']} to {times['last_on']}, told to the {times['resolution']}{order[times['dates']]}"
    )
    chosen = "" if not asked["cell_chosen"] else ", chosen by how the incidents lie"
    told.append(f"Cells of {asked['cell_m']:g} m{chosen}")
    if made["exposure"]:
        told += _told_of_exposure(made["exposure"])
    else:
        told.append("No --exposure: cells are compared by count; hot may only mean that many people are there")
    sentences, circles = made["sentences"]["en"], len(made["scan"]["circles"])
    shown = sentences[: len(sentences) - circles + SHOWN]
    left = len(sentences) - len(shown)
    return [*told, *shown, *([f"... and {left:,} more circles in the report"] if left else [])]


def _told_of_exposure(made: dict[str, Any]) -> list[str]:
    told = _rejected("row", " of the exposure", made)
    counted = "" if made["households_from"] == "column" else ", one a point"
    told.append(f"{made['households']:,} households to hold them against{counted}")
    facts = (
        (made["nulls_taken_as_0"], "row without households taken as 0", "rows without households taken as 0"),
        (made["incidents_without_households"], "incident lies where no household is",
         "incidents lie where no household is: neither cells nor the scan judge them"),
    )  # fmt: skip
    told += [many(count, one, more) for count, one, more in facts if count]
    if made["share_without_incidents_near"] > ELSEWHERE_SHARE:
        told.append(
            f"{made['share_without_incidents_near']:.0%} of the households lie outside the rectangle of the incidents: "
            "are both files of the same area?"
        )
    return told


def _rejected(what: str, where: str, made: dict[str, Any]) -> list[str]:
    """Why rows were left out, with the first of them for each reason."""
    return [
        f"{many(found['count'], what)}{where} left out: {found['en']} ({', '.join(map(str, found['rows'][:SHOWN]))}"
        f"{' ...' if found['count'] > SHOWN else ''})"
        for found in made["rejected"]
    ]
