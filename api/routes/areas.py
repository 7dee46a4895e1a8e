"""Areas: streets and communities, as the map draws them."""

from typing import Annotated, Literal

from fastapi import Query, Request, Response

from api.answers import GEOJSON, collection, frame_features, json_answer
from api.deps import AccountDep, ServicesDep
from api.routes import answers, guarded_router
from api.schemas.base import FeatureCollection
from api.schemas.plans import AreaProperties
from data.stores import areas

router = guarded_router("planning")
Level = Literal["province", "city", "county", "street", "community"]


@router.get("/api/v1/areas", responses=answers(FeatureCollection[AreaProperties], 401, media_type=GEOJSON))
def read_areas(
    request: Request, services: ServicesDep, account: AccountDep, level: Annotated[Level | None, Query()] = None
) -> Response:
    """List the areas within the account's scope."""
    with services.read(account) as conn:
        frame = areas.read_areas(conn, level=level, within=account.scope)
    body = collection(frame_features(frame, ("name", "level", "parent_code")))
    return json_answer(request, body, media_type=GEOJSON)
