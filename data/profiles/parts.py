"""Parts: what every part of a profile is made of - frozen and checked, words in both languages, colours."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A part of a profile: frozen; a setting it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(Part):
    """A word in both languages."""

    zh: str
    en: str


class Category(Part):
    """A kind of station or incident."""

    key: str
    label: Label
    colour: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
