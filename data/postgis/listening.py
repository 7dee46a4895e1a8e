"""Listening: hear at once what transactions tell of themselves (PostgreSQL's NOTIFY), on a connection of its own."""

import select
import threading
from collections.abc import Callable

import psycopg2
import structlog
from psycopg2 import sql
from sqlalchemy import Engine

log = structlog.get_logger("wangge.listening")

WAKE_S = 0.5  # how soon it notices that it is to end
AGAIN_S = 2.0  # after the connection was lost


class Listener:
    """A thread that calls `heard` for what is told on a channel, once for all that came together.

    It calls `heard` also whenever it begins to listen: what was told before, nobody heard.
    """

    def __init__(self, engine: Engine, channel: str, heard: Callable[[], None]) -> None:
        self._engine, self._channel, self._heard = engine, channel, heard
        self._ending = threading.Event()
        self.is_listening = threading.Event()
        self._is_lost = False
        self._thread = threading.Thread(target=self._run, name=f"listen-{channel}", daemon=True)

    def start(self) -> "Listener":
        """Begin, and return at once."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End, and wait for the end."""
        self._ending.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._listen()
            except Exception as error:  # noqa: BLE001  whatever it is, somebody must go on listening
                if not self._is_lost:  # once, however often it is tried again
                    log.warning("listening_lost", channel=self._channel, error=type(error).__name__)
                self._is_lost = True
                self.is_listening.clear()
                self._ending.wait(AGAIN_S)

    def _listen(self) -> None:
        # One of the engine's own settings (role, time-outs), but never one of its pool: it stays open.
        held = self._engine.raw_connection()
        connection = held.driver_connection
        held.detach()
        if connection is None:
            raise psycopg2.OperationalError("no connection")
        try:
            connection.rollback()
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
            self._is_lost = False
            self.is_listening.set()
            self._heard()
            while not self._ending.is_set():
                if select.select([connection], [], [], WAKE_S)[0]:
                    connection.poll()
                    if connection.notifies:
                        connection.notifies.clear()
                        self._heard()
        finally:
            connection.close()
