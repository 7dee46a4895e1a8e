"""The documents say what is there: settings, commands, links, pictures."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from api.cli import command_line
from api.settings import Settings

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted(p for p in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))
PICTURES = sorted(p for p in (ROOT / "docs/pictures").iterdir() if p.suffix in {".png", ".jpg", ".svg", ".webp"})


def test_every_setting_is_in_the_example_and_nothing_else_is() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#? ?WANGGE_([A-Z_]+)=", text, re.MULTILINE))
    assert named - {"POSTGRES_PASSWORD", "POSTGRES_ADMIN_PASSWORD"} == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_in_the_documents_exists_with_its_options(page: Path) -> None:
    for line in re.findall(
        r"(?:\.venv/bin/|^|`)wangge ([a-z][^`\n#]*)", page.read_text(encoding="utf-8"), re.MULTILINE
    ):
        words = shlex.split(line.replace("...", ""))
        command, rest = get_command(command_line()), list(words)
        while rest and hasattr(command, "commands"):
            assert rest[0] in command.commands, f"{page.name}: wangge {line}"
            command = command.commands[rest.pop(0)]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word.split("=")[0] for word in rest if word.startswith("--")} <= known | {"--help"}, (
            f"{page.name}: wangge {line}"
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if not link.startswith("http") and not (page.parent / link).exists()]
    assert not missing


def test_make_targets_in_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= targets, page.name


def test_the_readme_is_short_and_its_translation_has_its_shape() -> None:
    english = (ROOT / "README.md").read_text(encoding="utf-8")
    chinese = (ROOT / "README.zh.md").read_text(encoding="utf-8")
    assert len(english.splitlines()) < 150

    def outline(text: str) -> list[str]:
        return re.findall(r"^#+ ", text, re.MULTILINE)

    def commands(text: str) -> list[str]:
        return [
            line.split("#")[0].split(" import ")[0].strip()
            for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
            for line in block.splitlines()
        ]

    assert outline(english) == outline(chinese)
    assert [c.split()[:3] for c in commands(english)] == [c.split()[:3] for c in commands(chinese)]


def test_every_picture_is_light_and_shown_somewhere() -> None:
    shown = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert PICTURES
    for picture in PICTURES:
        assert picture.stat().st_size < 150_000, picture.name
        assert picture.name in shown, picture.name


def test_the_version_is_written_once() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    others = [
        p
        for folder in ("geo", "data", "maps", "api")
        for p in (ROOT / folder).rglob("*.py")
        if f'"{version[1]}"' in p.read_text(encoding="utf-8")
    ]
    assert not others
