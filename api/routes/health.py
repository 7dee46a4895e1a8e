"""Whether the service and its database answer, and what was asked of it."""

from fastapi import Response
from sqlalchemy import text

from api.deps import ServicesDep
from api.keyed import StaffOrKeyRoute
from api.metrics import MEDIA_TYPE, written_metrics
from api.routes import guarded_router, problems
from api.schemas.service import HealthAnswer
from data.postgis.engine import reading

router = guarded_router("admin")
counted = guarded_router("admin")
counted.route_class = StaffOrKeyRoute


@router.get("/healthz", responses=problems(503))
def health(services: ServicesDep) -> HealthAnswer:
    """Answer ok when the database does; 503 when it does not."""
    with reading(services.public) as conn:
        conn.execute(text("SELECT 1"))
    return HealthAnswer(status="ok", database="ok")


@counted.get("/metrics", response_class=Response, responses=problems(401, 403))
def metrics() -> Response:
    """Tell how many requests there were of each route and how long they took, as Prometheus reads it."""
    return Response(written_metrics(), media_type=MEDIA_TYPE)
