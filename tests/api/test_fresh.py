"""Values kept in memory: one loader a key, the value before it for the others, and no waiting for other keys."""

import threading
from collections.abc import Callable

import pytest

from api.fresh import Fresh


class Gate:
    """A loader that says when it has begun and ends when it is let."""

    def __init__(self, value: str) -> None:
        self.value, self.calls = value, 0
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.calls += 1
        self.begun.set()
        assert self.may_end.wait(20)
        return self.value


def run(job: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=job, daemon=True)
    thread.start()
    return thread


def test_while_one_loads_the_others_have_the_value_before() -> None:
    fresh: Fresh[str] = Fresh(kept_max=3)
    assert fresh.get("a", lambda: "old", every_s=0) == "old"
    slow, got = Gate("new"), []
    loader = run(lambda: got.append(fresh.get("a", slow, every_s=0)))
    assert slow.begun.wait(20)
    assert fresh.get("a", slow, every_s=0) == "old"
    assert fresh.get("b", lambda: "other", every_s=0) == "other", "another key waits for nobody"
    slow.may_end.set()
    loader.join(20)
    assert got == ["new"]
    assert slow.calls == 1
    assert fresh.get("a", slow, every_s=60) == "new"


def test_without_a_value_all_wait_for_the_one_loader() -> None:
    fresh: Fresh[str] = Fresh(kept_max=3)
    slow, got = Gate("first"), []
    askers = [run(lambda: got.append(fresh.get("a", slow, every_s=60))) for _ in range(4)]
    assert slow.begun.wait(20)
    slow.may_end.set()
    for asker in askers:
        asker.join(20)
    assert got == ["first"] * 4
    assert slow.calls == 1


def test_a_failed_load_is_told_and_keeps_the_value_before() -> None:
    fresh: Fresh[str] = Fresh(kept_max=3)
    fresh.get("a", lambda: "old", every_s=0)

    def fail() -> str:
        raise ConnectionError("away")

    with pytest.raises(ConnectionError):
        fresh.get("a", fail, every_s=0)
    assert fresh.get("a", fail, every_s=60) == "old"
    assert fresh.get("a", lambda: "back", every_s=0) == "back", "the failed load let go of its lock"


def test_the_oldest_key_goes() -> None:
    fresh: Fresh[str] = Fresh(kept_max=2)
    for key in ("a", "b", "a", "c"):
        fresh.get(key, lambda key=key: key, every_s=60)  # type: ignore[misc]  # mypy cannot infer a lambda's default
    assert fresh.get("a", lambda: "again", every_s=60) == "a"
    assert fresh.get("b", lambda: "again", every_s=60) == "again"
