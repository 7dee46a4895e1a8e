"""Build the town: replace what the deployment keeps by one town's ground, people and incidents."""

import hashlib
from datetime import UTC, datetime

from sqlalchemy import Engine

from api.actions import Progress, silent
from data.postgis.engine import transaction
from data.profiles import Profile
from data.stores import town as town_store
from data.town import Town


def build_town(
    engine: Engine, town: Town, *, profile: Profile, actor: str, progress: Progress = silent
) -> dict[str, int]:
    """Write a whole town in one transaction, over whatever was there; return rows a noun.

    A killed run leaves the town that was there before.
    """
    progress(0.0, f"writing {town.name}")
    counts = {noun: len(getattr(town, noun)) for noun in town_store.NOUNS}
    with transaction(engine, actor=actor, action="build_town") as connection:
        town_store.clear_town(connection)
        town_store.write_town(connection, town)
        town_store.write_deployment(
            connection,
            town=town.name,
            profile=profile.slug,
            source=town.source,
            counts=counts,
            built_at=datetime.now(UTC).isoformat(timespec="seconds"),
            fingerprint=fingerprint(town.source, profile),
        )
    progress(1.0, f"wrote {counts['buildings']:,} buildings")
    return counts


def fingerprint(source: dict[str, object], profile: Profile) -> str:
    """Return a short hash of what a town was made from, to know one that is already there."""
    made_from = repr(sorted(source.items())) + profile.model_dump_json()
    return hashlib.sha256(made_from.encode()).hexdigest()[:16]
