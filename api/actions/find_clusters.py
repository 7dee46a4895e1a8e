"""Find clusters: where incidents gather, stored with every parameter that made them."""

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from api.actions import Progress, silent
from api.actions.read_incidents import frame_of
from data.postgis.engine import EVERYWHERE, reading, transaction
from data.profiles import Profile
from data.stores import areas as area_store
from data.stores import incidents as incident_store
from data.stores import ledger as ledger_store
from geo.clusters import METHOD, clusters
from geo.codes import LEVEL_DIGITS


def find_clusters(
    engine: Engine,
    *,
    profile: Profile,
    actor: str,
    scope: str = EVERYWHERE,
    commit: bool = True,
    progress: Progress = silent,
) -> int:
    """Find and store the clusters of every category apart, over the whole record; return how many.

    A category at a time, because a street officer asks "where do drains block", and a mix of
    everything only finds where many people live. A street at a time, because no office may see
    another's incidents, not even counted into a cluster on the border.
    """
    rule = profile.incidents
    with reading(engine, scope=scope) as connection:
        ledger = ledger_store.read_ledger(connection)
        areas = area_store.read_areas(connection, level="community")
    progress(0.2, f"reading {len(ledger):,} incidents")
    rows = np.flatnonzero(~ledger.is_stray)
    incidents = frame_of(ledger, rows)
    eps_m, least = rule.cluster_eps_m, rule.cluster_min_incidents
    area = np.array(ledger.area.words, dtype=object)[ledger.area.code[rows]]
    street = pd.Series(area, index=incidents.index, name="street").str[: LEVEL_DIGITS["street"]]
    found = [
        clusters(group, eps_m=eps_m, min_incidents=least)[1] for _, group in incidents.groupby([street, "category"])
    ]
    progress(0.9, "writing clusters")
    with transaction(engine, actor=actor, action="find_clusters", scope=scope, commit=commit) as connection:
        count = incident_store.write_clusters(
            connection, found, areas=areas, parameters={"eps_m": eps_m, "min_incidents": least}, method=METHOD
        )
    progress(1.0, f"{count:,} clusters")
    return count
