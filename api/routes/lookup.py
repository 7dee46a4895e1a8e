"""The public's two questions: who answers here, and where is this place."""

from typing import Annotated, Any, Literal

from fastapi import Query, Response

from api import sandbox
from api.deps import LanguageDep, OnDay, ServicesDep
from api.found import Question
from api.routes import guarded_router, problems
from api.schemas.lookup import LookupAnswer, SearchAnswer
from api.written import written_answer
from data.calendar import today
from data.postgis.engine import reading
from data.stores import doors

router = guarded_router("residents")

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
Lon = Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False, examples=[107.72])]
Lat = Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False, examples=[27.95])]
Crs = Annotated[Datum, Query(description="the datum lon and lat are in; Chinese phones often say gcj02")]
AccuracyM = Annotated[float, Query(ge=0, le=5000, allow_inf_nan=False, description="radius in metres", examples=[15])]
SEARCH_LIMIT = 12
# One of each answer: those of the sandbox, which anybody may ask for.
EXAMPLES: dict[str, Any] = {"content": {"application/json": {"examples": sandbox.examples()}}}


@router.get("/api/v1/lookup", response_model=LookupAnswer, responses={**problems(), 200: EXAMPLES})
def lookup(
    *,
    services: ServicesDep,
    language: LanguageDep,
    lon: Lon,
    lat: Lat,
    crs: Crs = "wgs84",
    accuracy_m: AccuracyM = 0.0,
    on: OnDay = None,
) -> Response:
    """Answer who is responsible at a point, on a day; certain only where no other grid is possible."""
    question = Question(lon=lon, lat=lat, datum=crs, accuracy_m=accuracy_m, on=on or today())
    moment = services.published.moment(question.on)
    body = written_answer(moment, question, profile=services.profile, language=language)
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})


@router.get("/api/v1/search", responses=problems())
def search(
    response: Response,
    services: ServicesDep,
    q: Annotated[str, Query(min_length=1, max_length=80, examples=["云溪苑3栋"])],
) -> SearchAnswer:
    """Find places by name or address: compounds, buildings, communities."""
    response.headers["cache-control"] = "no-store"
    return SearchAnswer.model_validate({"places": find_places(services, q)})


def find_places(services: ServicesDep, words: str) -> list[dict[str, Any]]:
    """Return the places that fit best."""
    with reading(services.public) as conn:
        found = doors.search(conn, words.strip(), SEARCH_LIMIT)
    keys = ("label", "kind", "lon", "lat", "accuracy_m")
    return [dict(zip(keys, row, strict=True)) for row in found[list(keys)].itertuples(index=False)]
