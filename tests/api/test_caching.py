"""What may be kept and what may not: nothing personal, nothing that changes without its revision."""

import pytest

from tests.api.test_scope import tile_at
from tests.fixtures.services import Service
from tests.fixtures.small_town import SmallTown

FOR_EVER = "max-age=31536000, immutable"
Z, X, Y = tile_at(*SmallTown.point(2, 2), 15)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/tiles/base/{z}/{x}/{y}.mvt?v=3", f"public, {FOR_EVER}"),
        ("/tiles/published/{z}/{x}/{y}.mvt?v=3", f"public, {FOR_EVER}"),
        ("/tiles/grids/{plan}/{z}/{x}/{y}.mvt?v=1", f"private, {FOR_EVER}"),
        ("/tiles/base/{z}/{x}/{y}.mvt", "public, no-cache"),
        ("/tiles/published/{z}/{x}/{y}.mvt", "public, no-cache"),
        ("/tiles/grids/{plan}/{z}/{x}/{y}.mvt", "private, no-cache"),
        ("/tiles/walks/{z}/{x}/{y}.mvt?v=1", "private, no-cache"),
        ("/api/v1/incidents/density/{z}/{x}/{y}.png?v=1", "no-store"),
        ("/api/v1/incidents/density/{z}/0/0.png?v=1", "no-store"),
        ("/api/v1/incidents", "no-store"),
        ("/api/v1/incidents/summary", "no-store"),
        ("/api/v1/incidents/clusters", "no-store"),
        ("/api/v1/incidents/density/scale", "no-store"),
        ("/api/v1/plans/{plan}/grids", "no-store"),
        ("/api/v1/plans/{plan}/grids/529901001001001", "no-store"),
        ("/api/v1/plans/{plan}/zones", "private, no-cache"),
    ],
)
def test_how_long_each_answer_may_be_kept(service: Service, path: str, kept: str) -> None:
    with service.client("planner") as client:
        answer = client.get(path.format(plan=service.town.plan_id, z=Z, x=X, y=Y))
    assert answer.status_code in (200, 204)
    assert answer.headers["cache-control"] == kept
    if kept == "no-store":
        assert "etag" not in answer.headers
    elif answer.status_code == 200:
        assert answer.headers["etag"]


def test_walks_are_asked_for_again_and_sent_once(service: Service) -> None:
    path = f"/tiles/walks/{Z}/{X}/{Y}.mvt"
    with service.client("planner") as client:
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert first.content
    assert (again.status_code, again.content) == (304, b"")
