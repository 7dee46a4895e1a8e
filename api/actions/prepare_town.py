"""Prepare the town: everything that follows from ground - cells, first plan, duties, circles, clusters."""

from datetime import date

from sqlalchemy import Connection, Engine

from api.actions import Progress, silent
from api.actions.advance_plan import advance_plan, submit_plan
from api.actions.assign_duties import assign_duties
from api.actions.cut_cells import cut_cells
from api.actions.find_clusters import find_clusters
from api.actions.measure_reach import measure_reach
from api.actions.propose_plan import propose_plan
from api.actions.publish_plan import publish_plan
from api.actions.start_incidents import start_incidents
from data.calendar import day_of, today
from data.postgis.engine import reading, transaction
from data.profiles import Profile
from data.stores import areas as area_store
from data.stores import incidents as incident_store
from data.stores import town as town_store
from data.stores.steps import Step

FIRST_PLAN = "首期网格方案"


def prepare_town(engine: Engine, *, profile: Profile, actor: str, seed: int = 0, progress: Progress = silent) -> int:
    """Run every step on a freshly built town and return the plan_id of its published plan."""

    def part(first: float, last: float) -> Progress:
        return lambda share, message: progress(first + (last - first) * share, message)

    cut_cells(engine, profile=profile, actor=actor, progress=part(0.0, 0.35))
    with reading(engine) as connection:
        areas = area_store.read_areas(connection)
        first_day = _first_day(connection)
    top = areas.index[areas["parent_code"].isna()].min()
    plan_id = propose_plan(
        engine, profile=profile, area_code=top, name=FIRST_PLAN, actor=actor, seed=seed, progress=part(0.35, 0.6)
    )
    _publish(engine, plan_id, first_day, profile=profile, actor=actor)
    assign_duties(engine, plan_id=plan_id, profile=profile, actor=actor, valid_from=first_day, progress=part(0.6, 0.65))
    measure_reach(engine, profile=profile, actor=actor, progress=part(0.65, 0.9))
    find_clusters(engine, profile=profile, actor=actor, progress=part(0.9, 1.0))
    with transaction(engine, actor=actor, action="prepare_town") as connection:
        start_incidents(connection, profile)
        fingerprint = town_store.read_deployment(connection).get("fingerprint")
        # Written last: a town without it was cut short and is built again.
        town_store.write_deployment(connection, prepared=fingerprint)
    return plan_id


def _publish(engine: Engine, plan_id: int, first_day: date, *, profile: Profile, actor: str) -> None:
    """Take the first plan through its whole life; whoever builds a town answers for it."""
    submit_plan(engine, plan_id=plan_id, profile=profile, actor=actor)
    approval = Step("approve", None, actor, document_number=FIRST_PLAN)
    advance_plan(engine, plan_id=plan_id, step=approval, is_own_allowed=True)
    publish_plan(
        engine, plan_id=plan_id, valid_from=first_day, document_number=FIRST_PLAN, profile=profile, actor=actor,
        may_be_past=True,
    )  # fmt: skip


def _first_day(connection: Connection) -> date:
    """The first plan holds from the first incident on, so that every incident finds its grid."""
    first = incident_store.first_reported_at(connection)
    return today() if first is None else min(today(), day_of(first))
