"""wangge analyse reach: circles and walks of files alone, without a database."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from api.actions.analyse_reach import analyse_reach
from api.cli._service import console, progress_bar
from api.reach_analysis import ReachQuestion, Source, in_words
from geo.network import ISLAND_M
from geo.reach import SPEED_M_PER_S, WIDTH_M
from geo.scene import SNAP_MAX_M

REJECTED_IN_PART = 3
SHOWN = 5
OUT_SUFFIX = ".gpkg"
# Streets of which no piece has nearly all may well have been drawn to cross, not to meet.
LOOSE_SHARE = 0.9
File = Path | None
Name = str | None


def reach(  # noqa: PLR0913 - one argument an option
    more_minutes: Annotated[list[float] | None, typer.Argument(hidden=True)] = None,
    *,
    stations: Annotated[Path, typer.Option(help="points or polygons: a layer, or a table with longitude and latitude")],
    minutes: Annotated[list[float], typer.Option(help="how long a walk may take: --minutes 5 15")],
    out: Annotated[Path, typer.Option(help="GeoPackage to write: layers circles, buildings, stations")],
    osm: Annotated[File, typer.Option(help="streets, gates and barriers of an .osm.pbf extract")] = None,
    streets: Annotated[File, typer.Option(help="or streets as a layer of lines that meet at shared vertices")] = None,
    buildings: Annotated[File, typer.Option(help="polygons or points of those who are to be reached")] = None,
    households: Annotated[Name, typer.Option(help="column of BUILDINGS; else each counts as one")] = None,
    report: Annotated[File, typer.Option(help="write problems, pieces of network and totals here, JSON")] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=3, help="metres a second")] = SPEED_M_PER_S,
    snap_max: Annotated[float, typer.Option(min=1, max=5000, help="how far a street may lie, metres")] = SNAP_MAX_M,
    station_id: Annotated[Name, typer.Option(help="column of STATIONS; else station_id, or numbers from 1")] = None,
    walkable: Annotated[Name, typer.Option(help="column of STREETS that says no where nobody walks")] = None,
    barriers: Annotated[File, typer.Option(help="walls, rivers, rails that access may not cross")] = None,
    node_crossings: Annotated[bool, typer.Option(help="streets meet where they cross without a shared vertex")] = False,
    island_max: Annotated[
        float, typer.Option(min=0, help="pieces of street shorter than this are joined only where nothing else is")
    ] = ISLAND_M,
    width: Annotated[float, typer.Option(min=1, max=500, help="half the width of a street's ground, metres")] = WIDTH_M,
    streets_layer: Annotated[Name, typer.Option(help="layer of STREETS, where there are several")] = None,
    stations_layer: Annotated[Name, typer.Option(help="layer or sheet of STATIONS, likewise")] = None,
    buildings_layer: Annotated[Name, typer.Option(help="layer or sheet of BUILDINGS, likewise")] = None,
    streets_crs: Annotated[Name, typer.Option(help="where STREETS do not say it: EPSG:N, gcj02, bd09")] = None,
    stations_crs: Annotated[Name, typer.Option(help="where STATIONS do not say it, likewise")] = None,
    buildings_crs: Annotated[Name, typer.Option(help="where BUILDINGS do not say it, likewise")] = None,
    barriers_crs: Annotated[Name, typer.Option(help="where BARRIERS do not say it, likewise")] = None,
) -> None:
    """Measure who is within so many minutes on foot: circles, and each building's nearest station.

    Streets are walked both ways. A station that no street is near enough to gets a straight-line circle, and is told.
    """
    wanted = (*minutes, *(more_minutes or ()))
    _refuse_wrong_use(wanted, (osm, streets), (stations, buildings, barriers), (out, report))
    _refuse_idle("--streets", streets, walkable=walkable, streets_layer=streets_layer, streets_crs=streets_crs)
    _refuse_idle(
        "--buildings", buildings, households=households, buildings_layer=buildings_layer, buildings_crs=buildings_crs
    )
    _refuse_idle("--barriers", barriers, barriers_crs=barriers_crs)
    question = ReachQuestion(
        stations=Source(stations, stations_layer, stations_crs), minutes=wanted, osm=osm,
        streets=None if streets is None else Source(streets, streets_layer, streets_crs),
        barriers=None if barriers is None else Source(barriers, None, barriers_crs),
        buildings=None if buildings is None else Source(buildings, buildings_layer, buildings_crs),
        station_id=station_id, households=households, walkable=walkable, speed_m_per_s=speed, snap_max_m=snap_max,
        island_m=island_max, width_m=width, node_crossings=node_crossings,
    )  # fmt: skip
    with progress_bar("reach") as progress:
        made = analyse_reach(question, out=out, report=report, progress=progress)
    _show(made)
    written = f"Written: {out}" + (f", {report}" if report else "")
    console.print(written, highlight=False, markup=False, soft_wrap=True)
    if any(made[part] and made[part]["rejected"] for part in ("streets", "stations", "buildings")):
        raise typer.Exit(REJECTED_IN_PART)


def _refuse_wrong_use(
    minutes: tuple[float, ...], ways: tuple[File, File], places: tuple[File, ...], written: tuple[Path, File]
) -> None:
    """Raise typer.BadParameter for options that make no sense together."""
    if (ways[0] is None) == (ways[1] is None):
        raise typer.BadParameter("name the streets once: --osm FILE or --streets FILE")
    for value in minutes:
        if not 0 < value <= 24 * 60:
            raise typer.BadParameter(f"--minutes {value:g}: above 0, at most a day")
    if written[0].suffix.lower() != OUT_SUFFIX:
        raise typer.BadParameter(f"--out {written[0].name}: the form is {OUT_SUFFIX}, which holds several layers")
    files = [path for path in written if path is not None]
    for path in files:
        if any(same_file(path, source) for source in (*ways, *places) if source is not None):
            raise typer.BadParameter(f"{path} is read from: it will not be written over. Name another file.")
    if len(files) == 2 and same_file(*files):
        raise typer.BadParameter("--out and --report are the same file")


def _refuse_idle(option: str, file: File, **more: Name) -> None:
    """Raise typer.BadParameter for what is said of a file that was not named."""
    idle = [f"--{name.replace('_', '-')}" for name, told in more.items() if told is not None]
    if file is None and idle:
        raise typer.BadParameter(f"{idle[0]} needs {option} FILE, which it is about")


def same_file(one: Path, other: Path) -> bool:
    """Return whether two paths are one file, there or not."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)


