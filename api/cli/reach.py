"""wangge reach: who is within reach of a station on foot."""

import typer

from api.actions.measure_reach import measure_reach
from api.cli._service import Commit, actor, console, profile_of, progress_bar, ready_engine, told
from geo.access import PROBLEMS

app = typer.Typer(help="Reach: who is within 5 and 15 minutes on foot.", no_args_is_help=True)


@app.command()
def measure(commit: Commit = False) -> None:
    """Measure circles of every station, and every building's minutes to the nearest."""
    with ready_engine() as engine, progress_bar("reach") as progress:
        made = measure_reach(engine, profile=profile_of(engine), actor=actor(), commit=commit, progress=progress)
    if made.pieces > 1:
        console.print(f"The streets lie in {made.pieces:,} pieces that do not meet", highlight=False)
    for station_id, problem in made.stand_ins:
        why = PROBLEMS[problem][1]
        console.print(f"Station {station_id}: {why}; straight lines stand in for its walks", highlight=False)
    told(commit)
