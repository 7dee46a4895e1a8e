"""Which database: the one in the settings, or this checkout's private PostGIS, started and migrated."""

from pathlib import Path

from pydantic import SecretStr

from api.queue_tables import install_queue
from api.settings import Settings
from data.postgis.engine import open_engine
from data.postgis.migrate import upgrade
from data.postgis.roles import ensure_login
from data.postgis.server import SERVICE, PrivateServer, default_home

PROJECT = Path(__file__).parent.parent
DATABASE = "wangge"


def home_of(settings: Settings) -> Path:
    """Return the folder where this checkout keeps what it makes: the cluster, demo accounts, lists of rejects."""
    return settings.home or default_home(PROJECT)


def private_server(settings: Settings) -> PrivateServer:
    """Return this checkout's private server, running or not."""
    return PrivateServer(home_of(settings) / "postgis")


def with_database(settings: Settings) -> Settings:
    """Return settings whose database is there: running, made, and at the newest migration.

    On the private server the service signs in as a login that is no superuser; only migrations are run as one.

    Raises
    ------
    PostgisMissingError, ServerError
        The private server cannot be used.
    """
    if settings.database_url is not None:
        _migrate(settings.url)
        return settings
    server = private_server(settings)
    server.start()
    if not server.has_database(DATABASE):
        server.create_database(DATABASE)
    _migrate(server.url(DATABASE))
    owner = open_engine(server.url(DATABASE), pool_size=1)
    with owner.begin() as connection:
        ensure_login(connection, SERVICE)
    owner.dispose()
    return settings.model_copy(update={"database_url": SecretStr(server.url(DATABASE, login=SERVICE))})


def _migrate(url: str) -> None:
    upgrade(url)
    install_queue(url)
