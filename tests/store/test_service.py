"""Accounts, sessions, jobs and imports: what is kept of the service itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from data.postgis.engine import WRITER, transaction
from data.stores import accounts, areas, ground, imports, jobs, people, stations
from data.stores._values import RefusedRowsError
from geo.errors import ConflictError, DuplicateIdError, NotFoundError
from tests.fixtures.small_town import COMMUNITIES
from tests.store.kept import Kept

A = COMMUNITIES[0]
SOON, GONE = datetime.now(UTC) + timedelta(hours=8), datetime.now(UTC) - timedelta(seconds=1)


def account(conn: Connection, name: str = "lin", **changes: Any) -> int:
    values = {"name": name, "password_hash": "$argon2id$x", "role": "planner", "scope": "529901", **changes}
    return accounts.create_account(conn, **values)


# -- accounts and sessions ----------------------------------------------------------------------


def test_an_account_is_found_by_its_name(undone: Connection) -> None:
    account_id = account(undone)
    found = accounts.find_account(undone, "lin")
    assert found is not None
    keys = ("account_id", "role", "scope", "language")
    assert [found[key] for key in keys] == [account_id, "planner", "529901", "zh"]
    assert found["password_hash"] == "$argon2id$x"
    assert found["is_active"] is True
    assert accounts.find_account(undone, "Lin") is None


def test_a_list_of_accounts_holds_no_hash(undone: Connection) -> None:
    account(undone, "b")
    account(undone, "a")
    rows = accounts.list_accounts(undone)
    assert [row["name"] for row in rows] == ["a", "b"]
    assert all("password_hash" not in row for row in rows)


def test_a_name_is_given_once_and_the_transaction_lives_on(undone: Connection) -> None:
    account(undone)
    with pytest.raises(ConflictError, match="taken"):
        account(undone)
    assert account(undone, "wang") > 0


@pytest.mark.parametrize("changes", [{"role": "king"}, {"scope": "north"}, {"scope": ""}, {"scope": "5299010010010"}])
def test_roles_and_scopes_are_checked_by_the_database(kept: Kept, changes: dict[str, str]) -> None:
    refused = pytest.raises(Exception, match=r"accounts_role_check|accounts_scope_check|too long")
    with refused, transaction(kept.engines[WRITER], actor="t", action="t") as conn:
        account(conn, **changes)


def test_a_session_opens_an_account(undone: Connection) -> None:
    account_id = account(undone)
    accounts.open_session(undone, token_hash=b"a" * 32, account_id=account_id, expires_at=SOON)
    found = accounts.find_session(undone, b"a" * 32)
    assert found is not None
    assert (found["account_id"], found["name"]) == (account_id, "lin")
    assert "password_hash" not in found
    assert accounts.find_session(undone, b"b" * 32) is None
    accounts.close_session(undone, b"a" * 32)
    assert accounts.find_session(undone, b"a" * 32) is None
    accounts.close_session(undone, b"a" * 32)  # closing it again is no error


def test_a_session_runs_out_and_is_forgotten(undone: Connection) -> None:
    account_id = account(undone)
    accounts.open_session(undone, token_hash=b"a" * 32, account_id=account_id, expires_at=GONE)
    assert accounts.find_session(undone, b"a" * 32) is None
    accounts.open_session(undone, token_hash=b"b" * 32, account_id=account_id, expires_at=SOON)
    assert undone.scalar(text("SELECT count(*) FROM sessions")) == 1


@pytest.mark.parametrize("change", [{"is_active": False}, {"password_hash": "new"}])
def test_closing_an_account_or_a_new_password_ends_sessions(undone: Connection, change: dict[str, Any]) -> None:
    account_id = account(undone)
    accounts.open_session(undone, token_hash=b"a" * 32, account_id=account_id, expires_at=SOON)
    accounts.change_account(undone, account_id, language="en")
    assert accounts.find_session(undone, b"a" * 32) is not None
    accounts.change_account(undone, account_id, **change)
    assert accounts.find_session(undone, b"a" * 32) is None


def test_changing_an_account_that_is_not_there(undone: Connection) -> None:
    with pytest.raises(NotFoundError, match="999"):
        accounts.change_account(undone, 999, language="en")


# -- jobs ---------------------------------------------------------------------------------------


def test_a_jobs_life(undone: Connection) -> None:
    job_id = jobs.create_job(undone, kind="propose_plan", arguments={"area_code": A, "名": "方案"})
    job = jobs.read_job(undone, job_id)
    assert (job["state"], job["progress_share"], job["finished_at"]) == ("waiting", 0.0, None)
    assert job["arguments"] == {"area_code": A, "名": "方案"}
    jobs.update_job(undone, job_id, state="running", progress_share=0.5, message="…")
    assert jobs.read_job(undone, job_id)["finished_at"] is None
    jobs.update_job(undone, job_id, state="done", result={"plan_id": 7})
    job = jobs.read_job(undone, job_id)
    assert job["result"] == {"plan_id": 7}
    assert job["finished_at"] is not None


def test_a_job_that_is_not_there(undone: Connection) -> None:
    with pytest.raises(NotFoundError, match="999"):
        jobs.read_job(undone, 999)
    with pytest.raises(NotFoundError, match="999"):
        jobs.update_job(undone, 999, state="done")


# -- imports ------------------------------------------------------------------------------------

SOURCE = {"file_name": "站点.csv", "file_sha256": "ab" * 32, "licence": "内部", "crs": "EPSG:4490"}
NO_REJECTS = pd.DataFrame({"row_number": [], "field": [], "reason": [], "original": []})


def station_rows(*refs: str | None, name: str = "站") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"source_ref": list(refs), "name": [f"{name}{ref}" for ref in refs], "category": "health"},
        geometry=[shapely.Point(107.7, 27.95)] * len(refs), crs="EPSG:4326",
        index=pd.RangeIndex(1, len(refs) + 1, name="station_id"),
    )  # fmt: skip


def test_rows_are_stored_or_kept_as_rejects(undone: Connection) -> None:
    rejects = pd.DataFrame(
        {
            "row_number": [3, 3, 7], "field": ["经度", "名称", None], "reason": ["不是数字", "缺失", "重复"],
            "original": [{"经度": "abc", "名称": ""}, {"经度": "abc", "名称": ""}, {"名称": "a\tb\\N"}],
        }
    )  # fmt: skip
    import_id = imports.write_import(undone, "stations", station_rows("a", "b"), rejects, SOURCE)
    head = imports.read_imports(undone)[0]
    assert (head["import_id"], head["noun"], head["file_name"]) == (import_id, "stations", "站点.csv")
    assert (head["rows_in"], head["rows_stored"], head["rows_rejected"]) == (4, 2, 2)
    assert head["source"] == {"licence": "内部", "crs": "EPSG:4490"}
    back = imports.read_rejects(undone, import_id)
    assert list(back["row_number"]) == [3, 3, 7]
    assert list(back["field"]) == ["经度", "名称", None]
    assert list(back["original"]) == rejects["original"].tolist()


def test_ids_of_a_file_mean_nothing_here(undone: Connection) -> None:
    """The town's own stations 1 and 2 stay; the file's 1 and 2 come beside them."""
    imports.write_import(undone, "stations", station_rows("a", "b"), NO_REJECTS, SOURCE)
    found = stations.read_stations(undone)
    assert list(found["source_ref"]) == ["test/p1", "test/p2", "a", "b"]
    assert found.index.is_unique


def test_importing_again_changes_rows_and_doubles_none(undone: Connection) -> None:
    imports.write_import(undone, "stations", station_rows("a", "b"), NO_REJECTS, SOURCE)
    before = stations.read_stations(undone)
    imports.write_import(undone, "stations", station_rows("b", "c", name="新"), NO_REJECTS, SOURCE)
    after = stations.read_stations(undone)
    assert list(after["name"]) == [*before["name"].tolist()[:3], "新b", "新c"]
    assert list(after.index[:4]) == before.index.tolist()
    imports.write_import(undone, "stations", station_rows(None, None), NO_REJECTS, SOURCE)
    assert len(stations.read_stations(undone)) == 7


def test_a_change_leaves_columns_alone_that_the_file_has_not(undone: Connection) -> None:
    rows = pd.DataFrame({"area_code": [A], "source_ref": ["test/w0"], "name": ["王大明"]})
    imports.write_import(undone, "people", rows, NO_REJECTS, SOURCE)
    found = people.read_people(undone)
    assert list(found.loc[1, ["name", "phone", "role"]]) == ["王大明", "13800000000", "worker"]
    assert len(found) == 6


def test_areas_are_known_by_their_code(undone: Connection) -> None:
    rows = gpd.GeoDataFrame(
        {"name": ["云溪社区（新）", "远山社区"], "level": "community", "parent_code": "529901001000"},
        geometry=[shapely.box(1, 1, 2, 2)] * 2, crs="EPSG:4326",
        index=pd.Index([A, "529901001009"], name="area_code"),
    )  # fmt: skip
    imports.write_import(undone, "areas", rows, NO_REJECTS, SOURCE)
    found = areas.read_areas(undone, level="community", within="529901001")
    assert list(found["name"]) == ["云溪社区（新）", "桥头社区", "远山社区"]


def test_a_lost_row_is_refused(kept: Kept) -> None:
    refused = pytest.raises(IntegrityError, match="nothing_lost")
    with refused, transaction(kept.engines[WRITER], actor="t", action="t") as conn:
        imports.write_import(conn, "stations", station_rows("a"), NO_REJECTS, {**SOURCE, "rows_in": 2})


def test_an_import_with_a_bad_row_leaves_nothing(kept: Kept) -> None:
    bad = station_rows("a", "b")
    bad["area_code"] = [A, "529999999999"]
    refused = pytest.raises(RefusedRowsError, match="not present")
    with refused, transaction(kept.engines[WRITER], actor="t", action="t") as conn:
        imports.write_import(conn, "stations", bad, NO_REJECTS, SOURCE)
    with transaction(kept.engines[WRITER], actor="t", action="t") as conn:
        assert imports.read_imports(conn) == []
        assert len(stations.read_stations(conn)) == 2


@pytest.mark.parametrize("refs", [("a", "a"), ("test/p1", "test/p1")])
def test_a_reference_twice_in_one_file_is_refused(kept: Kept, refs: tuple[str, str]) -> None:
    refused = pytest.raises((RefusedRowsError, DuplicateIdError), match=refs[0])
    with refused, transaction(kept.engines[WRITER], actor="t", action="t") as conn:
        imports.write_import(conn, "stations", station_rows(*refs), NO_REJECTS, SOURCE)


def test_files_fill_no_other_table(undone: Connection) -> None:
    with pytest.raises(NotFoundError, match="accounts"):
        imports.write_import(undone, "accounts", pd.DataFrame(), NO_REJECTS, SOURCE)


def test_an_import_within_scope_only(kept: Kept) -> None:
    rows = pd.DataFrame({"area_code": [COMMUNITIES[2]], "source_ref": ["x"], "name": ["外"]})
    refused = pytest.raises(Exception, match="row-level security")
    with refused, transaction(kept.engines[WRITER], actor="t", action="t", scope=A) as conn:
        imports.write_import(conn, "people", rows, NO_REJECTS, SOURCE)


def test_an_import_lands_in_the_audit(undone: Connection) -> None:
    imports.write_import(undone, "stations", station_rows("a", "b"), NO_REJECTS, SOURCE)
    rows = undone.execute(text("SELECT noun, operation, rows FROM audit WHERE action = 'try' ORDER BY audit_id")).all()
    assert ("stations", "insert", 2) in [tuple(row) for row in rows]
    assert len(ground.read_buildings(undone)) == 64
