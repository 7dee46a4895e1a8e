"""Which database: the one in the settings, or this checkout's private PostGIS, started and migrated."""

from pathlib import Path

from pydantic import SecretStr

from api.jobs import install_queue
from api.settings import Settings
from data.postgis.migrate import upgrade
from data.postgis.server import PrivateServer, default_home

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

    Raises
    ------
    PostgisMissingError, ServerError
        The private server cannot be used.
    """
    if settings.database_url is None:
        server = private_server(settings)
        server.start()
        if not server.has_database(DATABASE):
            server.create_database(DATABASE)
        settings = settings.model_copy(update={"database_url": SecretStr(server.url(DATABASE))})
    upgrade(settings.url)
    install_queue(settings.url)
    return settings
