"""wangge boards print, as its user runs it: a file a grid, progress, refusals."""

from pathlib import Path

from sqlalchemy import Engine

from tests.fixtures.board import codes_in, pages_of
from tests.fixtures.commands import DONE, FAILED, WRONG_USE, wangge
from tests.fixtures.small_town import COMMUNITIES, write_small_town


def test_the_boards_of_an_area_are_printed_into_a_folder(engine: Engine, database_url: str, tmp_path: Path) -> None:
    write_small_town(engine)
    out = tmp_path / "new" / "boards"
    done = wangge(database_url, "boards", "print", "--area", COMMUNITIES[0], "--out", str(out), "--size", "A2")
    assert done.returncode == DONE, done.stderr
    assert "2 boards" in done.stdout
    assert "drawing board 2 of 2" in done.stdout
    assert sorted(path.name for path in out.iterdir()) == [f"{COMMUNITIES[0]}00{n}.pdf" for n in (1, 2)]
    ((_, picture, sides),) = pages_of((out / f"{COMMUNITIES[0]}001.pdf").read_bytes())
    assert round(sides[0]) == 420
    assert codes_in(picture) == [f"http://127.0.0.1:8000/board/{COMMUNITIES[0]}001"]
    done = wangge(database_url, "boards", "print", "--area", COMMUNITIES[0], "--out", str(out), "--format", "png")
    assert done.returncode == DONE, done.stderr
    assert len(list(out.glob("*.png"))) == 2


def test_what_cannot_be_printed_says_why(engine: Engine, database_url: str, tmp_path: Path) -> None:
    write_small_town(engine)
    for area in ("529901009009", "12", COMMUNITIES[3]):
        done = wangge(database_url, "boards", "print", "--area", area, "--out", str(tmp_path))
        assert done.returncode == FAILED
        assert area in done.stderr
        assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
    done = wangge(database_url, "boards", "print", "--area", COMMUNITIES[0], "--out", str(tmp_path), "--size", "A4")
    assert done.returncode == WRONG_USE
