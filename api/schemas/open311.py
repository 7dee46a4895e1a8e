"""Open311 GeoReport v2, as it is asked for and told; names are the specification's."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.base import Answer, Line
from api.schemas.cases import Lat, Lon

Short = Annotated[Line, Field(max_length=100)]
Text = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,60})\](\[\])?")
# An attribute is a field that some other place defined. One of these tells who reports; it goes where names go.
PERSONAL = re.compile(r"name|phone|mobile|mail|contact|^tel", re.IGNORECASE)
MEDIA_LINE = re.compile(r"^附件：(https?://\S+)$", re.MULTILINE)
LISTS = ("media_url", "attributes")


class NewRequest(BaseModel):
    """The form that reports something; empty fields count as left out."""

    model_config = ConfigDict(extra="ignore")

    jurisdiction_id: Short | None = None
    service_code: Short = Field(examples=["drain"])
    lat: Lat | None = Field(default=None, description="degrees, WGS84")
    long: Lon | None = None
    address_string: Annotated[Line, Field(max_length=200)] | None = None
    address_id: Short | None = Field(default=None, description="the building_id of this place")
    description: Text | None = None
    media_url: list[Annotated[Line, Field(max_length=1000)]] = Field(default_factory=list)
    first_name: Short | None = None
    last_name: Short | None = None
    phone: Short | None = None
    email: Short | None = None
    device_id: Short | None = None
    account_id: Short | None = None
    attributes: dict[Short, Annotated[Line, Field(max_length=500)]] = Field(
        default_factory=dict, description="sent as attribute[code]=value"
    )

    @classmethod
    def of_form(cls, fields: Sequence[tuple[str, str]]) -> "NewRequest":
        """Return the form as it was sent.

        Raises
        ------
        pydantic.ValidationError
            Fields are missing or do not fit.
        """
        told: dict[str, Any] = {"media_url": [], "attributes": {}}
        for name, value in fields:
            plain = value.replace("\r\n", "\n").strip() if name == "description" else " ".join(value.split())
            if not plain:
                continue
            if found := ATTRIBUTE.fullmatch(name):
                earlier = told["attributes"].get(found[1])
                told["attributes"][found[1]] = f"{earlier}、{plain}" if earlier else plain
            elif name in ("media_url", "media_url[]"):
                told["media_url"].append(plain)
            elif name not in LISTS:
                told[name] = plain
        return cls.model_validate(told)

    @property
    def text(self) -> str | None:
        """What is reported: the description, then attributes and media, a line each."""
        lines = [f"{code}：{value}" for code, value in self.attributes.items() if not PERSONAL.search(code)]
        lines += [f"附件：{url}" for url in self.media_url if is_web_address(url)]
        whole = "\n\n".join(part for part in (self.description, "\n".join(lines)) if part)
        return whole or None

    @property
    def contact(self) -> str | None:
        """Who reports, for those who handle it."""
        names = [name for name in (self.first_name, self.last_name) if name]
        # A Chinese name is written with the family's first and no space between.
        name = " ".join(names) if all(part.isascii() for part in names) else "".join(reversed(names))
        more = [value for code, value in self.attributes.items() if PERSONAL.search(code)]
        ids = [f"{label} {value}" for label, value in (("账户", self.account_id), ("设备", self.device_id)) if value]
        return "，".join(part for part in (name, self.phone, self.email, *more, *ids) if part) or None


def is_web_address(url: str) -> bool:
    """Return whether a text is one http or https address, which alone is kept of media."""
    try:
        parts = urlsplit(url)
    except ValueError:  # e.g. an IPv6 address whose bracket is never closed
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and " " not in url


def media_url(text: str | None) -> str | None:
    """Return the address of the first media that a kept report names."""
    found = MEDIA_LINE.search(text or "")
    return found[1] if found else None


class Endpoint(Answer):
    """One interface of this service."""

    specification: str
    url: str
    changeset: str = Field(examples=["2026-01-01 00:00"])
    type: Literal["production", "test"]
    formats: list[str]


class Discovery(Answer):
    """Where the interface is and who answers for it."""

    changeset: str
    contact: str
    key_service: str
    endpoints: list[Endpoint]


class Service(Answer):
    """A kind of incident that can be reported."""

    service_code: str = Field(examples=["drain"])
    service_name: str = Field(examples=["下水道堵塞"])
    description: str
    metadata: bool
    type: Literal["realtime"]
    keywords: str | None
    group: str | None


class ServiceDefinition(Answer):
    """What more a kind asks for: nothing."""

    service_code: str
    attributes: list[str]


class RequestMade(Answer):
    """What was reported."""

    service_request_id: str = Field(examples=["1024"])
    service_notice: str
    account_id: str | None


class TokenAnswer(Answer):
    """The id of a request by its token, which is the id."""

    service_request_id: str
    token: str


class ServiceRequest(Answer):
    """A request as it stands, without who reported it."""

    service_request_id: str
    status: Literal["open", "closed"]
    status_notes: str | None
    service_name: str
    service_code: str
    description: str | None
    agency_responsible: str | None
    service_notice: None
    requested_datetime: str = Field(examples=["2026-03-02T09:30:00+08:00"])
    updated_datetime: str
    expected_datetime: str | None
    address: str | None = Field(description="as it was given")
    address_id: str | None = Field(description="the building_id it belongs to")
    zipcode: None
    lat: float | None
    long: float | None
    media_url: str | None


class ErrorLine(Answer):
    """One thing that is wrong."""

    code: int
    description: str
