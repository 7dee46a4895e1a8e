"""Jobs: long work, deferred to a worker process through the same PostgreSQL (procrastinate).

The queue says what is to be run; our own table `jobs` says how far it is and what came of it. A job
runs at least once: a worker that dies is noticed by its heartbeat and its job is run again, at
most `ATTEMPTS_MAX` times. A job that fails says why, in both languages.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import procrastinate
import structlog
from procrastinate.contrib.sqlalchemy import SQLAlchemyPsycopg2Connector
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import Engine, make_url, text

from api.actions import Progress
from api.actions.draw_board import BoardOrder, keep_boards
from api.actions.find_clusters import find_clusters
from api.actions.measure_reach import measure_reach
from api.actions.print_plates import Imprint, print_order
from api.actions.print_plates import Order as PlateOrder
from api.actions.propose_plan import PlanWishes, propose_plan
from api.queue_tables import install_queue
from api.settings import Settings
from data.postgis.engine import WRITER, open_engine, reading, transaction
from data.profiles import Profile, load_profile
from data.stores import jobs as job_store
from data.stores import town
from geo.errors import WanggeError

log = structlog.get_logger("wangge.jobs")

QUEUE, TASK = "wangge", "run_job"
ATTEMPTS_MAX = 3
STALLED_AFTER_S = 30.0
SWEEP_EVERY_S = 10.0
PROGRESS_EVERY_S = 0.5
# Told to stop, a worker ends the job in hand if that takes no longer; supervisors commonly lose patience after ten.
GRACE_S = 7.0

FAULT = {
    "zh": "任务因意外错误停止，已记录。请联系管理员，任务编号 {job_id}。",
    "en": "The job stopped on an unforeseen error, which was logged. Tell the operator the job number {job_id}.",
}
LOST = {
    "zh": "执行任务的进程多次中断，任务未完成。请检查工作进程后重新提交。",
    "en": "The worker died several times while running this job. Check the worker and ask again.",
}
UNKNOWN = {"zh": "未知任务类型：{kind}。", "en": "Unknown kind of job: {kind}."}


@dataclass(frozen=True)
class Order:
    """One job as the runner is handed it."""

    job_id: int
    kind: str
    arguments: Mapping[str, Any]
    account_id: int | None


_PLAN_OF_JOB = text("SELECT min(plan_id) FROM plans WHERE report->>'job_id' = :job_id")
_WISHES = tuple(field.name for field in fields(PlanWishes))
Runner = Callable[[Engine, Profile, Order, Progress], dict[str, Any]]


def _propose_plan(engine: Engine, profile: Profile, order: Order, progress: Progress) -> dict[str, Any]:
    # A worker that died between storing the plan and saying so has left it: not a second one.
    with reading(engine) as conn:
        plan_id = conn.scalar(_PLAN_OF_JOB, {"job_id": str(order.job_id)})
    if plan_id is None:
        asked = {name: value for name, value in order.arguments.items() if name not in _WISHES}
        wishes = PlanWishes(**{name: order.arguments[name] for name in _WISHES if name in order.arguments})
        plan_id = propose_plan(
            engine, profile=profile, actor=f"job:{order.job_id}", account_id=order.account_id,
            job_id=order.job_id, wishes=wishes, progress=progress, **asked,
        )  # fmt: skip
    return {"plan_id": int(plan_id)}


def _measure_reach(engine: Engine, profile: Profile, order: Order, progress: Progress) -> dict[str, Any]:
    made = measure_reach(engine, profile=profile, actor=f"job:{order.job_id}", progress=progress)
    return {"circles": made.circles, "pieces": made.pieces, "stand_ins": [list(row) for row in made.stand_ins]}


def _find_clusters(engine: Engine, profile: Profile, order: Order, progress: Progress) -> dict[str, Any]:
    actor = f"job:{order.job_id}"
    return {"clusters": find_clusters(engine, profile=profile, actor=actor, progress=progress, **order.arguments)}


def _print_plates(engine: Engine, profile: Profile, order: Order, progress: Progress) -> dict[str, Any]:
    del profile  # what plates say was settled when they were ordered
    asked, imprint = PlateOrder(**order.arguments["order"]), Imprint(**order.arguments["imprint"])
    return print_order(engine, asked, imprint, job_id=order.job_id, progress=progress)


def _print_boards(engine: Engine, profile: Profile, order: Order, progress: Progress) -> dict[str, Any]:
    asked = order.arguments
    wanted = BoardOrder(asked["size"], asked["format"], date.fromisoformat(asked["on"]), asked["public_url"])
    made = keep_boards(
        engine, asked["area_code"], wanted, job_id=order.job_id, profile=profile, progress=progress
    )  # fmt: skip
    return {"name": made.name, "size_bytes": made.size_bytes}


RUNNERS: Mapping[str, Runner] = {
    "propose_plan": _propose_plan,
    "measure_reach": _measure_reach,
    "find_clusters": _find_clusters,
    "print_plates": _print_plates,
    "print_boards": _print_boards,
}


# What actions say while they run, for readers of Chinese; the figures in a message stay as they are.
STEPS_ZH = (
    ("reading cells", "正在读取地块"),
    ("drawing grids", "正在划分网格"),
    ("drawing plates", "正在绘制门牌"),
    ("drawing board", "正在绘制公示栏"),
    ("checking the plan", "正在独立校验方案"),
    ("drawing zones and household units", "正在划分责任区域和联户单元"),
    ("storing", "正在保存"),
    ("writing", "正在写入"),
    ("reading streets", "正在读取道路"),
    ("walking from", "正在测算步行范围"),
    ("finding the nearest station", "正在查找最近的服务站点"),
    ("reading", "正在读取"),
)


def job_message(row: Mapping[str, Any], language: str) -> str | None:
    """Return what a job says, in the reader's language."""
    words = (row["result"] or {}).get("error") if row["state"] == "failed" else None
    if words is not None:
        return str(words[language])
    message: str | None = row["message"]
    if message is None or language == "en":
        return message
    return next((zh for en, zh in STEPS_ZH if message.startswith(en)), message)


