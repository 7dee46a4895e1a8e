"""Assign duties: give the people of a published plan something to answer for, where nobody does yet."""

from datetime import date

import pandas as pd
from sqlalchemy import Engine

from api.actions import Progress, silent
from data.postgis.engine import reading, transaction
from data.profiles import Profile
from data.stores import grids as grid_store
from data.stores import ground
from data.stores import people as people_store
from geo.staffing import staff


def assign_duties(
    engine: Engine, *, plan_id: int, profile: Profile, actor: str, valid_from: date, progress: Progress = silent
) -> int:
    """Hand out duties of every role from a day on, by the rule of `geo.staffing`; return how many.

    People who have a duty already, and targets that somebody answers for already, are left alone.
    """
    with reading(engine) as connection:
        targets = {
            "grid_code": grid_store.read_grids(connection, plan_id, geometry=False).set_index("grid_code"),
            "zone_code": grid_store.read_zones(connection, plan_id).set_index("zone_code"),
            "unit_code": grid_store.read_units(connection, plan_id).set_index("unit_code"),
            "building_id": ground.read_buildings(connection),
        }
        people = people_store.read_people(connection)
        held = people_store.read_duties(connection, on=valid_from)
    duties = pd.concat(
        [
            _hand_out(role, column, targets[column], people, held, profile=profile)
            for role, column in (
                ("worker", "grid_code"),
                ("grid_head", "grid_code"),
                ("answerable_unit", "zone_code"),
                ("unit_head", "unit_code"),
                ("building_head", "building_id"),
            )
        ],
        ignore_index=True,
    )
    duties["valid_from"] = valid_from
    progress(0.5, f"writing {len(duties):,} duties")
    with transaction(engine, actor=actor, action="assign_duties") as connection:
        people_store.write_duties(connection, duties)
    progress(1.0, f"{len(duties):,} duties")
    return len(duties)


def _hand_out(
    role: str, column: str, targets: pd.DataFrame, people: pd.DataFrame, held: pd.DataFrame, *, profile: Profile
) -> pd.DataFrame:
    mine = held[held["role"] == role]
    free = people[(people["role"] == role) & ~people.index.isin(held["person_id"])]
    # A mall or a works has nobody at home and still needs a worker; an empty building needs no head.
    wanted = targets if column in ("grid_code", "zone_code") else targets[targets["households"] > 0]
    open_targets = wanted[~wanted.index.isin(mine[column].dropna())]
    per_target = profile.staffing.workers_per_grid if role == "worker" else 1
    duties = staff(open_targets, free, per_target=per_target).rename(columns={"target": column})
    return duties.assign(role=role)
