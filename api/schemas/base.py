"""Base of all answers, problems (RFC 9457) and GeoJSON (RFC 7946)."""

from datetime import date
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Properties = TypeVar("Properties")


class Answer(BaseModel):
    """An answer; a member that is not declared is a fault, so nothing private slips out."""

    model_config = ConfigDict(extra="forbid")


class FieldProblem(Answer):
    """One part of a request that does not fit."""

    pointer: str = Field(description="JSON pointer", examples=["/query/lon"])
    detail: str = Field(examples=["应为数字"])


class Problem(BaseModel):
    """Problem details, RFC 9457, in the reader's language."""

    type: str = Field(examples=["urn:wangge:problem:not-found"])
    title: str = Field(examples=["找不到"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["找不到网格方案 7。"])
    errors: list[FieldProblem] | None = None


class Geometry(BaseModel):
    """A GeoJSON geometry, EPSG:4326, lon and lat with seven decimals."""

    type: Literal["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"]
    coordinates: list[Any] | None = Field(default=None, examples=[[107.7201234, 27.9501234]])


class Feature(BaseModel, Generic[Properties]):
    """A GeoJSON feature."""

    type: Literal["Feature"]
    id: int | str
    geometry: Geometry | None
    properties: Properties


class FeatureCollection(BaseModel, Generic[Properties]):
    """A GeoJSON feature collection."""

    type: Literal["FeatureCollection"]
    features: list[Feature[Properties]]


class Labelled(Answer):
    """How many of one kind."""

    key: str = Field(examples=["drain"])
    label: str = Field(examples=["下水道堵塞"])
    count: int = Field(examples=[42])


Line = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""One line of text: PostgreSQL takes no NUL, and a name with a line break in it is a mistake."""

FIRST_DAY, LAST_DAY = date(1949, 10, 1), date(2200, 12, 31)
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
"""A day somebody may ask about. Beyond these, moments of the day overflow what Python and PostgreSQL count."""

Bbox = tuple[float, float, float, float]
"""West, south, east, north in degrees."""
