"""Report plate: the public says that a plate is lost, damaged or wrong. No name, no number, no account is asked for."""

from sqlalchemy import Engine

from api.actions.scan_plate import Door
from data.postgis.engine import transaction
from data.stores import plate_reports

ACTOR = "public"


def report_plate(engine: Engine, door: Door, *, kind: str, words: str | None) -> None:
    """Write what is the matter with a door's plate; said again while it is open, it is counted, not written anew."""
    with transaction(engine, actor=ACTOR, action="report_plate") as conn:
        plate_reports.add_report(conn, door.plate_id, kind, words or None)
