"""Many look-ups in one call, for staff and for other systems; and what there is to try them out on."""

from contextlib import nullcontext
from typing import Any

import numpy as np
from fastapi import Response

from api.actions.look_up_many import look_up_many
from api.deps import LanguageDep, ServicesDep
from api.keyed import StaffOrKeyRoute
from api.routes import guarded_router, problems
from api.sandbox import listed
from api.schemas.lookup_batch import LookupBatch, LookupBatchAnswer
from api.schemas.lookup_sandbox import SandboxPoints
from data.calendar import today

MANY = 1000  # points that take one of the few places for heavy work
residents = guarded_router("residents")
router = guarded_router("residents")
router.route_class = StaffOrKeyRoute


@router.post("/api/v1/lookup/batch", responses=problems(401, 403, 413))
def lookup_batch(
    response: Response, services: ServicesDep, language: LanguageDep, asked: LookupBatch
) -> LookupBatchAnswer:
    """Answer who is responsible at each of up to 10,000 points, as the look-up of one point does."""
    response.headers["cache-control"] = "no-store"
    on = asked.on or today()
    lon, lat, accuracy_m = np.array([[one.lon, one.lat, one.accuracy_m] for one in asked.points]).T.copy()
    with services.limits.slot() if len(lon) > MANY else nullcontext():
        rows: list[dict[str, Any]] = look_up_many(
            services.published, lon, lat, accuracy_m, datum=asked.crs, on=on, language=language
        )
    named = [{"id": one.id, **row} for one, row in zip(asked.points, rows, strict=True)]
    return LookupBatchAnswer.model_validate({"on": on, "count": len(named), "rows": named})


@residents.get("/api/v1/lookup/sandbox", responses=problems())
def lookup_sandbox(language: LanguageDep) -> SandboxPoints:
    """List invented points, one for each answer, the same on every deployment: for trying a program out."""
    return SandboxPoints.model_validate({"points": listed(language)})
