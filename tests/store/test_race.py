"""Races: two who publish at once, and two who take ids at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event

import pytest
from sqlalchemy import Connection, Engine, text

from data.postgis.engine import reading, transaction
from data.stores import plans
from data.stores._rows import allot_ids
from data.tables import metadata
from geo.errors import ConflictError
from tests.fixtures.small_town import COMMUNITIES, COUNTY, draw_cells, draw_plan, publish_draft, write_small_town

A = COMMUNITIES[0]
JULY = date(2026, 7, 1)


def draft(conn: Connection) -> int:
    plan_id = plans.create_plan(conn, area_code=COUNTY, name="新", seed=1, method="x", report={})
    plans.write_grids(conn, plan_id, draw_plan(draw_cells(), communities=(A,)))
    return plan_id


def waits(engine: Engine) -> bool:
    """Whether somebody waits for another's transaction."""
    with engine.connect() as conn:
        return bool(conn.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")))


@pytest.mark.parametrize("second_day", [JULY, date(2026, 8, 1)])
def test_of_two_who_publish_at_once_one_is_refused(writer: Engine, second_day: date) -> None:
    """The second read the plans before the first committed: the constraint decides, not what it read."""
    write_small_town(writer)
    with transaction(writer, actor="t", action="t") as conn:
        first, second = draft(conn), draft(conn)
    begun = Event()

    def publish_second() -> None:
        with transaction(writer, actor="b", action="publish_plan") as conn:
            begun.set()
            publish_draft(conn, second, valid_from=second_day)

    with ThreadPoolExecutor(1) as pool:
        with transaction(writer, actor="a", action="publish_plan") as conn:
            publish_draft(conn, first, valid_from=JULY)
            other = pool.submit(publish_second)
            assert begun.wait(timeout=30)
            while not waits(writer) and not other.done():
                pass
        with pytest.raises(ConflictError, match="plan_areas_one_plan_a_day_excl"):
            other.result(timeout=30)
    with reading(writer) as conn:
        assert plans.plan_on(conn, area_code=A, on=date(2026, 9, 1)) == first
        assert plans.read_plan(conn, second)["state"] == "draft"


def test_ids_are_allotted_once(writer: Engine) -> None:
    def take(_: int) -> list[int]:
        with transaction(writer, actor="t", action="t") as conn:
            return list(allot_ids(conn, metadata.tables["grids"], 200))

    with ThreadPoolExecutor(2) as pool:
        taken = [number for numbers in pool.map(take, range(6)) for number in numbers]
    assert len(taken) == len(set(taken)) == 1_200
