"""wangge database: the private PostGIS of this checkout."""

import typer

from api.cli._service import console, ready_settings
from api.database import home_of, private_server
from api.settings import load_settings

app = typer.Typer(
    help="The private PostGIS of this checkout, or the database in WANGGE_DATABASE_URL.", no_args_is_help=True
)


@app.command()
def start() -> None:
    """Start it, make the database where there is none, and bring its tables to the newest form."""
    settings = ready_settings()
    where = "WANGGE_DATABASE_URL" if load_settings().database_url else str(private_server(settings).home)
    console.print(f"PostGIS is ready ({where})", highlight=False)


@app.command()
def stop() -> None:
    """Stop the private server. Nothing stored is lost."""
    private_server(load_settings()).stop()
    console.print("PostGIS is stopped")


@app.command()
def url() -> None:
    """Print the database's address, for psql or QGIS on this machine."""
    print(ready_settings().url)


@app.command()
def home() -> None:
    """Print the folder where this checkout keeps its cluster and the demo's accounts."""
    print(home_of(load_settings()))
