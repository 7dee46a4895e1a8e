"""The residents' page: who answers for this door, on a phone, in one step, also without scripts.

The server writes the answer into the page; the script only fetches that page again when a place
is found or chosen, and puts the answer in. There is one way to show an answer.

The map's library is not part of the page: it lies in a template element, which the script opens once
the answer is there (`maps/static/js/lookup_map.js`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from markupsafe import Markup

from maps.base import MapView, map_figure
from maps.elements.tiles import GridTiles
from maps.shell import Desk, Shell, render_page

State = Literal[
    "start", "grid", "choose", "coarse", "outside", "no_active_plan", "places", "nowhere", "no_code", "unknown",
    "revoked",
]  # fmt: skip
# What may be wrong with an answer, in the order it is offered.
MISTAKES = ("wrong_grid", "no_answer", "wrong_person", "wrong_place", "other")


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

    @property
    def shown(self) -> tuple[FoundGrid, ...]:
        """Return the grids that may be named: none where the place is known too roughly."""
        return () if self.is_coarse else self.grids


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
    chosen : str
        The grid that the visitor says is theirs, where several are possible.
    code : str
        What was typed for a plate's code and cannot be one; shown in its box again.
    is_reported : bool
        The visitor has just said what is wrong with the answer.
    has_more : bool
        There may be more places than are listed.
    map : Markup, optional
        The small map of the answer.
    """

    shell: Shell
    view: MapView
    query: str = ""
    place: tuple[float, float] | None = None
    answer: Answer | None = None
    places: tuple[FoundPlace, ...] | None = None
    categories: Mapping[str, str] = field(default_factory=dict)
    door: ScannedDoor | None = None
    chosen: str = ""
    code: str = ""
    is_reported: bool = False
    has_more: bool = False
    map: Markup | None = None

    @property
    def grid(self) -> FoundGrid | None:
        """Return the one grid that is told of: the only one, or the one that was chosen."""
        shown = self.answer.shown if self.answer else ()
        if len(shown) == 1:
            return shown[0]
        return next((grid for grid in shown if grid.grid_code == self.chosen), None)

    @property
    def state(self) -> State:
        """Return what the page has to say."""
        if self.answer is not None:
            return self._answered(self.answer)
        if self.door is not None:
            return "revoked" if self.door.state == "revoked" else "unknown"
        if self.code:
            return "no_code"
        if self.places is None:
            return "start"
        return "places" if self.places else "nowhere"

    def _answered(self, answer: Answer) -> State:
        if answer.is_coarse:
            return "coarse"
        if self.grid is not None:
            return "grid"
        if answer.shown:
            return "choose"
        return "no_active_plan" if answer.answer == "no_active_plan" else "outside"

    @property
    def path(self) -> str:
        """Return the path of this answer, without a choice of grid and without thanks."""
        return _path_with(self.shell.path)

    def path_of(self, grid_code: str) -> str:
        """Return the path of this answer with a grid chosen."""
        return _path_with(self.shell.path, grid=grid_code)


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
    desk = context.shell.desk
    data = {"desk": {"name": desk.name, "phone": desk.phone} if desk else None}
    return render_page(
        "lookup",
        context,
        context.shell,
        language=language,
        nonce=nonce,
        figure=figure,
        scripts=("lookup.js", "lookup_suggest.js", "lookup_map.js", "ground.js", "grid_tiles.js"),
        data=data,
    )


def _path_with(path: str, **more: str) -> str:
    parts = urlsplit(path)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key not in ("grid", "reported")]
    told = urlencode([*query, *more.items()])
    return f"/{parts.path.lstrip('/')}{'?' if told else ''}{told}"


def _one(body: Mapping[str, object], key: str, of: type) -> Any:
    found = body.get(key)
    return of(**_known(found, of)) if isinstance(found, Mapping) else None


def _known(row: Mapping[str, object], of: type) -> dict[str, Any]:
    names = {part.name for part in fields(of)}
    return {key: value for key, value in row.items() if key in names}


def _rows(body: Mapping[str, object], key: str) -> Sequence[Mapping[str, object]]:
    rows = body.get(key)
    return rows if isinstance(rows, Sequence) and not isinstance(rows, str) else ()
