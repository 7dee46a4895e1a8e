"""Board words: what those are called whom a notice board names, and in which order buildings stand in a list."""

import re
from collections.abc import Mapping
from typing import Any

from data.profiles import Profile
from maps.board import Post, Words

WORKER_ZH, WORKER_EN = "网格员", "Grid worker"
# Behind a surname in Chinese, before it in English.
TITLES = {
    "grid_head": ("网格长", "Grid head"),
    "building_head": ("楼长", "Building head"),
    "police": ("警官", "Officer"),
    "lawyer": ("律师", "Lawyer"),
    "answerable_unit": ("负责人", "Contact"),
}


def titled(surname: str, kind: str, role: str) -> Words:
    """Return what somebody is called in public: 王网格长, Grid head 王; an organisation by its name."""
    if kind == "organisation":
        return Words(surname, surname)
    zh, en = TITLES[role]
    return Words(f"{surname}{zh}", f"{en} {surname}")


def worker_post(masked: str, duty_line: str | None) -> Post:
    """Return the worker of a grid by the name that the database masked: 王网格员."""
    surname = masked.removesuffix(WORKER_ZH).strip()
    is_person = surname != masked
    return Post(Words(masked, f"{WORKER_EN} {surname}" if is_person else masked), duty_line)


def place_words(deployment: Mapping[str, Any], profile: Profile) -> Words:
    """Return what the town is called: the profile's own place in both languages, any other as it was named."""
    own = profile.place.name
    name = str(deployment.get("town") or own.zh)
    return Words(own.zh, own.en) if name == own.zh else Words(name, name)


def natural(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Return the key that sorts names as people count: 2栋 before 10栋."""
    parts = re.findall(r"\d+|\D+", name)
    return tuple((part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts)
