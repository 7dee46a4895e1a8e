"""The sandbox: an invented point for each answer, and answers that hold what the schema says."""

from datetime import date

import pytest

from api.sandbox import CODE, DESK_PHONE, EXAMPLE_ON, SPOTS, answer_at, examples, listed
from api.schemas.lookup import LookupAnswer
from api.schemas.lookup_sandbox import SandboxPoints

ON = date(2026, 3, 1)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("number", range(1, len(SPOTS) + 1))
def test_each_point_answers_by_the_schema(number: int, language: str) -> None:
    body = answer_at(number * 0.001, 0.0, on=ON, language=language)
    told = LookupAnswer.model_validate(body)
    assert told.on == ON
    assert told.certain == (told.answer in ("assigned", "vacant", "outside", "no_active_plan"))
    assert (told.question is not None) == (len(told.grids) > 1 and not told.is_coarse)
    assert all(grid.vacant == (grid.worker is None) for grid in told.grids)
    assert told.desk.phone == DESK_PHONE
    assert (told.message.isascii() or "示" in told.message) == (language == "en" or "示例" in told.message)


def test_there_is_one_for_each_answer() -> None:
    bodies = [LookupAnswer.model_validate(one["value"]) for one in examples().values()]
    assert {body.answer for body in bodies} == {
        "assigned", "vacant", "near_border", "several", "outside", "no_active_plan"
    }  # fmt: skip
    assert any(body.is_coarse for body in bodies)
    assert any(body.next_change for body in bodies)
    assert any(grid.unit and grid.head and grid.zone for body in bodies for grid in body.grids)


def test_nobody_takes_it_for_real() -> None:
    for body in (LookupAnswer.model_validate(one["value"]) for one in examples().values()):
        for grid in body.grids:
            assert grid.name.startswith("示例")
            assert grid.grid_code.startswith(CODE[:13])
            lines = [grid.duty_line, grid.head and grid.head.duty_line, grid.unit and grid.unit.duty_line]
            assert all(line is None or line.startswith("0000-") for line in lines)


def test_the_list_leads_to_the_points() -> None:
    told = SandboxPoints.model_validate({"points": listed("zh")})
    assert [point.key for point in told.points] == list(examples())
    for point in told.points:
        assert answer_at(point.lon, point.lat, on=EXAMPLE_ON, language="zh") == examples()[point.key]["value"]
        assert point.href == f"/api/v1/lookup?lon={point.lon:.3f}&lat=0"


@pytest.mark.parametrize(
    "place", [(0.0, 0.0), (0.0015, 0.0), (0.001, 0.001), (-0.001, 0.0), (0.1, 0.0), (107.7, 27.95), (0.001, 0.00002)]
)
def test_every_other_place_is_real(place: tuple[float, float]) -> None:
    assert answer_at(*place, on=ON, language="zh") is None


def test_a_metre_makes_no_difference() -> None:
    assert answer_at(0.003001, -0.000009, on=ON, language="zh") == answer_at(0.003, 0.0, on=ON, language="zh")