class Queue:
    """Hands jobs over from the web process, on the engine it already has."""

    def __init__(self, engine: Engine) -> None:
        connector = SQLAlchemyPsycopg2Connector()
        self.engine = engine
        self._app = procrastinate.App(connector=connector)
        self._app.open(engine)

    def defer(self, kind: str, arguments: Mapping[str, Any], *, actor: str, account_id: int | None) -> int:
        """Store a job and queue it; return its job_id.

        A process killed between the two leaves a waiting job that the next sweep queues.
        """
        with transaction(self.engine, actor=actor, action="defer_job") as conn:
            job_id = job_store.create_job(conn, kind=kind, arguments=dict(arguments), account_id=account_id)
        self.enqueue(job_id, kind)
        return job_id

    def enqueue(self, job_id: int, kind: str) -> None:
        """Queue a stored job; one that is queued already stays where it is."""
        deferrer = self._app.configure_task(TASK, queue=QUEUE, lock=kind, queueing_lock=f"job:{job_id}")
        try:
            deferrer.defer(job_id=job_id)
        except AlreadyEnqueued:
            log.info("already queued", job_id=job_id)


def run_job(engine: Engine, profile: Profile, job_id: int) -> None:
    """Run one stored job to its end, keeping its row; a job that ended already is left alone."""
    with reading(engine) as conn:
        row = job_store.read_job(conn, job_id)
    if row["state"] in ("done", "failed"):
        return
    order = Order(job_id, row["kind"], row["arguments"], row["account_id"])
    runner = RUNNERS.get(order.kind)
    if runner is None:
        _fail(engine, order, {language: words.format(kind=order.kind) for language, words in UNKNOWN.items()})
        return
    _update(engine, order, state="running", progress_share=0.0, message="")
    words: dict[str, str] | None = {language: text_.format(job_id=job_id) for language, text_ in FAULT.items()}
    try:
        result = runner(engine, profile, order, _watched(engine, order))
        words = None
    except WanggeError as error:
        words = {"zh": error.text("zh"), "en": error.text("en")}
    finally:
        # Also on an unforeseen error, which goes on to the queue and its log.
        if words is not None:
            _fail(engine, order, words)
    if words is None:
        _update(engine, order, state="done", progress_share=1.0, result=result)


def _watched(engine: Engine, order: Order) -> Progress:
    last_s = 0.0

    def progress(share: float, message: str) -> None:
        nonlocal last_s
        now = time.monotonic()
        if now - last_s >= PROGRESS_EVERY_S:
            last_s = now
            _update(engine, order, progress_share=min(max(share, 0.0), 1.0), message=message)

    return progress


def _update(engine: Engine, order: Order, **values: Any) -> None:
    with transaction(engine, actor=f"job:{order.job_id}", action=order.kind) as conn:
        job_store.update_job(conn, order.job_id, **values)


def _fail(engine: Engine, order: Order, words: Mapping[str, str]) -> None:
    _update(engine, order, state="failed", message=words["zh"], result={"error": dict(words)})


