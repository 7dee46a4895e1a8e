"""Plates in the store: one live plate a door, never two; revoked for good; they outlive a town and find it again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from api.actions.issue_plates import issue_plates
from api.actions.revoke_plate import revoke_plate, settle_report
from api.actions.scan_plate import UnknownPlateError, find_door
from api.plate_keys import PlateKeys, renew_key
from data.plate_codes import is_signed, new_code
from data.postgis.engine import READER, open_engine, reading, transaction
from data.stores import plate_keys, plate_reports
from data.stores import plates as plate_store
from data.stores import town as town_store
from data.stores.plates import RevokedPlateError
from geo.errors import ConflictError, NotFoundError
from tests.fixtures.plated import ALL, CELL_LESS, DOORS_A, SPLIT, issue, plated_ground, plates_in
from tests.fixtures.small_town import COMMUNITIES, STREETS, write_small_town


@pytest.fixture
def keys(writer: Engine) -> PlateKeys:
    write_small_town(writer, plated_ground())
    return PlateKeys(writer)


@pytest.fixture
def reader(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url, role=READER, pool_size=1)
    yield engine
    engine.dispose()


def writing(engine: Engine) -> object:
    return transaction(engine, actor="test", action="test")


def test_every_door_of_an_area_is_given_a_plate_once(writer: Engine, keys: PlateKeys) -> None:
    done = issue(writer, keys=keys)
    assert (done.plates, done.buildings, done.stairwells, done.replacements) == (DOORS_A, 16, 2, 0)
    again = issue(writer, keys=keys)
    assert (again.plates, again.batch_id) == (0, None)
    wider = issue(writer, STREETS[0], keys=keys)
    assert (wider.plates, wider.stairwells) == (16, 0)
    rows = plates_in(writer)
    assert len(rows) == DOORS_A + 16
    assert rows["code"].is_unique
    assert all(is_signed(code, keys.accepted()) for code in rows["code"])


def test_plates_are_in_the_order_people_walk_past_them(writer: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    labels = list(plates_in(writer)["label"])
    of_compound = [label for label in labels if label.startswith("云溪苑")]
    assert of_compound == ["云溪苑1栋", "云溪苑2栋", "云溪苑5栋", "云溪苑5栋 1单元", "云溪苑5栋 2单元", "云溪苑6栋"]
    assert [label for label in labels if label.endswith("号楼")] == [f"{n}号楼" for n in (3, 4, *range(7, 17))]


def test_a_trial_writes_nothing(writer: Engine, keys: PlateKeys) -> None:
    done = issue(writer, keys=keys, is_trial=True)
    assert (done.plates, done.batch_id) == (DOORS_A, None)
    assert plates_in(writer).empty
    with reading(writer) as conn:
        assert plate_keys.read_keys(conn) == []
        assert conn.scalar(text("SELECT count(*) FROM plate_batches")) == 0


def test_two_who_issue_at_once_give_each_door_one_plate(writer: Engine, keys: PlateKeys) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = [one.result() for one in [pool.submit(issue, writer, keys=keys) for _ in range(2)]]
    assert sorted(one.plates for one in done) == [0, DOORS_A]


@pytest.mark.parametrize("door", ["whole", "stairwell"])
def test_the_database_itself_refuses_a_second_live_plate(writer: Engine, keys: PlateKeys, door: str) -> None:
    issue(writer, keys=keys)
    asked = "IS NULL" if door == "whole" else "IS NOT NULL"
    copy = text(
        "INSERT INTO doorplates (code, area_code, building_id, stairwell_id, stairwell_number, label, batch_id,"
        f" issued_by) SELECT :code, area_code, building_id, stairwell_id, stairwell_number, label, batch_id, 'x'"
        f" FROM doorplates WHERE stairwell_id {asked} LIMIT 1"
    )
    with pytest.raises(IntegrityError, match="doorplates_live_idx"), writing(writer) as conn:  # type: ignore[attr-defined]
        conn.execute(copy, {"code": new_code(b"k" * 32)})


def test_every_write_is_in_the_audit_with_who_and_what_for(writer: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    with reading(writer) as conn:
        told = conn.execute(text("SELECT actor, noun, rows FROM audit WHERE action = 'issue_plates'")).all()
    assert set(map(tuple, told)) == {
        ("lin", "doorplates", DOORS_A),
        ("lin", "plate_batches", 1),
        ("lin", "plate_keys", 1),
    }


# -- doors ------------------------------------------------------------------------------------


def test_behind_a_code_are_points_in_every_cell_of_the_door(writer: Engine, reader: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    rows = plates_in(writer)
    with reading(reader) as conn:
        whole = plate_store.find_door(conn, rows.at["云溪苑5栋", "code"])
        second = plate_store.find_door(conn, rows.at["云溪苑5栋 2单元", "code"])
        without = plate_store.find_door(conn, rows.at[f"{CELL_LESS}号楼", "code"])
        assert plate_store.find_door(conn, new_code(b"k" * 32)).empty
        square = text(
            "SELECT count(*) FROM buildings WHERE building_id = :id AND ST_Contains(geometry, ST_Point(:x, :y, 4326))"
        )
        at = {"id": CELL_LESS, "x": float(without["lon"].iloc[0]), "y": float(without["lat"].iloc[0])}
        assert conn.scalar(square, at) == 1
    assert len(whole) == 2
    assert len(second) == 1
    assert second["stairwell"].iloc[0] == 2
    assert set(second["lon"]) < set(whole["lon"])


def test_the_reader_may_ask_for_one_code_and_list_none(writer: Engine, reader: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    for table in ("doorplates", "plate_keys", "plate_batches", "plate_reports"):
        with reading(reader) as conn, pytest.raises(ProgrammingError, match="permission denied"):
            conn.execute(text(f"SELECT * FROM {table}"))


def test_codes_nobody_signed_are_refused_without_asking_the_database(writer: Engine, keys: PlateKeys) -> None:
    keys.accepted()
    gone = open_engine("postgresql://nobody@127.0.0.1:1/nowhere")
    for typed in ("", "K7Q2-9XBM-04TD-VR3H", "门牌", "0" * 16, "\x00"):
        with pytest.raises(UnknownPlateError):
            find_door(gone, keys, typed)


# -- the end of a plate -----------------------------------------------------------------------


def test_a_lost_plate_is_revoked_and_another_takes_its_place(writer: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    old = plates_in(writer).loc["云溪苑5栋 2单元"]
    done = revoke_plate(writer, keys, int(old["plate_id"]), reason="lost", replace=True, account=ALL)
    rows = plates_in(writer, states=["issued"])
    new = rows.loc["云溪苑5栋 2单元"]
    assert (new["plate_id"], new["replaces"], new["batch_id"]) == (done.successor_id, old["plate_id"], done.batch_id)
    assert new["code"] != old["code"]
    with pytest.raises(RevokedPlateError):
        find_door(writer, keys, old["code"])
    assert find_door(writer, keys, new["code"]).name("zh").label == "云溪苑5栋 2单元"
    with pytest.raises(ConflictError, match="revoked already"):
        revoke_plate(writer, keys, int(old["plate_id"]), reason="lost", replace=True, account=ALL)


def test_revoked_without_successor_waits_for_the_next_issue(writer: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    first, second = plates_in(writer).iloc[[0, 1]]["plate_id"].tolist()
    revoke_plate(writer, keys, first, reason="damaged", replace=False, account=ALL)
    revoke_plate(writer, keys, second, reason="demolished", replace=False, account=ALL)
    with reading(writer) as conn:
        missing = plate_store.read_missing(conn, within=COMMUNITIES[0])
    assert missing["replaces"].tolist() == [first]
    done = issue(writer, keys=keys)
    assert (done.plates, done.replacements) == (1, 1)
    assert plates_in(writer, states=["issued"])["replaces"].dropna().tolist() == [first]


def test_a_dry_run_revokes_nothing(writer: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    plate_id = int(plates_in(writer)["plate_id"].iloc[0])
    revoke_plate(writer, keys, plate_id, reason="lost", replace=True, account=ALL, commit=False)
    assert len(plates_in(writer)) == DOORS_A
    assert (plates_in(writer)["state"] == "issued").all()


def report(engine: Engine, plate_id: int, kind: str, words: str | None = None) -> None:
    with writing(engine) as conn:  # type: ignore[attr-defined]
        plate_reports.add_report(conn, plate_id, kind, words)


def open_reports(engine: Engine) -> pd.DataFrame:
    with reading(engine) as conn:
        return plate_reports.list_open(conn)


def test_what_is_said_again_is_counted_and_settled_once(writer: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    plate_id = int(plates_in(writer)["plate_id"].iloc[0])
    report(writer, plate_id, "damaged")
    report(writer, plate_id, "damaged", "划花了")
    report(writer, plate_id, "damaged", "又划花了")
    report(writer, plate_id, "lost")
    found = open_reports(writer).set_index("kind")
    assert found["times"].to_dict() == {"damaged": 3, "lost": 1}
    assert found.at["damaged", "words"] == "划花了"
    damaged = int(found.at["damaged", "report_id"])
    settle_report(writer, keys, damaged, outcome="dismiss", account=ALL)
    assert list(open_reports(writer)["kind"]) == ["lost"]
    with pytest.raises(ConflictError, match="settled already"):
        settle_report(writer, keys, damaged, outcome="dismiss", account=ALL)
    report(writer, plate_id, "damaged")
    assert len(open_reports(writer)) == 2


def test_printed_again_keeps_its_code_replaced_does_not(writer: Engine, keys: PlateKeys) -> None:
    done = issue(writer, keys=keys)
    plate = plates_in(writer).iloc[0]
    plate_id = int(plate["plate_id"])
    with writing(writer) as conn:  # type: ignore[attr-defined]
        assert plate_store.mark_printed(conn, batch_id=done.batch_id) == DOORS_A
    report(writer, plate_id, "damaged")
    settle_report(writer, keys, int(open_reports(writer)["report_id"].iloc[0]), outcome="reprint", account=ALL)
    waiting = plates_in(writer, states=["issued"])
    assert list(waiting["code"]) == [plate["code"]]
    report(writer, plate_id, "lost")
    report(writer, plate_id, "damaged")
    of_lost = open_reports(writer).set_index("kind").at["lost", "report_id"]
    settled = settle_report(writer, keys, int(of_lost), outcome="replace", account=ALL)
    assert open_reports(writer).empty, "a new plate answers all that was said of the old one"
    rows = plates_in(writer).set_index("plate_id")
    assert rows.at[plate_id, "revoked_reason"] == "lost"
    assert rows.at[settled.successor_id, "replaces"] == plate_id


def test_nothing_out_of_scope_is_touched(writer: Engine, keys: PlateKeys) -> None:
    done = issue(writer, keys=keys)
    plate_id = int(plates_in(writer)["plate_id"].iloc[0])
    report(writer, plate_id, "lost")
    foreign = type(ALL)(2, "wang", "street_office", "529901002")
    with pytest.raises(NotFoundError):
        issue_plates(writer, keys, area_code=COMMUNITIES[0], size="60x40", account=foreign)
    with pytest.raises(NotFoundError):
        revoke_plate(writer, keys, plate_id, reason="lost", replace=False, account=foreign)
    with pytest.raises(NotFoundError):
        settle_report(writer, keys, int(open_reports(writer)["report_id"].iloc[0]), outcome="dismiss", account=foreign)
    with writing(writer) as conn:  # type: ignore[attr-defined]
        assert plate_store.mark_printed(conn, within="529901002", batch_id=done.batch_id) == 0


# -- a town that is read in anew --------------------------------------------------------------


def rebuild(engine: Engine, *, drop: int | None = None) -> None:
    """Read the same ground in anew, every building under another id; one may be gone."""
    town = plated_ground().town
    buildings = town.buildings.drop(index=[] if drop is None else [drop])
    moved = {building: building + 1000 for building in town.buildings.index}
    stairwells = town.stairwells[town.stairwells["building_id"].isin(buildings.index)]
    changed = type(town)(
        **{
            **vars(town),
            "buildings": buildings.rename(index=moved),
            "stairwells": stairwells.assign(building_id=stairwells["building_id"].map(moved)).rename(
                index=lambda n: n + 70
            ),
        }
    )
    with writing(engine) as conn:  # type: ignore[attr-defined]
        town_store.clear_town(conn)
        town_store.write_town(conn, changed)


def test_plates_outlive_a_town_and_find_their_buildings_again(writer: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    before = plates_in(writer)
    rebuild(writer)
    after = plates_in(writer)
    assert after["code"].to_dict() == before["code"].to_dict()
    assert (after["building_id"] == before["building_id"] + 1000).all()
    assert find_door(writer, keys, after.at["云溪苑5栋 2单元", "code"]).name("zh").stairwell == "2单元"
    assert issue(writer, keys=keys).plates == 0


def test_a_building_that_is_not_there_any_more_leaves_its_plates_in_a_list(writer: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    rebuild(writer, drop=SPLIT)
    astray = plates_in(writer, states=plate_store.LIVE, is_astray=True)
    assert list(astray["label"]) == ["云溪苑5栋", "云溪苑5栋 1单元", "云溪苑5栋 2单元"]
    with pytest.raises(RevokedPlateError):
        find_door(writer, keys, astray["code"].iloc[0])
    plate_id = int(astray["plate_id"].iloc[0])
    with pytest.raises(ConflictError, match="gone"):
        revoke_plate(writer, keys, plate_id, reason="lost", replace=True, account=ALL)
    revoke_plate(writer, keys, plate_id, reason="demolished", replace=False, account=ALL)
    rebuild(writer)
    assert plates_in(writer, states=plate_store.LIVE, is_astray=True).empty


def test_clearing_a_town_says_so_once_in_the_audit(writer: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    with transaction(writer, actor="test", action="clear") as conn:
        town_store.clear_town(conn)
    with reading(writer) as conn:
        told = text("SELECT count(*), sum(rows) FROM audit WHERE action = 'clear' AND noun = 'doorplates'")
        assert tuple(conn.execute(told).one()) == (1, DOORS_A)


# -- keys -------------------------------------------------------------------------------------


def test_a_new_key_signs_and_the_old_one_still_opens(writer: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    old = plates_in(writer)["code"].iloc[0]
    with writing(writer) as conn:  # type: ignore[attr-defined]
        renew_key(conn)
    keys.forget()
    issue(writer, COMMUNITIES[1], keys=keys)
    new = plates_in(writer, within=COMMUNITIES[1])["code"].iloc[0]
    first, second = keys.accepted()
    assert is_signed(new, [first])
    assert is_signed(old, [second])
    assert find_door(writer, keys, old).points
    assert find_door(writer, keys, new).points


def test_a_key_that_is_set_signs_and_none_is_kept(writer: Engine, keys: PlateKeys) -> None:
    given = PlateKeys(writer, (b"n" * 32, b"m" * 32))
    issue(writer, keys=given)
    code = plates_in(writer)["code"].iloc[0]
    assert is_signed(code, [b"n" * 32])
    with reading(writer) as conn:
        assert plate_keys.read_keys(conn) == []
    with pytest.raises(UnknownPlateError):
        find_door(writer, PlateKeys(writer, (b"x" * 32,)), code)
    assert find_door(writer, PlateKeys(writer, (b"x" * 32, b"n" * 32)), code).points


def test_keys_outlive_a_town(writer: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    with writing(writer) as conn:  # type: ignore[attr-defined]
        town_store.clear_town(conn)
    with reading(writer) as conn:
        assert len(plate_keys.read_keys(conn)) == 1


def test_no_name_and_no_count_of_people_is_in_what_plates_keep(writer: Engine, keys: PlateKeys) -> None:
    issue(writer, keys=keys)
    columns = "SELECT string_agg(column_name, ' ') FROM information_schema.columns WHERE table_name = 'doorplates'"
    with reading(writer) as conn:
        names: Connection | str = str(conn.scalar(text(columns)))
    assert not {"person", "people", "households", "phone"} & set(str(names).split())
