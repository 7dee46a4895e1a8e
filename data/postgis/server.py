"""A private PostGIS: our own cluster in our own folder, never a server the user already has.

It listens on a Unix socket in a folder only its owner may enter, and on no network port; so it
needs no password and cannot be reached from another machine. Started as root it runs as an
unprivileged user. It is safe to kill anything: a half-made cluster is never taken for a whole one,
a stale pid file is recognised, and PostgreSQL recovers from its own log.
"""

import fcntl
import hashlib
import logging
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo.errors import WanggeError

log = logging.getLogger(__name__)

SUPERUSER = "wangge"  # makes databases and migrates; the service itself signs in as SERVICE
SERVICE = "wangge_service"
SERVER_USERS = ("postgres", "nobody")  # whom to run as when started by root
SOCKET_PATH_MAX = 90  # the kernel allows 107 bytes; the socket's own name needs the rest
DEBIAN_BINARIES = Path("/usr/lib/postgresql")

CONFIG = """\
# Written by wangge at every start; edit postgresql.conf for your own settings.
listen_addresses = ''
unix_socket_directories = '{sockets}'
port = {port}
max_connections = 240
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 128MB
max_wal_size = 4GB
jit = off
logging_collector = off
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
"""


class PostgisMissingError(WanggeError):
    """PostgreSQL or its PostGIS extension is not installed."""

    zh = "没有找到 PostgreSQL 和 PostGIS（{where}）。请运行 make setup，或 apt install postgresql-postgis。"
    en = "PostgreSQL with PostGIS was not found ({where}). Run make setup, or apt install postgresql-postgis."


class ServerError(WanggeError):
    """The private server does not start."""

    zh = "内置 PostGIS 无法启动：{reason}。日志：{log}。"
    en = "The private PostGIS does not start: {reason}. Its log: {log}."


def default_home(project: Path) -> Path:
    """Return where a checkout keeps its cluster: inside it, or under /var/lib for root.

    Root runs the server as another user, who could not enter a checkout below root's own home.
    """
    if os.getuid() == 0:
        return Path("/var/lib/wangge") / hashlib.sha256(str(project.resolve()).encode()).hexdigest()[:12]
    return project / ".wangge"


