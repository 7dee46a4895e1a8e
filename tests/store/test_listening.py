"""A listener hears what transactions tell, once they are through, and begins anew where its connection is lost."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text

from data.postgis.engine import READER, open_engine, transaction
from data.postgis.listening import Listener

LONG_S = 20


class Ear:
    """A listener as the reader's role, and how often it heard something."""

    def __init__(self, url: str) -> None:
        self.count, self.heard = 0, threading.Condition()
        self.engine = open_engine(url, role=READER)
        self.listener = Listener(self.engine, "wangge_public", self._hear)

    def _hear(self) -> None:
        with self.heard:
            self.count += 1
            self.heard.notify_all()

    def wait_for(self, count: int) -> bool:
        """Wait until it heard so often; False where it never does."""
        with self.heard:
            return self.heard.wait_for(lambda: self.count >= count, timeout=LONG_S)


@pytest.fixture
def ear(database_url: str) -> Iterator[Ear]:
    made = Ear(database_url)
    made.listener.start()
    assert made.wait_for(1), "it looks once when it begins"
    yield made
    made.listener.stop()
    made.engine.dispose()


def write(engine: Engine, *, commit: bool = True) -> None:
    with transaction(engine, actor="test", action="test", commit=commit) as conn:
        conn.execute(text("UPDATE people SET name = name"))


def test_what_is_written_is_heard(ear: Ear, engine: Engine) -> None:
    write(engine)
    assert ear.wait_for(2)


def test_what_is_rolled_back_is_not_heard(ear: Ear, engine: Engine) -> None:
    write(engine, commit=False)
    write(engine)
    assert ear.wait_for(2)
    assert ear.count == 2


def test_a_lost_connection_is_made_again_and_looks_at_once(ear: Ear, engine: Engine) -> None:
    cut_off(engine)
    assert ear.wait_for(2)
    write(engine)
    assert ear.wait_for(3)


def test_it_is_sure_while_it_hears_itself_and_no_longer(ear: Ear, engine: Engine) -> None:
    assert eventually(lambda: ear.listener.is_sure)
    cut_off(engine)
    assert eventually(lambda: not ear.listener.is_sure), "a lost connection is noticed"
    assert ear.wait_for(2)
    assert eventually(lambda: ear.listener.is_sure), "and found again"


def test_a_connection_that_hears_nothing_is_not_taken_for_silence(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    # As behind a pool that shares connections out by the transaction: what is told goes to another.
    assert eventually(lambda: ear.listener.is_sure)
    monkeypatch.setattr(ear.listener, "_echo", "told_to_somebody_else")
    assert eventually(lambda: not ear.listener.is_sure)


def cut_off(engine: Engine) -> None:
    """End the listener's connection, as a server that is restarted does."""
    with engine.connect() as conn:
        killed = conn.scalar(text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query ~ '^(LISTEN|NOTIFY)'"
        ))  # fmt: skip
    assert killed == 1


def eventually(is_so: Callable[[], bool]) -> bool:
    """Return whether something becomes so within `LONG_S`."""
    for _ in range(LONG_S * 20):
        if is_so():
            return True
        time.sleep(0.05)
    return False
