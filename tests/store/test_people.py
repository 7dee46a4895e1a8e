"""People and duties: who answers on a day, and how little the public is told of it."""

from datetime import date

import pandas as pd
import pytest
from sqlalchemy import Connection, text

from data.postgis.engine import READER, WRITER, reading, transaction
from data.stores import people
from data.stores._values import RefusedRowsError
from geo.errors import MissingColumnsError
from tests.fixtures.small_town import COMMUNITIES, PUBLISHED_ON, VACANT
from tests.store.kept import Kept

A = COMMUNITIES[0]
JULY = date(2026, 7, 1)


def duty(**changes: object) -> pd.DataFrame:
    row = {"person_id": 6, "area_code": A, "role": "worker", "grid_code": VACANT, "valid_from": JULY, **changes}
    return pd.DataFrame([row])


def test_people_with_their_private_numbers(conn: Connection) -> None:
    found = people.read_people(conn)
    assert found.loc[1].to_dict() == {
        "area_code": A,
        "source_ref": "test/w0",
        "kind": "person",
        "role": "worker",
        "name": "王小明",
        "phone": "13800000000",
        "duty_line": "0851-2200000",
    }


def test_duties_of_a_day(undone: Connection) -> None:
    people.write_duties(undone, duty(valid_to=date(2026, 8, 1)))
    for on, expected in (
        (date(2025, 12, 31), 0),
        (PUBLISHED_ON, 5),
        (date(2026, 6, 30), 5),
        (JULY, 6),
        (date(2026, 7, 31), 6),
        (date(2026, 8, 1), 5),
    ):
        assert len(people.read_duties(undone, on=on)) == expected
    found = people.read_duties(undone, on=JULY)
    assert "phone" not in found.columns
    last = found[found["person_id"] == 6].iloc[0]
    assert (last["name"], last["grid_code"], last["zone_code"]) == ("赵铁柱", VACANT, None)
    assert (last["valid_from"], last["valid_to"]) == (JULY, date(2026, 8, 1))


def test_duties_for_every_kind_of_target(undone: Connection) -> None:
    frame = pd.concat(
        [
            duty(role="answerable_unit", grid_code=None, zone_code=VACANT + "001"),
            duty(role="unit_head", grid_code=None, unit_code=VACANT + "0001"),
            duty(role="building_head", grid_code=None, building_id=48.0),
        ],
        ignore_index=True,
    )
    assert people.write_duties(undone, frame) == 3
    found = people.read_duties(undone, on=JULY).set_index("role")
    assert found.loc["building_head", "building_id"] == 48
    assert found.loc["unit_head", "unit_code"] == VACANT + "0001"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"grid_code": None}, "one_target"),
        ({"building_id": 1}, "one_target"),
        ({"role": "mayor"}, "duties_role_check"),
        ({"valid_to": date(2026, 6, 1)}, "lower bound must be less"),
        ({"person_id": 999}, "not present"),
    ],
)
def test_a_duty_that_says_nothing_is_refused(kept: Kept, changes: dict[str, object], reason: str) -> None:
    refused = pytest.raises(RefusedRowsError, match=reason)
    with refused, transaction(kept.engines[WRITER], actor="t", action="t") as conn:
        people.write_duties(conn, duty(**changes))


def test_a_missing_column_is_named(undone: Connection) -> None:
    with pytest.raises(MissingColumnsError, match="valid_from"):
        people.write_duties(undone, duty().drop(columns="valid_from"))


def test_the_public_is_told_a_surname_and_a_duty_line(kept: Kept) -> None:
    with reading(kept.engines[READER], scope="") as conn:
        found = people.public_contacts(conn, JULY)
    assert list(found.columns) == ["name", "duty_line"]
    assert list(found.loc[f"{A}001"]) == ["王网格员", "0851-2200000"]
    assert VACANT not in found.index
    assert len(found) == 5


def test_asking_for_contacts_widens_no_scope(kept: Kept) -> None:
    with reading(kept.engines[WRITER], scope=A) as conn:
        assert len(people.public_contacts(conn, JULY)) == 5
        assert len(people.read_people(conn)) == 2
    with kept.engines[WRITER].connect() as conn:
        people.public_contacts(conn, JULY)
        assert len(people.read_people(conn)) == 0


def test_of_two_workers_the_longest_in_duty_is_named(undone: Connection) -> None:
    people.write_duties(undone, duty(grid_code=f"{A}001"))
    assert people.public_contacts(undone, JULY).loc[f"{A}001", "name"] == "王网格员"
    undone.execute(text("UPDATE duties SET valid = '[2026-01-01,2026-07-01)' WHERE person_id = 1"))
    assert people.public_contacts(undone, JULY).loc[f"{A}001", "name"] == "赵网格员"


def test_a_worker_without_a_duty_line(undone: Connection) -> None:
    undone.execute(text("UPDATE people SET duty_line = NULL WHERE person_id = 1"))
    assert people.public_contacts(undone, JULY).loc[f"{A}001", "duty_line"] is None


@pytest.mark.parametrize(
    ("name", "kind", "masked"),
    [
        ("王小明", "person", "王网格员"),
        ("欧阳修", "person", "欧阳网格员"),
        ("欧阳", "person", "欧网格员"),
        ("诸葛亮", "person", "诸葛网格员"),
        ("买买提·吐尔逊", "person", "买网格员"),
        ("john smith", "person", "J. 网格员"),
        ("云溪物业服务有限公司", "organisation", "云溪物业服务有限公司"),
    ],
)
def test_masked_names(conn: Connection, name: str, kind: str, masked: str) -> None:
    asked = text("SELECT wangge_masked_name(:name, :kind)")
    assert conn.scalar(asked, {"name": name, "kind": kind}) == masked