def find_binaries() -> Path:
    """Return the folder of the newest PostgreSQL binaries that have PostGIS beside them.

    Raises
    ------
    PostgisMissingError
        None is installed.
    """
    candidates = sorted(DEBIAN_BINARIES.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which("pg_config")
    if on_path:
        candidates.append(Path(_output([on_path, "--bindir"])))
    for folder in candidates:
        if (folder / "postgres").exists() and _has_postgis(folder):
            return folder
    raise PostgisMissingError(where=", ".join(map(str, candidates)) or str(DEBIAN_BINARIES))


class PrivateServer:
    """One private cluster in `home`; see the module docstring.

    Parameters
    ----------
    home
        The cluster's own folder; made on first use.
    is_durable
        False trades safety at a power cut for speed: tests only.
    """

    def __init__(self, home: Path, *, is_durable: bool = True) -> None:
        self.home = home.resolve()
        self.data = self.home / "cluster"
        self.log_file = self.home / "postgres.log"
        self.is_durable = is_durable
        self._name = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        # The port only names the socket file; each cluster has its own, so two never meet in one folder.
        self.port = 20_000 + int(self._name, 16) % 40_000

    @property
    def sockets(self) -> Path:
        """The folder of the socket: in the cluster's home, or under /tmp where that path is too long."""
        inside = self.home / "run"
        if len(str(inside)) <= SOCKET_PATH_MAX:
            return inside
        return Path(tempfile.gettempdir()) / f"wangge-{os.getuid()}-{self._name}"

    def url(self, database: str, *, login: str = SUPERUSER) -> str:
        """Return the SQLAlchemy URL of a database on this server."""
        return f"postgresql://{login}@/{database}?host={self.sockets}&port={self.port}"

    def start(self) -> None:
        """Start the server if it does not run, making the cluster first where there is none.

        Raises
        ------
        PostgisMissingError, ServerError
        """
        with self._locked():
            if self.is_running():
                return
            self._make_folders()
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            self._write_config()
            self._drop_stale_pid()
            self._launch()

    def stop(self) -> None:
        """Stop the server if it runs; open sessions are ended, nothing committed is lost."""
        with self._locked():
            if self.is_running():
                self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "60")

    def is_running(self) -> bool:
        """Return whether this cluster's own server answers."""
        if not (self.data / "postmaster.pid").exists():
            return False
        ready = self._run("pg_isready", "-q", "-h", str(self.sockets), "-p", str(self.port), check=False)
        return ready.returncode == 0

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Make a UTF-8 database (in locale C.UTF-8, so that Chinese text has trigrams) and return its URL."""
        options = ["-T", template] if template else ["-T", "template0", "-E", "UTF8", "-l", "C.UTF-8"]
        self._client("createdb", *options, name)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, ending its sessions."""
        self._client("dropdb", "--if-exists", "--force", name)

    def has_database(self, name: str) -> bool:
        """Return whether a database exists."""
        listed = self._client("psql", "-d", "postgres", "-Atc", "SELECT datname FROM pg_database")
        return name in listed.stdout.split()

    # -- inside -----------------------------------------------------------------------------

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the cluster's lock, so that two commands never start or make it at once."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make_folders(self) -> None:
        for folder in (self.home, self.sockets):
            folder.mkdir(parents=True, exist_ok=True)
            self._own(folder)
        self.sockets.chmod(0o700)
        self.log_file.touch()
        self._own(self.log_file)
        if self.sockets.stat().st_uid != self._user().pw_uid:
            raise ServerError(reason=f"{self.sockets} belongs to someone else", log=self.log_file)

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it in whole: a killed run leaves none."""
        half_made = self.home / "cluster.new"
        shutil.rmtree(half_made, ignore_errors=True)
        self._run(
            "initdb", "-D", str(half_made), "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8",
            "--auth-local=trust", "--auth-host=reject", "--no-instructions",
        )  # fmt: skip
        half_made.rename(self.data)

    def _write_config(self) -> None:
        durable = "on" if self.is_durable else "off"
        config = self.data / "wangge.conf"
        config.write_text(CONFIG.format(sockets=self.sockets, port=self.port, durable=durable), encoding="utf-8")
        self._own(config)
        main = self.data / "postgresql.conf"
        if "include_if_exists = 'wangge.conf'" not in main.read_text(encoding="utf-8"):
            with main.open("a", encoding="utf-8") as file:
                file.write("\ninclude_if_exists = 'wangge.conf'\n")

    def _drop_stale_pid(self) -> None:
        """Remove a pid file whose number now belongs to some other program.

        PostgreSQL sees by itself that a process is gone, but not that its number was given away.
        """
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        first = pid_file.read_text(encoding="utf-8").split("\n")[0].strip()
        if not first.isdigit() or not _is_postgres(int(first)):
            pid_file.unlink()

    def _launch(self) -> None:
        """Start the server; after a `kill -9` wait for its orphans to see that their parent is gone."""
        deadline = time.monotonic() + 60
        while True:
            done = self._run(
                "pg_ctl", "start", "-D", str(self.data), "-l", str(self.log_file), "-w", "-t", "60", "-s", check=False
            )
            if done.returncode == 0:
                return
            tail = "\n".join(self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
            if not re.search(r"still in use|lock file .* already exists|shared memory", tail) or (
                time.monotonic() > deadline
            ):
                raise ServerError(reason=tail or done.stderr.strip(), log=self.log_file)
            time.sleep(1)

    def _client(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        where = ("-h", str(self.sockets), "-p", str(self.port), "-U", SUPERUSER)
        return self._run(program, *where, *arguments)

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [str(find_binaries() / program), *arguments]
        user = self._user()
        drop = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        # No stdin and no inherited pipes: the daemon must not hold the caller's terminal or pipe open.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(  # noqa: S603  our own binaries, no shell
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd="/", check=False, text=True, **drop
            )  # type: ignore[call-overload]  # the three privilege arguments come as one dictionary
            out.seek(0)
            err.seek(0)
            result = subprocess.CompletedProcess(command, done.returncode, out.read(), err.read())
        if check and result.returncode != 0:
            raise ServerError(reason=f"{program}: {result.stderr.strip()}", log=self.log_file)
        return result

    def _user(self) -> pwd.struct_passwd:
        """The user the server runs as: ours, or an unprivileged one when we are root."""
        if os.getuid() != 0:
            return pwd.getpwuid(os.getuid())
        for name in SERVER_USERS:
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise ServerError(reason=f"root may not run it, and there is no user {SERVER_USERS}", log=self.log_file)

    def _own(self, path: Path) -> None:
        if os.getuid() == 0:
            user = self._user()
            os.chown(path, user.pw_uid, user.pw_gid)


def _has_postgis(binaries: Path) -> bool:
    share = Path(_output([str(binaries / "pg_config"), "--sharedir"])) if (binaries / "pg_config").exists() else None
    beside = Path("/usr/share/postgresql") / binaries.parent.name
    return any(folder is not None and (folder / "extension" / "postgis.control").exists() for folder in (share, beside))


def _is_postgres(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() in {"postgres", "postmaster"}
    except (ProcessLookupError, FileNotFoundError):
        return False
    except PermissionError:
        return True


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603  our own binaries
