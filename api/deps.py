"""Deps: what a running service holds (engines, profile, limits, caches), and how a route is handed it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from sqlalchemy import Connection, Engine

from api.access import ACCESS
from api.actions.count_incidents import Clock, clock_of
from api.actions.read_density import Surfaces
from api.actions.read_home import HomeFigures
from api.actions.read_incidents import last_day, require_row_security
from api.actions.sign_in import account_of_token
from api.auth import Account
from api.errors import SignInNeededError
from api.fresh import Fresh
from api.homes import TownHomes
from api.jobs import Queue
from api.language import Language, language_of
from api.ledgers import Ledgers
from api.limits import Limits, client_key
from api.plate_keys import PlateKeys
from api.published import PublishedGrids
from api.schemas.base import Day
from api.settings import Settings
from api.tile_cache import TileCache
from api.walk_scene import WalkScenes
from data.ledger import Ledger
from data.postgis.engine import READER, WRITER, open_engine, reading
from data.postgis.roles import is_superuser
from data.profiles import Profile, load_profile
from data.stores import cases, town
from geo.errors import WanggeError

DEFAULT_PROFILE = "demo"


class SuperuserError(WanggeError):
    """A service that others can reach signed in to PostgreSQL as a superuser."""

    zh = (
        "生产环境不得以数据库超级用户运行。请在 WANGGE_DATABASE_URL 中使用普通登录角色，"
        "并授予 wangge_writer 和 wangge_reader。"
    )
    en = (
        "A production service must not be a PostgreSQL superuser. Name an ordinary login in WANGGE_DATABASE_URL, "
        "and grant it wangge_writer and wangge_reader."
    )


@dataclass
class Services:
    """What one running service holds; opened on first use, closed at the end."""

    settings: Settings
    limits: Limits
    surfaces: Surfaces = field(default_factory=Surfaces)
    scenes: WalkScenes = field(default_factory=WalkScenes)
    ledgers: Ledgers = field(default_factory=Ledgers)
    homes: TownHomes = field(default_factory=TownHomes)
    findings: Fresh[dict[str, Any]] = field(default_factory=lambda: Fresh(kept_max=64))
    tiles: TileCache = field(default_factory=TileCache)
    boards: Fresh[Any] = field(default_factory=lambda: Fresh(kept_max=256))
    places: Fresh[Any] = field(default_factory=lambda: Fresh(kept_max=1024))

    @cached_property
    def public(self) -> Engine:
        """Connections of the role that may read what is public."""
        return open_engine(self.settings.url, role=READER, pool_size=self.settings.pool_size)

    @cached_property
    def staff(self) -> Engine:
        """Connections of the role that staff's requests run as."""
        return open_engine(self.settings.url, role=WRITER, pool_size=self.settings.pool_size)

    @cached_property
    def profile(self) -> Profile:
        """The place's profile: the one set, else the one the database was built with."""
        if self.settings.profile is not None:
            return load_profile(self.settings.profile)
        with reading(self.public) as conn:
            built_with = town.read_deployment(conn).get("profile")
        return load_profile(str(built_with or DEFAULT_PROFILE))

    @cached_property
    def published(self) -> PublishedGrids:
        """The in-memory index that answers lookups."""
        return PublishedGrids(self.public)

    @cached_property
    def home(self) -> HomeFigures:
        """The figures of the front door."""
        return HomeFigures(self.published)

    @cached_property
    def plate_keys(self) -> PlateKeys:
        """What signs doorplate codes, and tells ours from guessed ones."""
        return PlateKeys(self.staff, self.settings.plate_keys)

    @cached_property
    def queue(self) -> Queue:
        """Where long work is handed over."""
        return Queue(self.staff)

    def attribution(self) -> str:
        """Return the source of the ground, as the town that was built declared it."""
        source = self.published.ground().deployment.get("source") or {}
        return str(source.get("attribution") or source.get("authority") or "")

    def place(self, language: Language) -> str:
        """Return what the town is called: the profile's own place in both languages, any other as it was named."""
        own = self.profile.place.name
        name = self.published.ground().deployment.get("town") or own.zh
        return str(getattr(own, language)) if name == own.zh else str(name)

    def find_account(self, token: str) -> Account | None:
        """Return who holds a session cookie, if it is still good."""
        return account_of_token(self.staff, token)

    @contextmanager
    def read(self, account: Account) -> Iterator[Connection]:
        """Open a reading transaction that sees people and incidents of the account's scope only."""
        with reading(self.staff, scope=account.scope) as conn:
            yield conn

    def check_scope_is_kept(self) -> None:
        """Refuse to start where the staff's role would see every incident, whatever the scope."""
        with reading(self.staff) as conn:
            require_row_security(conn)
            if self.settings.environment == "production" and is_superuser(conn):
                raise SuperuserError()

    def ledger(self, conn: Connection, account: Account) -> Ledger:
        """Return the incidents of an account's scope; `conn` is one of `read`."""
        require_row_security(conn)
        return self.ledgers.get(conn, account.scope)

    def clock(self, conn: Connection) -> Clock:
        """Return the present, and until when a limit is soon over."""
        return clock_of(self.profile, self.profile.incidents.calendar(*cases.read_calendar(conn)))

    def may(self, account: Account, row: str) -> bool:
        """Return whether an account's role may call a route, named as in the access table."""
        return account.role in ACCESS[row].roles

    def client_of(self, request: Request) -> str:
        """Return who counts as one client of the limits."""
        return client_key(request.client.host if request.client else None)

    def last_incident_day(self, account: Account) -> date | None:
        """Return the day of the newest incident within an account's scope."""
        with self.read(account) as conn:
            return last_day(conn, scope=account.scope)

    def close(self) -> None:
        """Close what was opened."""
        if "published" in self.__dict__:
            self.published.close()
        for name in ("home", "published", "plate_keys", "queue", "profile"):
            self.__dict__.pop(name, None)
        for name in ("public", "staff"):
            engine = self.__dict__.pop(name, None)
            if engine is not None:
                engine.dispose()


def services(request: Request) -> Services:
    """Return what the service holds."""
    held: Services = request.app.state.services
    return held


def signed_in(request: Request) -> Account:
    """Return who is signed in; the guard has let them through."""
    account: Account | None = request.state.account
    if account is None:
        raise SignInNeededError()
    return account


def visitor(request: Request) -> Account | None:
    """Return who is signed in, if anybody is."""
    account: Account | None = request.state.account
    return account


def nonce(request: Request) -> str:
    """Return this page's nonce."""
    return str(request.state.nonce)


ServicesDep = Annotated[Services, Depends(services)]
AccountDep = Annotated[Account, Depends(signed_in)]
VisitorDep = Annotated[Account | None, Depends(visitor)]
LanguageDep = Annotated[Language, Depends(language_of)]
NonceDep = Annotated[str, Depends(nonce)]

Zoom = Annotated[int, Path(ge=0, le=22, description="zoom level")]
TileNumber = Annotated[int, Path(ge=0, lt=2**22, description="tile number")]
RowId = Annotated[int, Path(ge=1, lt=2**63)]
OnDay = Annotated[Day | None, Query(description="the day asked about; else today", examples=["2026-07-01"])]
RowIdQuery = Annotated[int | None, Query(ge=1, lt=2**63)]
