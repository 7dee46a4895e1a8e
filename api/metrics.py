"""Metrics: how many requests there were of each route, and how long they took, in the text that Prometheus reads.

Several processes that serve together write into one folder (`SHARED_FOLDER`, set before they start), so whichever is
asked tells of all. No path, no query, no client: the route's name, the method and the status.
"""

import os
import tempfile
from functools import lru_cache

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the library's own name; it is looked at when it loads
MEDIA_TYPE = CONTENT_TYPE_LATEST
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BOUNDS_S = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0)
_OWN = CollectorRegistry()
_SECONDS = Histogram(
    "wangge_request_seconds", "Seconds a request took, by route", ["method", "route", "status"], buckets=BOUNDS_S,
    registry=_OWN,
)  # fmt: skip


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request."""
    _series(method if method in METHODS else "other", route, status).observe(seconds)


def written_metrics() -> bytes:
    """Return what was counted, by all processes that serve together."""
    if SHARED_FOLDER not in os.environ:
        return generate_latest(_OWN)
    everybody = CollectorRegistry()
    MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]  # the library does not say
    return generate_latest(everybody)


def share_metrics() -> None:
    """Let the processes that are started from here write into one folder."""
    os.environ[SHARED_FOLDER] = tempfile.mkdtemp(prefix="wangge-metrics-")


@lru_cache(maxsize=4096)  # routes times methods times statuses; looking a series up takes as long as counting
def _series(method: str, route: str, status: int) -> Histogram:
    return _SECONDS.labels(method, route, str(status))
