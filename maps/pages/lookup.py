"""The residents' page: who answers for this door, on a phone, in one step, also without scripts.

The server writes the answer into the page; the script only fetches that page again when a place
is found or chosen, and puts the answer in. There is one way to show an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from maps.base import MapView, map_figure
from maps.elements.tiles import GridTiles
from maps.shell import Desk, Shell, render_page


@dataclass(frozen=True, slots=True)
class Post:
    """Who else answers: a person by surname, a unit by name."""

    name: str
    duty_line: str | None = None


@dataclass(frozen=True, slots=True)
class NextChange:
    """From which day on another grid answers."""

    on: str
    grid_code: str
    name: str


@dataclass(frozen=True, slots=True)
class FoundGrid:
    """One grid of an answer; the worker's name is masked already."""

    grid_code: str
    name: str
    community: str
    zone: str | None = None
    worker: str | None = None
    duty_line: str | None = None
    vacant: bool = False
    head: Post | None = None
    unit: Post | None = None


@dataclass(frozen=True, slots=True)
class NearStation:
    """A station near the place; `walk_min` is missing where no way on foot is known."""

    name: str
    category: str
    category_label: str
    walk_min: float | None
    distance_m: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of ``GET /api/v1/lookup``; see `answer_from`."""

    answer: str
    certain: bool
    message: str
    is_coarse: bool = False
    on: str = ""
    question: str | None = None
    grids: tuple[FoundGrid, ...] = ()
    stations: tuple[NearStation, ...] = ()
    walk_max_min: float | None = None
    next_change: NextChange | None = None
    desk: Desk | None = None


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """One place that a search found."""

    label: str
    kind: str
    lon: float
    lat: float
    accuracy_m: float = 0.0


@dataclass(frozen=True, slots=True)
class ScannedDoor:
    """The door of a plate that was scanned.

    Parameters
    ----------
    state : str
        ``found``, ``unknown`` (no such plate) or ``revoked`` (it is valid no more).
    code : str
        As printed; in the address of its page without dashes.
    is_reported : bool
        The visitor has just said what is the matter with the plate.
    """

    state: str
    code: str = ""
    label: str = ""
    address: str = ""
    is_reported: bool = False


@dataclass(frozen=True, slots=True)
class LookupContext:
    """What was asked and what was found.

    Parameters
    ----------
    query : str
        What was typed, shown in the search box again.
    place : tuple of float, optional
        (lon, lat), EPSG:4326, of the answer.
    answer : Answer, optional
        Nothing was asked yet without one.
    places : tuple of FoundPlace, optional
        What a search found, to choose from; None: nothing was searched for.
    categories : mapping
        Station category -> colour.
    door : ScannedDoor, optional
        Where the page was reached by a doorplate.
    """

    shell: Shell
    view: MapView
    query: str = ""
    place: tuple[float, float] | None = None
    answer: Answer | None = None
    places: tuple[FoundPlace, ...] | None = None
    categories: Mapping[str, str] = field(default_factory=dict)
    door: ScannedDoor | None = None


def answer_from(body: Mapping[str, object]) -> Answer:
    """Return the `Answer` of the JSON body of ``GET /api/v1/lookup``; unknown keys are left out."""
    grids = tuple(
        FoundGrid(**{**_known(row, FoundGrid), "head": _one(row, "head", Post), "unit": _one(row, "unit", Post)})
        for row in _rows(body, "grids")
    )
    stations = tuple(NearStation(**_known(row, NearStation)) for row in _rows(body, "stations"))
    change, desk = _one(body, "next_change", NextChange), _one(body, "desk", Desk)
    parts = {"grids": grids, "stations": stations, "next_change": change, "desk": desk}
    return Answer(**{**_known(body, Answer), **parts})


def render(context: LookupContext, *, language: str, nonce: str) -> str:
    """Return the page in "zh" or "en"; `nonce` must be the policy's."""
    figure = map_figure(
        "lookup",
        context.view,
        layers={"grids": GridTiles(look="outline", tiles="/tiles/published/{z}/{x}/{y}.mvt")},
        attribution=context.shell.attribution,
        language=language,
        nonce=nonce,
    )
    data = {
        "place": list(context.place) if context.place else None,
        "grids": [grid.grid_code for grid in context.answer.grids] if context.answer else [],
    }
    return render_page(
        "lookup",
        context,
        context.shell,
        language=language,
        nonce=nonce,
        figure=figure,
        scripts=("lookup.js",),
        data=data,
    )


def _one(body: Mapping[str, object], key: str, of: type) -> Any:
    found = body.get(key)
    return of(**_known(found, of)) if isinstance(found, Mapping) else None


def _known(row: Mapping[str, object], of: type) -> dict[str, Any]:
    names = {part.name for part in fields(of)}
    return {key: value for key, value in row.items() if key in names}


def _rows(body: Mapping[str, object], key: str) -> Sequence[Mapping[str, object]]:
    rows = body.get(key)
    return rows if isinstance(rows, Sequence) and not isinstance(rows, str) else ()
