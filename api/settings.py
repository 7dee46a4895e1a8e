"""Settings: the only reader of the environment. Everything else is handed a `Settings`.

Every variable begins with ``WANGGE_`` (``WANGGE_DATABASE_URL``, ``WANGGE_PROFILE`` ...).
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from data.plate_codes import KEY_BYTES_MIN
from geo.errors import WanggeError

# Words people leave in a sample file. A service that others can reach must not run with one of them.
PLACEHOLDERS = ("change-me", "changeme", "change_me", "placeholder", "password", "secret", "example", "wangge", "admin")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
Rate = Annotated[str, Field(pattern=r"^[1-9][0-9]*/(second|minute|hour|day)$")]


class NoDatabaseError(WanggeError):
    """Something that needs the database was started without one."""

    zh = "没有设置数据库。请设置 WANGGE_DATABASE_URL，或用 wangge serve 启动自带的 PostGIS。"
    en = "There is no database. Set WANGGE_DATABASE_URL, or start with wangge serve, which brings its own PostGIS."


class Settings(BaseSettings):
    """What an operator decides about one running service.

    Attributes
    ----------
    environment
        ``local`` (this machine, trial passwords allowed) or ``production``.
    database_url
        ``postgresql://...``; the login role must be a member of the three wangge roles. None uses
        a private PostGIS of this checkout.
    home
        Where that private PostGIS lives; None is ``.wangge`` in the checkout (``/var/lib`` for root).
    profile
        Slug or path of the place profile; None takes the one the database was built with.
    public_url
        Address the browser uses; ``https://`` makes cookies Secure and adds HSTS.
    session_hours
        How long a session lives without signing in again.
    login_rate, lookup_rate, search_rate, api_rate
        Requests a client may make, e.g. ``10/minute``.
    door_rate
        Wrong doorplate codes a client may ask for, and reports of plates it may send.
    plate_key
        Secrets that sign doorplate codes, the newest first, older ones after commas; None keeps one in the database.
    workers
        Processes that serve together. Each counts its own limits and keeps what it answers from in its own memory.
    cors_origins
        Sites whose pages may read the public's answers, e.g. ``https://mini.example.gov.cn``, several after commas.
    threads, pool_size
        Worker threads for requests; database connections kept for each of the two roles: of every process.
    forwarded_allow_ips
        Proxies whose X-Forwarded-For is believed (handed to uvicorn).
    """

    model_config = SettingsConfigDict(env_prefix="WANGGE_", extra="ignore", frozen=True)

    environment: Literal["local", "production"] = "local"
    database_url: SecretStr | None = None
    home: Path | None = None
    admin_password: SecretStr | None = None
    profile: str | None = None
    public_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    session_hours: Annotated[float, Field(gt=0, le=24 * 30)] = 10
    login_rate: Rate = "10/minute"
    lookup_rate: Rate = "60/minute"
    search_rate: Rate = "60/minute"
    door_rate: Rate = "30/hour"
    api_rate: Rate = "1200/minute"
    tile_rate: Rate = "6000/minute"
    cors_origins: str = ""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    threads: Annotated[int, Field(ge=2, le=200)] = 16
    pool_size: Annotated[int, Field(ge=1, le=50)] = 8
    plate_key: SecretStr | None = None
    max_body_bytes: Annotated[int, Field(gt=0)] = 1_000_000
    forwarded_allow_ips: str = ""
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        try:
            name = make_url(value.get_secret_value()).get_backend_name()
        except ArgumentError as error:
            raise ValueError("not a database address; write postgresql://user:password@host/name") from error
        if name != "postgresql":
            raise ValueError("the database must be PostgreSQL; write postgresql://user:password@host/name")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        wrong = [origin for origin in _listed(value) if not _ORIGIN.fullmatch(origin)]
        if wrong:
            raise ValueError(f"{wrong[0]} is no origin; write https://host or https://host:port, without * or a path")
        return value

    @field_validator("plate_key")
    @classmethod
    def _are_secrets(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value().strip():
            return None
        if any(len(key) < KEY_BYTES_MIN or is_placeholder(key.decode()) for key in _keys_in(value)):
            raise ValueError(f"every key takes at least {KEY_BYTES_MIN} letters, chosen at random")
        return value

    @model_validator(mode="after")
    def _no_placeholders(self) -> Self:
        """Refuse to run for others with a password from a sample file."""
        if self.environment == "local":
            return self
        password = make_url(self.database_url.get_secret_value()).password if self.database_url else None
        if password is not None and is_placeholder(password):
            raise ValueError("WANGGE_DATABASE_URL holds a placeholder password; set a real one outside local")
        if self.admin_password is not None and is_placeholder(self.admin_password.get_secret_value()):
            raise ValueError("WANGGE_ADMIN_PASSWORD is a placeholder; set a real one outside local")
        return self

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the service by https."""
        return self.public_url.startswith("https://")

    @property
    def shared_with(self) -> tuple[str, ...]:
        """The sites of `cors_origins`."""
        return tuple(_listed(self.cors_origins))

    @property
    def plate_keys(self) -> tuple[bytes, ...]:
        """The secrets of `plate_key`, newest first; none where the database keeps one."""
        return _keys_in(self.plate_key) if self.plate_key is not None else ()

    @property
    def url(self) -> str:
        """The database address, in clear: for opening engines only.

        Without `database_url` the command line starts the private PostGIS first (`api.database`).
        """
        if self.database_url is None:
            raise NoDatabaseError()
        return self.database_url.get_secret_value()


def _keys_in(value: SecretStr) -> tuple[bytes, ...]:
    return tuple(part.encode() for part in _listed(value.get_secret_value()))


def _listed(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def is_placeholder(secret: str) -> bool:
    """Return whether a secret is a sample word, or too short to be one."""
    plain = secret.strip().lower()
    return len(plain) < 10 or plain in PLACEHOLDERS or any(plain.startswith(word) for word in PLACEHOLDERS[:4])


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Return the settings of the environment, read once."""
    return Settings()
