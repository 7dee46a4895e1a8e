"""Being told to end: the demo takes its job runner with it, and a job runner does not stay on, idle or at work."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.api.test_jobs import ask_for_a_plan, read, work
from tests.fixtures.commands import ROOT, environment
from tests.fixtures.services import Service

DEMO = """
import sys
from api.cli import demo
from api.settings import load_settings
with demo.job_runner():
    demo.run_server(load_settings().model_copy(update={"port": int(sys.argv[1])}))
"""
BUSY = """
import time
from api import jobs
from api.settings import load_settings
def hang(engine, profile, order, progress):
    print("started", flush=True)
    time.sleep(600)
jobs.RUNNERS, jobs.GRACE_S = {"propose_plan": hang}, 0.5
jobs.run_worker(load_settings())
"""


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def is_handled(pid: int) -> bool:
    """Whether a process has said what it does when it is told to end."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool(int(status["SigCgt"], 16) >> (signal.SIGTERM - 1) & 1)


def until(what: str, is_so: object) -> None:
    assert callable(is_so)
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what} in vain")


def test_the_demo_told_to_end_takes_its_job_runner_with_it(database_url: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    demo = subprocess.Popen(
        [sys.executable, "-c", DEMO, str(port)], cwd=ROOT, env=environment(database_url),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    worker = 0
    try:
        with socket.socket() as client:
            until("the server was waited for", lambda: client.connect_ex(("127.0.0.1", port)) == 0)
        (worker,) = children(demo.pid)
        until("the job runner was waited for", lambda: is_handled(worker))
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(timeout=60) == 128 + signal.SIGTERM
        assert not is_running(worker)
    finally:
        for pid in (demo.pid, worker):
            if pid and is_running(pid):
                os.kill(pid, signal.SIGKILL)
        demo.wait()


def test_a_job_in_hand_is_given_back_when_its_worker_is_told_to_end(own_service: Service) -> None:
    job_id = ask_for_a_plan(own_service)
    env = environment(own_service.database_url)
    worker = subprocess.Popen([sys.executable, "-c", BUSY], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    with worker.stdout as said:
        assert said.readline().strip() == "started"
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=60) == 0
    assert read(own_service, job_id)["state"] == "running"
    work(own_service)
    assert read(own_service, job_id)["state"] == "done"
