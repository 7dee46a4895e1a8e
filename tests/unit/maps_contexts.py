"""Contexts for the page tests: one of each page, with the texts of hostile people in every field."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import shapely

from maps.base import MapView
from maps.board import NearBy, Post, Words
from maps.board_map import BoardGround
from maps.pages import (
    board,
    boards,
    cover,
    figures,
    home,
    incidents,
    login,
    lookup,
    people,
    planner,
    plates,
    problem,
    reach,
    siting,
)
from maps.pages.choices import Category
from maps.picture import Outline
from maps.shell import Desk, Shell, Visitor
from tests.fixtures.board import drawn_board

VIEW = MapView((107.70, 27.94, 107.74, 27.97))
NICE = "青石"
HOSTILE = """</script><script>alert(1)</script><img src=x onerror=alert(2)>"'{{7*7}}"""


@dataclass(frozen=True)
class Case:
    name: str
    render: Callable[..., str]
    context: object
    has_map: bool


def shell(text: str) -> Shell:
    return Shell(
        place=text,
        path=f"/planner?plan=3&q={text}",
        visitor=Visitor(text, text),
        attribution=text,
        notice=text,
        desk=Desk(text, text),
    )


def outlines(count: int = 3) -> tuple[Outline, ...]:
    return tuple(
        Outline(f"52990100100{i % 2}{i:03d}", f"52990100100{i % 2}", shapely.box(i, 0, i + 1, 1), vacant=i == 1)
        for i in range(count)
    )


def lookup_context(text: str) -> lookup.LookupContext:
    answer = lookup.answer_from(
        {
            "answer": "near_border",
            "certain": False,
            "on": "2026-11-20",
            "message": text,
            "question": text,
            "grids": [
                {
                    "grid_code": text, "name": text, "community": text, "zone": text,
                    "worker": text, "duty_line": text, "vacant": False, "new_key": 1,
                },
                {"grid_code": "1", "name": text, "community": text, "vacant": True},
            ],
            "stations": [
                {"name": text, "category": text, "category_label": text, "walk_min": 3.2, "distance_m": 1234.5},
                {"name": text, "category": text, "category_label": text, "walk_min": None, "distance_m": 9.0},
            ],
            "desk": {"name": text, "phone": text},
        }
    )  # fmt: skip
    return lookup.LookupContext(
        shell(text), VIEW, query=text, place=(107.7, 27.9), answer=answer, categories={text: text}
    )


def board_context(text: str, around: Shell) -> board.BoardContext:
    words = Words(text, text)
    post, near = Post(words, text, text), NearBy(1, text, words, "#b5342b", 4, 230)
    drawn = drawn_board(
        name=text, community=text, street=text, place=words, document_number=text, worker=post, heads=(post,),
        police=(post,), lawyers=(post,), units=(post,), building_heads=(post, post), hours=words, duties=(words,),
        stations=(near,), walks_from=text, desk=words, desk_phone=text, attribution=text,
    )  # fmt: skip
    svg = board.web_map(BoardGround(grid=shapely.box(0, 0, 300, 200)), text)
    return board.BoardContext(around, drawn, svg, is_preview=True)


def cases(text: str = NICE) -> list[Case]:
    around, kinds = shell(text), (Category(text, text, "#b5342b"), Category("b", text, "#1b7a8c"))
    found = (lookup.FoundPlace(text, text, 107.7, 27.9),)
    circles = (reach.Circle(15, text), reach.Circle(5, text))
    walkers = (reach.Walker("adult", text, 1.2), reach.Walker("elder", text, 0.8))
    return [
        Case("home", home.render, home.HomeContext(around, 7, 57, 22383, 0.9996, outlines()), False),
        Case("planner", planner.render, planner.PlannerContext(around, VIEW, 300, 500, 3, True, True, True), True),
        Case("cover", cover.render, cover.CoverContext(around, VIEW, date(2026, 11, 20)), True),
        Case(
            "reach",
            reach.render,
            reach.ReachContext(around, VIEW, kinds, circles, 1.2, walkers),
            True,
        ),
        Case(
            "incidents",
            incidents.render,
            incidents.IncidentsContext(
                around, VIEW, kinds, kinds, kinds, kinds, date(2026, 8, 1), date(2026, 11, 20), True
            ),
            True,
        ),
        Case("lookup", lookup.render, lookup_context(text), True),
        Case("chosen", lookup.render, replace(lookup_context(text), chosen=text), True),
        Case("door", lookup.render, replace(lookup_context(text), door=lookup.ScannedDoor("found", *[text] * 3)), True),
        Case("no-door", lookup.render, lookup.LookupContext(around, VIEW, door=lookup.ScannedDoor("revoked")), True),
        Case("no-code", lookup.render, lookup.LookupContext(around, VIEW, code=text), True),
        Case("places", lookup.render, lookup.LookupContext(around, VIEW, query=text, places=found), True),
        Case("nowhere", lookup.render, lookup.LookupContext(around, VIEW, query=text, places=()), True),
        Case(
            "figures",
            figures.render,
            figures.FiguresContext(
                around,
                date(2025, 11, 1),
                date(2026, 10, 31),
                5,
                figures.bars([(text, 12), (text, None), (text, 40)]),
                figures.bars([]),
            ),
            False,
        ),
        Case("login", login.render, login.LoginContext(around, text, text), False),
        Case("problem", problem.render, problem.ProblemContext(around, 403, text, text), False),
        Case("siting", siting.render, siting.SitingContext(around, VIEW, kinds, circles, walkers, True), True),
        Case("plates", plates.render, plates.PlatesContext(around), False),
        Case("people", people.render, people.PeopleContext(around, date(2026, 11, 20), True, True), False),
        Case("board", board.render, board_context(text, around), False),
        Case("boards", boards.render, boards.BoardsContext(around, date(2026, 11, 20), True), False),
    ]
