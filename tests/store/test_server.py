"""The private server: it starts, survives being killed, and never takes a half-made cluster for a whole one."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from data.postgis import server as module
from data.postgis.engine import open_engine
from data.postgis.server import PostgisMissingError, PrivateServer, ServerError, default_home
from tests.fixtures.databases import NotATestDatabaseError, require_test_database


@pytest.fixture
def own(tmp_path: Path) -> Iterator[PrivateServer]:
    # Under root the server runs as another user, who must be able to enter the folders above.
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    cluster = PrivateServer(tmp_path / "cluster home", is_durable=True)
    yield cluster
    cluster.stop()


def postmaster(cluster: PrivateServer) -> int:
    return int((cluster.data / "postmaster.pid").read_text().split()[0])


def test_it_starts_twice_keeps_data_and_stops(own: PrivateServer) -> None:
    own.start()
    own.start()
    engine = open_engine(own.create_database("kept_test"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept AS SELECT 7 AS n"))
    engine.dispose()
    own.stop()
    assert not own.is_running()
    own.start()
    assert own.has_database("kept_test")
    engine = open_engine(own.url("kept_test"))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT n FROM kept")) == 7
    engine.dispose()


def test_it_recovers_from_kill_9(own: PrivateServer) -> None:
    own.start()
    engine = open_engine(own.create_database("killed_test"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept AS SELECT 7 AS n"))
    engine.dispose()
    os.kill(postmaster(own), signal.SIGKILL)
    own.start()
    engine = open_engine(own.url("killed_test"))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT n FROM kept")) == 7
    engine.dispose()


def test_a_pid_file_that_names_some_other_program_is_stale(own: PrivateServer) -> None:
    own.start()
    own.stop()
    (own.data / "postmaster.pid").write_text(f"{os.getpid()}\n{own.data}\n")
    own.start()
    assert own.is_running()


def test_a_killed_initialisation_leaves_no_cluster(own: PrivateServer) -> None:
    half_made = own.home / "cluster.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("15\n")
    own.start()
    assert own.is_running()
    assert not half_made.exists()


def test_it_listens_on_no_network_port_and_its_socket_is_private(own: PrivateServer) -> None:
    own.start()
    engine = open_engine(own.url("postgres"))
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW listen_addresses")) == ""
        assert connection.scalar(text("SELECT pg_backend_pid() > 0"))
    engine.dispose()
    assert own.sockets.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root has to drop its rights")
def test_started_by_root_it_runs_as_an_unprivileged_user(own: PrivateServer) -> None:
    own.start()
    assert Path(f"/proc/{postmaster(own)}").stat().st_uid != 0


def test_a_long_path_still_has_a_socket(tmp_path: Path) -> None:
    deep = PrivateServer(tmp_path / ("long" * 30))
    assert len(str(deep.sockets)) < 90


def test_chinese_text_has_trigrams(own: PrivateServer) -> None:
    own.start()
    engine = open_engine(own.create_database("words_test"))
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION pg_trgm"))
        assert connection.scalar(text("SELECT cardinality(show_trgm('凤冈县人民路'))")) == 7
    engine.dispose()


def test_a_broken_configuration_is_an_error_with_the_servers_own_words(own: PrivateServer) -> None:
    own.start()
    own.stop()
    with (own.data / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(ServerError, match="no_such_setting"):
        own.start()


def test_missing_binaries_are_named_with_the_mend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "DEBIAN_BINARIES", tmp_path)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    with pytest.raises(PostgisMissingError, match="make setup"):
        module.find_binaries()


def test_two_checkouts_have_two_homes(tmp_path: Path) -> None:
    assert default_home(tmp_path / "a") != default_home(tmp_path / "b")


def test_a_database_that_is_not_a_test_database_is_refused() -> None:
    assert require_test_database("postgresql:///w1_test")
    for name in ("wangge", "test", "wangge_test_copy", ""):
        with pytest.raises(NotATestDatabaseError):
            require_test_database(f"postgresql:///{name}")
