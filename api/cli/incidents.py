"""wangge incidents: where they gather."""

import typer

from api.actions.find_clusters import find_clusters
from api.cli._service import Commit, actor, profile_of, progress_bar, ready_engine, told

app = typer.Typer(help="Incidents: where and when they gather.", no_args_is_help=True)


@app.command()
def clusters(commit: Commit = False) -> None:
    """Find clusters of every category and keep them."""
    with ready_engine() as engine, progress_bar("clusters") as progress:
        find_clusters(engine, profile=profile_of(engine), actor=actor(), commit=commit, progress=progress)
    told(commit)
