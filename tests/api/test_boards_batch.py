"""Batches of notice boards: printed as a job, told board by board, handed to whoever asked."""

import io
import re
import zipfile
from typing import Any

import httpx2
import pytest
from PIL import Image
from sqlalchemy import text

from api import jobs
from api.actions import draw_board
from api.jobs import run_worker
from data.calendar import today
from data.postgis.engine import transaction
from tests.fixtures.board import codes_in, pages_of
from tests.fixtures.services import STREET_1, Service, settings_for
from tests.fixtures.small_town import COMMUNITIES

V1 = "/api/v1/boards"
A, B, C, D = COMMUNITIES
STREET_AREA = f"{STREET_1}000"
FULL_NAMES = re.compile("王小明|李建国|张秀英|陈大海|杨柳|赵铁柱")


def order(client: httpx2.Client, area_code: str = STREET_AREA, **more: object) -> httpx2.Response:
    return client.post(f"{V1}/batch", json={"area_code": area_code, **more})


def work(service: Service) -> None:
    run_worker(settings_for(service.database_url), wait=False)


def file_of(service: Service, job_id: int, account: str) -> httpx2.Response:
    with service.client(account) as client:
        return client.get(f"{V1}/batch/{job_id}/file")


def test_a_street_is_printed_as_one_file_for_whoever_asked(own_service: Service) -> None:
    with own_service.client("street_1") as client:
        taken = order(client)
        assert taken.status_code == 202, taken.text
        job_id = taken.json()["job_id"]
        assert taken.json()["boards"] == 4
        assert client.get(f"{V1}/batch/{job_id}/file").status_code == 404, "nothing is made yet"
        work(own_service)
        job = client.get(f"/api/v1/jobs/{job_id}").json()
        assert (job["state"], job["progress_share"]) == ("done", 1.0), job
        made = client.get(f"{V1}/batch/{job_id}/file")
    assert made.status_code == 200
    assert made.headers["content-type"] == "application/pdf"
    assert f"boards-{STREET_AREA}-A3-{today().isoformat()}.pdf" in made.headers["content-disposition"]
    assert len(made.content) == int(made.headers["content-length"])
    pages = pages_of(made.content)
    assert [codes_in(page[1])[0][-15:] for page in pages] == [f"{one}{n}" for one in (A, B) for n in ("001", "002")]
    assert not FULL_NAMES.search("".join(page[0] for page in pages))
    assert file_of(own_service, job_id, "street_2").status_code == 404
    assert file_of(own_service, job_id, f"admin_of_{STREET_1}").status_code == 404
    assert file_of(own_service, job_id, "admin").status_code == 200


def test_pictures_come_packed(own_service: Service) -> None:
    with own_service.client("planner") as client:
        job_id = order(client, A, format="png", size="A3").json()["job_id"]
    work(own_service)
    made = file_of(own_service, job_id, "planner")
    assert made.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(made.content)) as packed:
        assert packed.namelist() == [f"{A}001.png", f"{A}002.png"]
        assert Image.open(io.BytesIO(packed.read(f"{A}001.png"))).size[0] == 1754


def test_a_file_expires(own_service: Service) -> None:
    with own_service.client("planner") as client:
        job_id = order(client, A).json()["job_id"]
    work(own_service)
    assert file_of(own_service, job_id, "planner").status_code == 200
    with transaction(own_service.engine, actor="test", action="test") as conn:
        conn.execute(text("UPDATE job_files SET expires_at = now() - interval '1 second'"))
    assert file_of(own_service, job_id, "planner").status_code == 404


def test_progress_is_told_board_by_board(own_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[float, str]] = []
    update = jobs._update
    monkeypatch.setattr(jobs, "PROGRESS_EVERY_S", 0.0)

    def watched(engine: Any, order: Any, **values: Any) -> None:
        seen.append((values.get("progress_share", -1), values.get("message", "")))
        update(engine, order, **values)

    monkeypatch.setattr(jobs, "_update", watched)
    with own_service.client("planner") as client:
        order(client)
    work(own_service)
    steps = [row for row in seen if row[1]]
    assert [words for _, words in steps] == [f"drawing board {n} of 4" for n in (1, 2, 3, 4)]
    assert [share for share, _ in steps] == sorted(share for share, _ in steps)
    assert jobs.job_message({"state": "running", "message": steps[0][1], "result": None}, "zh") == "正在绘制公示栏"


def test_a_batch_is_for_offices_within_their_scope(service: Service) -> None:
    expected = {
        None: 401, "grid_worker": 403, "street_1": 202, "street_2": 404, "planner_2": 404, "approver": 202,
        "admin": 202,
    }  # fmt: skip
    for account, wanted in expected.items():
        with service.client(account) as client:
            assert order(client).status_code == wanted, account


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"area_code": f"{STREET_1}009"}, 404), ({"area_code": D}, 404), ({"area_code": "5299"}, 422), ({}, 422),
        ({"area_code": A, "size": "A4"}, 422), ({"area_code": A, "format": "svg"}, 422),
        ({"area_code": A, "on": "2020-01-01"}, 404), ({"area_code": A, "colour": "red"}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_printed_is_refused_at_once(service: Service, body: dict[str, object], expected: int) -> None:
    with service.client("admin") as client:
        assert client.post(f"{V1}/batch", json=body).status_code == expected


def test_a_county_is_asked_for_street_by_street(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw_board, "GRIDS_MAX", 3)
    with service.client("admin") as client:
        answer = order(client)
    assert answer.status_code == 422
    assert "4" in answer.json()["detail"]


def test_the_file_of_another_kind_of_job_is_no_board(service: Service) -> None:
    with service.client("street_1") as client:
        job_id = client.post("/api/v1/incidents/clusters").json()["job_id"]
        assert client.get(f"{V1}/batch/{job_id}/file").status_code == 404
