"""Small parts that several page contexts share."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of station or incident, or a tier or state (no colour): key, label as read, colour ``#rrggbb``."""

    key: str
    label: str
    colour: str = ""

    def plain(self) -> dict[str, str]:
        """Return the plain values that go into a page's JSON block."""
        return {"key": self.key, "label": self.label, "colour": self.colour}


def plain(categories: tuple[Category, ...]) -> list[dict[str, str]]:
    """Return the plain values of several."""
    return [category.plain() for category in categories]
