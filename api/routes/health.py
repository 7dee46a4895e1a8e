"""Whether the service and its database answer."""

from sqlalchemy import text

from api.deps import ServicesDep
from api.routes import guarded_router, problems
from api.schemas.service import HealthAnswer
from data.postgis.engine import reading

router = guarded_router("admin")


@router.get("/healthz", responses=problems(503))
def health(services: ServicesDep) -> HealthAnswer:
    """Answer ok when the database does; 503 when it does not."""
    with reading(services.public) as conn:
        conn.execute(text("SELECT 1"))
    return HealthAnswer(status="ok", database="ok")