def _show(made: dict[str, Any]) -> None:
    for line in (*_told_of_streets(made), *_told_of_places(made), *_told_of_minutes(made)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _told_of_streets(made: dict[str, Any]) -> list[str]:
    network, streets = made["network"], made["streets"]
    told = _rejected("streets", streets)
    if streets["drawn_again"]:
        told.append(f"{many(streets['drawn_again'], 'row')} of the streets drawn twice: walked once")
    if network is None:
        return [*told, "No street is walkable: straight lines stand in for walks"]
    told.append(
        f"{network['length_m'] / 1000:,.1f} km of streets, {many(network['edges'], 'stretch', 'stretches')} between "
        f"{many(network['nodes'], 'meeting point')}"
    )
    if network["pieces"] > 1:
        share = network["longest_share"]
        hint = ". If they cross without a shared vertex, try --node-crossings" if share < LOOSE_SHARE else ""
        hint = "" if made["parameters"]["node_crossings"] else hint
        told.append(
            f"The streets lie in {network['pieces']:,} pieces that do not meet; the longest has {share:.1%} of "
            f"their length{hint}"
        )
    return told


def _told_of_places(made: dict[str, Any]) -> list[str]:
    stations, buildings = made["stations"], made["buildings"]
    told = _rejected("stations", stations)
    told.append(f"{stations['joined']:,} of {many(stations['rows'], 'station')} joined to a street")
    told += [
        f"  station {found['station_id']} (row {found['row']:,}): {found['en']}; straight lines stand in for its walks"
        for found in stations["problems"][:SHOWN]
    ]
    if len(stations["problems"]) > SHOWN:
        told.append(f"  ... and {len(stations['problems']) - SHOWN:,} more")
    if not buildings:
        return told
    told += _rejected("buildings", buildings)
    counted = buildings["households_from"] == "column"
    amount = f", {buildings['households']:,} households" if counted else ", each counted as one household"
    told.append(f"{buildings['joined']:,} of {many(buildings['rows'], 'building')} joined to a street{amount}")
    if buildings["nulls_taken_as_0"]:
        told.append(f"{many(buildings['nulls_taken_as_0'], 'building')} without households taken as 0")
    return told


def _told_of_minutes(made: dict[str, Any]) -> list[str]:
    return [
        f"Within {row['minutes']:g} minutes of a station: {row['households']:,} households"
        + (f" ({row['share']:.1%})" if row["share"] is not None else "") + f", {row['left_out']:,} left out"
        for row in made["within"]
    ]  # fmt: skip


def _rejected(part: str, made: dict[str, Any]) -> list[str]:
    rejected = made["rejected"]
    return [f"{many(rejected, 'row')} of the {part} cannot be used: {in_words(rejected)}"] if rejected else []


def many(what: int | list[Any], one: str, more: str | None = None) -> str:
    """Return how many of something in words: 1 row, 1,204 rows."""
    count = what if isinstance(what, int) else len(what)
    return f"{count:,} {one if count == 1 else more or one + 's'}"
