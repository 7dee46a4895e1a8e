"""Start incidents that came in by a file: a place by their address, building and grid, a tier and its limit."""

from sqlalchemy import Connection

from data.casework import timed
from data.profiles import Profile
from data.stores import cases, doors
from data.stores import incidents as incident_store

SURE = 0.999  # how alike an address must be to be taken without asking


def start_incidents(connection: Connection, profile: Profile) -> dict[str, int]:
    """Place and time what was not yet; return how many got a place by address, a building, a grid and a clock."""
    rule = profile.incidents
    located = locate_addresses(connection)
    placed = incident_store.place_incidents(connection)
    fresh = cases.read_untimed(connection)
    clocks = cases.write_clocks(connection, timed(fresh, rule, rule.calendar(*cases.read_calendar(connection))))
    return {"located": located, **placed, "clocks": clocks}


def restart_clocks(connection: Connection, profile: Profile) -> int:
    """Work out anew when limits end, after holidays or limits have changed; return how many cases are open.

    A case that was parked in between is given the whole of its tier's hours from when it came to the tier.
    """
    rule = profile.incidents
    running = cases.read_running(connection)
    if running.empty:
        return 0
    return cases.write_clocks(connection, timed(running, rule, rule.calendar(*cases.read_calendar(connection))))


def locate_addresses(connection: Connection) -> int:
    """Give incidents without a place the one door that their address means, and return how many; else say why not."""
    count = 0
    for incident_id, address in cases.read_addressed(connection).items():
        found = door_of(connection, str(address))
        values = {"place_problem": found} if isinstance(found, str) else {
            "geometry": cases.place_of(found.lon, found.lat), "building_id": found.building_id,
            "area_code": found.area_code, "place_problem": None,
        }  # fmt: skip
        cases.change_case(connection, int(str(incident_id)), values)
        count += not isinstance(found, str)
    return count


def door_of(connection: Connection, address: str) -> cases.Door | str:
    """Return the one door an address means; else why there is none."""
    found = doors.search(connection, address, limit=3)
    sure = found[(found["kind"] == "building") & (found["score"] >= SURE)]
    if len(sure) != 1:
        return "address_unclear" if len(found) else "address_unknown"
    return cases.door(connection, int(sure.iloc[0]["id"]))
