"""wangge town: make a working town, from an OSM extract or from the demo generator."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from api.actions.build_town import build_town
from api.actions.cut_cells import cut_cells
from api.actions.prepare_town import prepare_town
from api.cli._service import Commit, actor, console, profile_of, progress_bar, ready_engine, told
from data.demo import DEFAULT_SEED, draw_town
from data.postgis.engine import reading
from data.profiles import load_profile
from data.readers.osm import read_osm
from data.stores.town import read_deployment
from data.town import Town

app = typer.Typer(help="The town: ground, buildings, streets, stations.", no_args_is_help=True)


@app.command()
def build(
    *,
    osm: Annotated[Path | None, typer.Option(help="an OpenStreetMap extract, *.osm.pbf")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="draw the invented demo town instead")] = False,
    name: Annotated[
        str | None,
        typer.Option(help="what the town is called; default: the division or place in the file, else the file's name"),
    ] = None,
    profile: Annotated[str, typer.Option(help="place profile: a slug or a TOML file")] = "demo",
    scale: Annotated[
        float, typer.Option(help="demo only: 1 is some 8,000 buildings, 125 a million", min=0.02, max=125)
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="demo only: another seed, another town", min=0)] = DEFAULT_SEED,
    ground_only: Annotated[
        bool, typer.Option("--ground-only", help="stop before cells, plan, circles and clusters")
    ] = False,
    commit: Commit = False,
) -> None:
    """Make a town, over whatever the database holds, and everything that follows from it.

    Reads and checks first; without --commit nothing is written.
    """
    if (osm is None) == (not demo):
        raise typer.BadParameter("say where the town comes from: --osm FILE or --demo")
    rules = load_profile(profile)
    with console.status("reading" if osm else "drawing"):
        town = read_osm(osm, rules, name=name) if osm else draw_town(rules, scale=scale, seed=seed)
    show(town)
    if not told(commit):
        return
    with ready_engine() as engine:
        with progress_bar("town") as progress:
            build_town(engine, town, profile=rules, actor=actor(), progress=progress)
        if not ground_only:
            with progress_bar("prepare") as progress:
                prepare_town(engine, profile=rules, actor=actor(), progress=progress)


@app.command()
def cells(commit: Commit = False) -> None:
    """Cut the ground into cells anew (only while no plan stands on them)."""
    with ready_engine() as engine, progress_bar("cells") as progress:
        cut_cells(engine, profile=profile_of(engine), actor=actor(), commit=commit, progress=progress)
    told(commit)


@app.command()
def status() -> None:
    """Say what the database holds."""
    with ready_engine() as engine, reading(engine) as connection:
        deployment = read_deployment(connection)
    if not deployment:
        console.print("There is no town yet: wangge town build --demo --commit")
        return
    console.print(
        f"{deployment['town']}, profile {deployment['profile']}, built {deployment['built_at']}", highlight=False
    )
    _counts(deployment["counts"])


def show(town: Town) -> None:
    """Print what a town holds."""
    console.print(f"[bold]{town.name}[/bold]")
    nouns = ("areas", "compounds", "gates", "buildings", "stairwells", "streets", "barriers", "greens")
    _counts({noun: len(getattr(town, noun)) for noun in (*nouns, "stations", "people", "incidents")})
    households, estimated = int(town.buildings["households"].sum()), bool(town.buildings["is_estimate"].any())
    console.print(f"{households:,} households{' (estimated)' if estimated else ''}", highlight=False)


def _counts(counts: dict[str, int]) -> None:
    table = Table("noun", "rows")
    table.columns[1].justify = "right"
    for noun, rows in counts.items():
        table.add_row(noun, f"{rows:,}")
    console.print(table)