def sweep(engine: Engine, queue: Queue) -> None:
    """Queue waiting jobs the queue does not know, and fail running ones it has given up."""
    with reading(engine) as conn:
        rows = conn.execute(
            text(
                "SELECT j.job_id, j.kind, j.state FROM jobs j WHERE j.state IN ('waiting', 'running')"
                " AND j.created_at < now() - interval '5 seconds' AND NOT EXISTS ("
                "SELECT FROM procrastinate_jobs q WHERE q.args->>'job_id' = j.job_id::text"
                " AND q.status IN ('todo', 'doing')) ORDER BY j.job_id"
            )
        ).all()
    for row in rows:
        if row.state == "waiting":
            queue.enqueue(row.job_id, row.kind)
        else:
            _fail(engine, Order(row.job_id, row.kind, {}, None), LOST)


def _profile(settings: Settings, engine: Engine) -> Profile:
    if settings.profile is not None:
        return load_profile(settings.profile)
    with reading(engine) as conn:
        return load_profile(str(town.read_deployment(conn).get("profile") or "demo"))


def run_worker(settings: Settings, *, wait: bool = True, stalled_after_s: float = STALLED_AFTER_S) -> None:
    """Run jobs until a stop signal (or, with ``wait=False``, until the queue is empty).

    Told to stop it returns at once where it is idle, else when the job in hand ends; after `GRACE_S` it gives the job
    back to the queue, for another worker, and ends the process.

    Parameters
    ----------
    stalled_after_s
        Seconds without a heartbeat after which another worker's job is run again.
    """
    install_queue(settings.url)
    engine = open_engine(settings.url, role=WRITER, pool_size=4, statement_timeout_ms=0)
    try:
        queue = Queue(engine)
        asyncio.run(_work(settings, engine, queue, wait=wait, stalled_after_s=stalled_after_s))
    finally:
        engine.dispose()


async def _work(settings: Settings, engine: Engine, queue: Queue, *, wait: bool, stalled_after_s: float) -> None:
    address = make_url(settings.url).set(drivername="postgresql").render_as_string(hide_password=False)
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=address, max_size=4))

    in_hand: list[procrastinate.jobs.Job] = []

    @app.task(name=TASK, queue=QUEUE, pass_context=True)
    def run(context: procrastinate.JobContext, job_id: int) -> None:
        in_hand.append(context.job)
        try:
            # Read anew for each job: a town may have been built, with another profile, since the worker started.
            run_job(engine, _profile(settings, engine), job_id)
        finally:
            in_hand.remove(context.job)

    async with app.open_async():
        await _revive(app, stalled_after_s)
        await asyncio.to_thread(sweep, engine, queue)
        sweeping = asyncio.create_task(_keep_sweeping(app, engine, queue, stalled_after_s))
        working = asyncio.create_task(app.run_worker_async(
            queues=[QUEUE], wait=wait, concurrency=1, install_signal_handlers=False, listen_notify=wait,
            fetch_job_polling_interval=2.0, stalled_worker_timeout=stalled_after_s,
            update_heartbeat_interval=min(10.0, stalled_after_s / 3),
        ))  # fmt: skip
        try:
            await (_until_stopped(app, working, in_hand) if wait else working)
        finally:
            sweeping.cancel()


async def _until_stopped(
    app: procrastinate.App, working: "asyncio.Task[None]", in_hand: list[procrastinate.jobs.Job]
) -> None:
    """Work until a signal says stop; then end the job in hand, or give it back where it takes too long."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    stopping = asyncio.create_task(told.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not told.is_set():
        stopping.cancel()
        return await working
    working.cancel()  # it takes no other job, and waits for the one in hand
    done, _ = await asyncio.wait({working}, timeout=GRACE_S)
    if not done:
        for job in list(in_hand):
            log.warning("job given back", queue_id=job.id)
            await app.job_manager.retry_job(job)
        # A thread cannot be stopped but with its process; what it had not stored is rolled back by the database.
        os._exit(0)
    return None


async def _keep_sweeping(app: procrastinate.App, engine: Engine, queue: Queue, stalled_after_s: float) -> None:
    while True:
        await asyncio.sleep(SWEEP_EVERY_S)
        await _revive(app, stalled_after_s)
        await asyncio.to_thread(sweep, engine, queue)


async def _revive(app: procrastinate.App, stalled_after_s: float) -> None:
    """Queue again the jobs of workers that died; one that has killed several workers is given up."""
    for job in await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=stalled_after_s):
        log.warning("stalled job", queue_id=job.id, attempts=job.attempts)
        if job.attempts >= ATTEMPTS_MAX:
            await app.job_manager.finish_job(job, procrastinate.jobs.Status.FAILED, delete_job=False)
        else:
            await app.job_manager.retry_job(job)
