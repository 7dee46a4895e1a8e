"""wangge boards: print the notice boards of grids."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from api.actions.draw_board import BoardOrder, Form, Size, draw_boards
from api.cli._service import console, profile_of, progress_bar, ready_engine, ready_settings
from geo.codes import check_area_code

app = typer.Typer(help="Notice boards: a poster of each grid.", no_args_is_help=True)


@app.command("print")
def print_boards(
    *,
    area: Annotated[str, typer.Option(help="12-digit code of a street, community or any area above")],
    out: Annotated[Path, typer.Option(help="folder to write into, a file a grid; made where it is missing")],
    size: Annotated[Size, typer.Option(help="of the paper")] = "A3",
    form: Annotated[Form, typer.Option("--format", help="PDF, or a picture of 150 dots an inch")] = "pdf",
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the day they tell of; else today")] = None,
) -> None:
    """Print the notice board of every grid of an area. Codes to scan lead to WANGGE_PUBLIC_URL."""
    check_area_code(area)
    settings = ready_settings()
    order = BoardOrder(size, form, on.date() if on else None, settings.public_url)
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    with ready_engine(settings) as engine, progress_bar("boards") as progress:
        posters = draw_boards(engine, area, order, profile=profile_of(engine, settings), progress=progress)
        for name, content in posters:
            (out / name).write_bytes(content)
            count += 1
    console.print(f"{count} boards in {out}", highlight=False, soft_wrap=True)
