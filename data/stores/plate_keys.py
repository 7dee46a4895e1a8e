"""Plate keys: the secrets that sign plate codes where no setting gives one. Only the writer's role sees them."""

from sqlalchemy import Connection, insert, select

from data.tables.plates import plate_keys


def read_keys(connection: Connection) -> list[bytes]:
    """Return the secrets kept, newest first."""
    found = connection.scalars(select(plate_keys.c.secret).order_by(plate_keys.c.key_id.desc()))
    return [bytes(secret) for secret in found]


def add_key(connection: Connection, secret: bytes) -> None:
    """Keep a secret; the newest signs."""
    connection.execute(insert(plate_keys).values(secret=secret))
