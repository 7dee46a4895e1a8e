"""Town: a whole town in and out, and what the deployment knows of itself."""

from typing import Any

import geopandas as gpd
from sqlalchemy import Connection, Table, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from data.stores import plates
from data.stores._rows import copy_frame
from data.stores._values import plain_json
from data.tables import metadata
from data.tables.service import deployment
from data.town import Town
from geo.errors import ConflictError

NOUNS = (
    "areas",
    "compounds",
    "gates",
    "buildings",
    "stairwells",
    "streets",
    "barriers",
    "greens",
    "stations",
    "people",
    "incidents",
)
"""The frames of a town that have a table of their own, parents before children."""

# Who may sign in, what was done, what came in from files, what a job made, the calendar, and plates that hang on walls
# outlive a town; what doors are found by follows their names by itself.
_LASTING = frozenset(
    {"accounts", "api_keys", "sessions", "audit", "jobs", "job_files", "job_file_parts", "imports", "import_rejects"}
    | {"calendar_days", "plate_keys", "plate_batches", "doorplates", "plate_reports"}
    | {"letter_sounds", "name_keys", "door_names"}
)
# What was done to a plan is nobody's to delete: it goes with its plan.
_FOLLOWING = frozenset({"plan_operations", "plan_steps", "plan_comments"})


def write_town(connection: Connection, town: Town) -> dict[str, int]:
    """Write a town's frames, ids as given, into a database that holds none; return rows a noun.

    Planted clusters (`town.truth`) have no table: they are kept as GeoJSON in ``deployment.truth``.

    Raises
    ------
    ConflictError
        There is a town already; see `clear_town`.
    RefusedRowsError
        A row breaks a rule of its table; the caller's transaction must be rolled back.
    """
    areas = metadata.tables["areas"]
    if connection.scalar(select(func.count()).select_from(areas)):
        raise ConflictError(
            what="town", reason="the database holds a town already", reason_zh="数据库中已有城镇数据，请先清空"
        )
    counts = {noun: copy_frame(connection, metadata.tables[noun], getattr(town, noun)) for noun in NOUNS}
    write_deployment(connection, source=town.source, truth=_as_geojson(town.truth))
    plates.rejoin(connection)
    return counts


def clear_town(connection: Connection) -> None:
    """Delete everything that follows from a town, plans and duties included; accounts, audit and doorplates stay.

    It deletes rows rather than truncating tables: readers see the old town until the caller commits.
    """
    plates.detach(connection)
    for table in _children_first():
        if table.name not in _FOLLOWING:
            connection.execute(delete(table))


def read_deployment(connection: Connection) -> dict[str, Any]:
    """Return what the deployment knows of itself: town, profile, source, built_at ..."""
    found = connection.execute(select(deployment.c.name, deployment.c.value).where(deployment.c.name != "truth"))
    return {row.name: row.value for row in found}


def read_truth(connection: Connection) -> gpd.GeoDataFrame:
    """Return the planted clusters of an invented town, empty where nothing was planted. EPSG:4326."""
    kept = connection.scalar(select(deployment.c.value).where(deployment.c.name == "truth"))
    features = (kept or {}).get("features", [])
    if not features:
        return gpd.GeoDataFrame(geometry=[], crs="EPSG:4326")
    return gpd.GeoDataFrame.from_features(features, crs="EPSG:4326")


def write_deployment(connection: Connection, **values: Any) -> None:
    """Keep named values, each as JSON, over whatever stood under the same name."""
    if not values:
        return
    statement = insert(deployment).values(
        [{"name": name, "value": plain_json(value)} for name, value in values.items()]
    )
    connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value})
    )


def _children_first() -> list[Table]:
    return [table for table in reversed(metadata.sorted_tables) if table.name not in _LASTING]


def _as_geojson(truth: gpd.GeoDataFrame) -> dict[str, Any]:
    features: dict[str, Any] = truth.to_geo_dict()
    return features
