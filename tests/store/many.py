"""Many incidents of every kind, over the small town and a little beyond."""

from datetime import UTC, datetime, timedelta

import geopandas as gpd
import pandas as pd

from geo.rng import generator
from tests.fixtures.small_town import COMMUNITIES, SOUTH, STEP, WEST

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def random_incidents(count: int) -> gpd.GeoDataFrame:
    """Incidents of every kind over three months and the whole town, some of them closed."""
    draw = generator(11, "incidents")
    reported = [FIRST + timedelta(minutes=int(minute)) for minute in draw.integers(0, 90 * 24 * 60, count)]
    closed = [
        moment + timedelta(hours=30) if shut else None
        for moment, shut in zip(reported, draw.random(count) < 0.4, strict=True)
    ]
    column = draw.uniform(0, 17, count)  # the last column lies east of the town
    return gpd.GeoDataFrame(
        {
            "area_code": [COMMUNITIES[min(int(at // 4), 3)] for at in column],
            "reported_at": pd.to_datetime(reported, utc=True),
            "closed_at": pd.to_datetime(pd.Series(closed, dtype=object), utc=True).array,
            "category": draw.choice(["noise", "drain", "rubbish"], count),
            "tier": pd.Series(draw.choice(["grid", "community", "none"], count)).replace("none", None).tolist(),
            "state": ["settled" if moment else "reported" for moment in closed],
            "due_at": pd.to_datetime(
                pd.Series([moment + timedelta(hours=48) if at % 3 else None for at, moment in enumerate(reported)]),
                utc=True,
            ).array,
        },
        geometry=gpd.points_from_xy(WEST + column * STEP, SOUTH + draw.uniform(0, 4, count) * STEP),
        crs="EPSG:4326",
        index=pd.RangeIndex(10_001, 10_001 + count, name="incident_id"),
    )
