"""Invented points to try a program out on."""

from pydantic import Field

from api.schemas.base import Answer


class SandboxPoint(Answer):
    """An invented point, and what it answers."""

    key: str = Field(examples=["near_border"])
    lon: float = Field(examples=[0.005])
    lat: float = Field(examples=[0.0])
    told: str = Field(description="what the answer is of", examples=["靠近边界，两个网格"])
    href: str = Field(description="the question to ask", examples=["/api/v1/lookup?lon=0.005&lat=0"])


class SandboxPoints(Answer):
    """All of them, the same on every deployment."""

    points: list[SandboxPoint]
