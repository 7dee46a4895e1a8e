"""Jobs: handed over, run by a worker process, watched, failing in words, and living through a worker's death."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from sqlalchemy import text

from api import jobs
from api.jobs import Queue, job_message, run_job, run_worker, sweep
from api.queue_tables import install_queue
from data.postgis.engine import open_engine, reading
from data.profiles import load_profile
from data.stores import jobs as job_store
from geo.errors import ConflictError
from tests.fixtures.services import Service, settings_for

NEW_PLAN = {"area_code": "529901002002", "name": "新城方案", "seed": 3}


def ask_for_a_plan(service: Service) -> int:
    with service.client("planner") as client:
        answer = client.post("/api/v1/plans", json=NEW_PLAN)
    assert answer.status_code == 202, answer.text
    return int(answer.json()["job_id"])


def read(service: Service, job_id: int, account: str = "planner", lang: str = "zh") -> dict[str, Any]:
    with service.client(account) as client:
        answer = client.get(f"/api/v1/jobs/{job_id}", params={"lang": lang})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def work(service: Service) -> None:
    """Run what is queued, as the worker process does, and stop."""
    run_worker(settings_for(service.database_url), wait=False)


def test_a_proposal_becomes_a_plan(own_service: Service) -> None:
    job_id = ask_for_a_plan(own_service)
    assert read(own_service, job_id)["state"] == "waiting"
    work(own_service)
    job = read(own_service, job_id)
    assert (job["state"], job["progress_share"]) == ("done", 1.0), job
    with own_service.client("planner") as client:
        plan = client.get(f"/api/v1/plans/{job['result']['plan_id']}").json()
        grids = client.get(f"/api/v1/plans/{job['result']['plan_id']}/grids").json()["grids"]
    assert (plan["state"], plan["name"], plan["area_code"]) == ("draft", "新城方案", "529901002002")
    assert sum(row["households"] for row in grids) == 16 * 30, "every household of the community, once"
    with own_service.client("admin") as client:
        actors = {row["actor"] for row in client.get("/api/v1/audit?limit=1000").json()["audit"]}
    assert {"planner", f"job:{job_id}"} <= actors


def test_clusters_and_reach_run_as_jobs(own_service: Service) -> None:
    with own_service.client("street_1") as client:
        clusters = client.post("/api/v1/incidents/clusters").json()["job_id"]
    with own_service.client("planner") as client:
        reach = client.post("/api/v1/reach").json()["job_id"]
    work(own_service)
    assert read(own_service, clusters, "street_1")["state"] == "done"
    assert read(own_service, reach)["state"] == "done"
    with own_service.engine.connect() as conn:
        codes = set(conn.scalars(text("SELECT area_code FROM incident_clusters")))
    assert {code[:9] for code in codes} == {"529901001"}, "only the asker's street was looked at"


def test_progress_is_told_while_it_runs(own_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, float]] = []

    def slow(engine: Any, profile: Any, order: Any, progress: Any) -> dict[str, Any]:
        for share in (0.25, 0.75):
            progress(share, "drawing grids")
            with reading(own_service.engine) as conn:
                row = job_store.read_job(conn, order.job_id)
            seen.append((row["state"], row["progress_share"]))
        return {"plan_id": 1}

    monkeypatch.setattr(jobs, "RUNNERS", {"propose_plan": slow})
    monkeypatch.setattr(jobs, "PROGRESS_EVERY_S", 0.0)
    job_id = ask_for_a_plan(own_service)
    work(own_service)
    assert seen == [("running", 0.25), ("running", 0.75)]
    assert read(own_service, job_id)["result"] == {"plan_id": 1}


def test_a_failed_job_says_why_in_the_readers_language(own_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(engine: Any, profile: Any, order: Any, progress: Any) -> dict[str, Any]:
        raise ConflictError(what="plan 7", reason="cells are missing", reason_zh="缺少地块")

    monkeypatch.setattr(jobs, "RUNNERS", {"propose_plan": refuse})
    job_id = ask_for_a_plan(own_service)
    work(own_service)
    assert read(own_service, job_id)["state"] == "failed"
    assert "缺少地块" in read(own_service, job_id)["message"]
    assert "cells are missing" in read(own_service, job_id, lang="en")["message"]
    assert read(own_service, job_id)["result"] is None


def test_an_unforeseen_error_fails_the_job_in_words(own_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(engine: Any, profile: Any, order: Any, progress: Any) -> dict[str, Any]:
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr(jobs, "RUNNERS", {"propose_plan": break_down})
    job_id = ask_for_a_plan(own_service)
    work(own_service)
    job = read(own_service, job_id)
    assert job["state"] == "failed"
    assert str(job_id) in job["message"]
    assert "secret" not in job["message"]


def test_others_do_not_see_a_job(service: Service) -> None:
    job_id = ask_for_a_plan(service)
    with service.client("street_1") as client:
        assert client.get(f"/api/v1/jobs/{job_id}").status_code == 404
    assert read(service, job_id, "admin")["kind"] == "propose_plan"


def test_a_place_that_does_not_exist_is_refused_at_once(service: Service) -> None:
    with service.client("planner") as client:
        assert client.post("/api/v1/plans", json={**NEW_PLAN, "area_code": "529901009009"}).status_code == 404
        assert client.post("/api/v1/plans", json={**NEW_PLAN, "area_code": "52990100900"}).status_code == 422
        assert client.post("/api/v1/plans", json={**NEW_PLAN, "colour": "red"}).status_code == 422


def test_a_job_lost_between_table_and_queue_is_queued_again(own_service: Service) -> None:
    job_id = ask_for_a_plan(own_service)
    with own_service.engine.begin() as conn:
        conn.execute(text("TRUNCATE procrastinate_jobs CASCADE"))
        conn.execute(text("SELECT set_config('wangge.actor','test',true), set_config('wangge.action','test',true)"))
        conn.execute(text("UPDATE jobs SET created_at = now() - interval '1 minute'"))
    queue = Queue(own_service.engine)
    sweep(own_service.engine, queue)
    sweep(own_service.engine, queue)
    with own_service.engine.connect() as conn:
        queued = list(conn.scalars(text("SELECT args->>'job_id' FROM procrastinate_jobs WHERE status = 'todo'")))
    assert queued == [str(job_id)]


def test_a_running_job_the_queue_gave_up_is_failed_in_words(own_service: Service) -> None:
    job_id = ask_for_a_plan(own_service)
    with own_service.engine.begin() as conn:
        conn.execute(text("TRUNCATE procrastinate_jobs CASCADE"))
        conn.execute(text("SELECT set_config('wangge.actor','test',true), set_config('wangge.action','test',true)"))
        conn.execute(text("UPDATE jobs SET state = 'running', created_at = now() - interval '1 minute'"))
    sweep(own_service.engine, Queue(own_service.engine))
    job = read(own_service, job_id)
    assert job["state"] == "failed"
    assert "中断" in job["message"]


def test_a_job_lives_through_the_death_of_its_worker(own_service: Service) -> None:
    job_id = ask_for_a_plan(own_service)
    program = (
        "import time, sys; from api import jobs; from api.settings import load_settings\n"
        "def hang(engine, profile, order, progress):\n"
        "    print('started', flush=True); time.sleep(600)\n"
        "jobs.RUNNERS = {'propose_plan': hang}\n"
        "jobs.run_worker(load_settings(), stalled_after_s=1.0)\n"
    )
    env = {**os.environ, "WANGGE_DATABASE_URL": own_service.database_url}
    worker = subprocess.Popen([sys.executable, "-c", program], env=env, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline().strip() == "started"
    assert read(own_service, job_id)["state"] == "running"
    worker.send_signal(signal.SIGKILL)
    worker.wait(timeout=20)
    worker.stdout.close()
    time.sleep(2.5)  # longer than the heartbeat the next worker waits for
    run_worker(settings_for(own_service.database_url), wait=False, stalled_after_s=1.0)
    assert read(own_service, job_id)["state"] == "done"


def test_a_job_that_ended_is_not_run_twice(own_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []

    def count(engine: Any, profile: Any, order: Any, progress: Any) -> dict[str, Any]:
        runs.append(order.job_id)
        return {}

    monkeypatch.setattr(jobs, "RUNNERS", {"propose_plan": count})
    job_id = ask_for_a_plan(own_service)
    for _ in range(2):
        run_job(own_service.engine, load_profile("demo"), job_id)
    assert runs == [job_id]


def test_a_worker_killed_before_it_could_say_done_leaves_one_plan(own_service: Service) -> None:
    job_id = ask_for_a_plan(own_service)
    profile, plans = load_profile("demo"), []
    for _ in range(2):
        with own_service.engine.begin() as conn:  # as the killed worker left it: the plan is there, the job runs
            conn.execute(text("SELECT set_config('wangge.actor','test',true), set_config('wangge.action','test',true)"))
            conn.execute(text("UPDATE jobs SET state = 'running', result = NULL"))
        run_job(own_service.engine, profile, job_id)
        plans.append(read(own_service, job_id)["result"]["plan_id"])
    other = ask_for_a_plan(own_service)
    run_job(own_service.engine, profile, other)
    with own_service.engine.connect() as conn:
        drafts = list(conn.scalars(text("SELECT plan_id FROM plans WHERE state = 'draft' ORDER BY plan_id")))
    assert plans[0] == plans[1]
    assert drafts == [plans[0], read(own_service, other)["result"]["plan_id"]], "one draft a job, for each job its own"


def test_the_queue_is_installed_once(database_url: str) -> None:
    assert install_queue(database_url) is True
    assert install_queue(database_url) is False
    engine = open_engine(database_url, role="wangge_writer")
    job_id = Queue(engine).defer("propose_plan", {"seed": 1}, actor="test", account_id=None)
    with reading(engine) as conn:
        assert job_store.read_job(conn, job_id)["arguments"] == {"seed": 1}
    engine.dispose()


def test_messages_of_steps_are_chinese_for_readers_of_chinese() -> None:
    row = {"state": "running", "message": "storing 12 grids", "result": None}
    assert (job_message(row, "zh"), job_message(row, "en")) == ("正在保存", "storing 12 grids")
    assert job_message({**row, "message": None}, "zh") is None
