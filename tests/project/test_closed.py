"""The project stands by itself: no foreign host, no machine's path, no secret, nothing at import time."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TEXT = {".py", ".js", ".css", ".html", ".toml", ".yml", ".sh", ".md", ".lock", ".json", ".sql", ".po", ".svg", ""}
# Package registries and script hosts that nothing tracked may name; this list is the one exception.
FORBIDDEN = re.compile(
    r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian|jsdelivr|unpkg\.com|cdnjs|index-url|\"resolved\":|/(?:work|farm)/main"
)
THIS = Path(__file__).resolve()


def tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).suffix in TEXT and (ROOT / name).is_file()]


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:90]}"
        for path in tracked()
        if path.resolve() != THIS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if FORBIDDEN.search(line)
    ]
    assert not found


def test_lock_files_pin_every_package_with_a_hash() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text(encoding="utf-8"))
        pins = [block for block in blocks if not block.startswith("#")]
        assert len(pins) > 30
        assert all("==" in pin and "--hash=sha256:" in pin for pin in pins)


@pytest.mark.parametrize("package", ["geo", "data", "maps", "api"])
def test_every_module_imports_with_no_environment_and_no_network(package: str, tmp_path: Path) -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((ROOT / package).rglob("*.py"))
        if not {"versions", "migrations", "vendor", "node_modules"} & set(path.parts) and path.stem != "__main__"
    ]
    block = "import socket\ndef no(*a, **k): raise OSError('network at import time')\nsocket.socket.connect = no\n"
    code = block + "import importlib\n" + "".join(f"importlib.import_module({name!r})\n" for name in modules)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
