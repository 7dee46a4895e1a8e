"""A private PostGIS for pgRouting, for as long as the benchmark asks it; none where pgRouting is not installed."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.postgis.server import PostgisMissingError, PrivateServer, find_binaries

NEEDS = "pgRouting is not installed: bash setup/peer.sh reach"
DATABASE = "walks"


@contextmanager
def database(folder: Path) -> Iterator[str | None]:
    """Start a server in the folder, on a socket of its own; None where it has no pgRouting."""
    if not has_routing():
        yield None
        return
    home = Path(tempfile.mkdtemp(prefix="postgis-", dir=folder))
    folder.chmod(0o711)  # a server started by root runs as another user, who must reach its own folder
    server = PrivateServer(home)
    try:
        server.start()
        server.create_database(DATABASE)
        yield f"dbname={DATABASE} user=wangge host={server.sockets} port={server.port}"
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def has_routing() -> bool:
    """Return whether the PostgreSQL that a private server would run has pgRouting beside it."""
    try:
        version = find_binaries().parent.name
    except PostgisMissingError:
        return False
    return (Path("/usr/share/postgresql") / version / "extension" / "pgrouting.control").exists()
