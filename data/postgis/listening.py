"""Listening: hear at once what transactions tell of themselves (PostgreSQL's NOTIFY), on a connection of its own."""

import math
import secrets
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg2
import structlog
from psycopg2 import sql
from sqlalchemy import Engine

log = structlog.get_logger("wangge.listening")

WAKE_S = 0.4  # how often it makes sure that the connection lives
SURE_S = 1.0  # so long after it lived, what was told and not heard is at most so old
AGAIN_S = 2.0  # after the connection was lost


class Listener:
    """A thread that calls `heard` for what is told on a channel, once for all that came together.

    It calls `heard` also whenever it begins to listen: what was told before, nobody heard. What is told comes by a
    connection that tells itself something again and again, so that one that died unnoticed, or that something between
    us and the server shares out, is not taken for silence.
    """

    def __init__(self, engine: Engine, channel: str, heard: Callable[[], None]) -> None:
        self._engine, self._channel, self._heard = engine, channel, heard
        self._ending = threading.Event()
        self._woken, self._waking = socket.socketpair()
        self.is_listening = threading.Event()
        self._echo = f"{channel}_{secrets.token_hex(8)}"
        self._is_lost = False
        self._sure_until_s = -1.0
        self._thread = threading.Thread(target=self._run, name=f"listen-{channel}", daemon=True)

    def start(self) -> "Listener":
        """Begin, and return at once."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End, and wait for the end."""
        self._ending.set()
        self._waking.close()  # which is heard at the other end
        self._thread.join(timeout=10)
        self._woken.close()

    @property
    def is_sure(self) -> bool:
        """Whether everything told up to a second ago has been heard, and acted on or about to be."""
        return time.monotonic() < self._sure_until_s

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._listen()
            except Exception as error:  # noqa: BLE001  whatever it is, somebody must go on listening
                if not self._is_lost:  # once, however often it is tried again
                    log.warning("listening_lost", channel=self._channel, error=type(error).__name__)
                self._is_lost = True
                self._sure_until_s = -1.0
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
                for channel in (self._channel, self._echo):
                    cursor.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            self._is_lost = False
            self.is_listening.set()
            self._act()
            while not self._ending.is_set():
                self._hear(connection)
        finally:
            connection.close()

    def _hear(self, connection: Any) -> None:
        """Wait for what is told; make sure that one is heard here; act on what was told."""
        select.select([connection, self._woken], [], [], WAKE_S)
        if self._ending.is_set():
            return
        connection.poll()
        asked_s = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("NOTIFY {}").format(sql.Identifier(self._echo)))
        told = {notice.channel for notice in connection.notifies}
        connection.notifies.clear()
        if self._echo in told:
            self._sure_until_s = asked_s + SURE_S
        if self._channel in told:
            self._act()

    def _act(self) -> None:
        # While it is acted on, those who ask are given what is there: looking for themselves would take as long.
        is_sure = self.is_sure
        if is_sure:
            self._sure_until_s = math.inf
        self._heard()
        if is_sure:
            self._sure_until_s = time.monotonic() + SURE_S
