"""Package: what is in a plan's package, and whether every file is the one that was put in."""

import hashlib
import re
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pyogrio

from data.writers.package import LAYERS_FILE, SUMS
from geo.errors import BadFileError, WanggeError

BYTES_MAX = 4 * 1024**3
ENTRIES_MAX = 200_000
LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


class NoPlanError(WanggeError):
    """A package without the layers of a plan."""

    zh = "成果包中没有方案图层（plan.gpkg）：{reason}。"
    en = "The package holds no layers of a plan (plan.gpkg): {reason}."


@dataclass(frozen=True)
class Package:
    """A package that was opened.

    Attributes
    ----------
    files
        Name -> content.
    digest
        SHA-256 of its list of checksums.
    changed, missing, added
        Names of files whose checksum is another, that are listed and not there, that are there and not listed.
    """

    files: dict[str, bytes]
    digest: str
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every file is the one that was put in, and none is more or less."""
        return not (self.changed or self.missing or self.added)


def open_package(path: Path) -> Package:
    """Return a package's files, each held against its checksum.

    Raises
    ------
    BadFileError
        It is no ZIP, has no list of checksums or one that cannot be read, or is larger than any package.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = _read(archive, path.name)
    except (zipfile.BadZipFile, OSError) as error:
        raise _bad(path.name, f"it is no ZIP file ({error})", "不是 ZIP 文件") from error
    if SUMS not in files:
        raise _bad(path.name, f"it has no {SUMS}", f"没有 {SUMS}")
    sums = files.pop(SUMS)
    listed = _listed(sums, path.name)
    found = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return Package(
        files=files,
        digest=hashlib.sha256(sums).hexdigest(),
        changed=tuple(sorted(name for name in listed if name in found and found[name] != listed[name])),
        missing=tuple(sorted(set(listed) - set(found))),
        added=tuple(sorted(set(found) - set(listed))),
    )


def read_layers(package: Package, names: Sequence[str]) -> dict[str, gpd.GeoDataFrame]:
    """Return layers of a package's GeoPackage by name.

    Raises
    ------
    NoPlanError
        It has no GeoPackage, one that cannot be read, or not all of the layers.
    """
    if LAYERS_FILE not in package.files:
        raise NoPlanError(reason=f"no {LAYERS_FILE}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / LAYERS_FILE
        file.write_bytes(package.files[LAYERS_FILE])
        try:
            return {name: pyogrio.read_dataframe(file, layer=name) for name in names}
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
            raise NoPlanError(reason=str(error)) from error


def _read(archive: zipfile.ZipFile, file: str) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > ENTRIES_MAX or sum(entry.file_size for entry in entries) > BYTES_MAX:
        raise _bad(file, "it is larger than any package", "文件过大")
    if len({entry.filename for entry in entries}) != len(entries):
        raise _bad(file, "a name stands in it twice", "有重名文件")
    return {entry.filename: archive.read(entry) for entry in entries if not entry.is_dir()}


def _listed(sums: bytes, file: str) -> dict[str, str]:
    lines = sums.decode("utf-8", "replace").splitlines()
    found = [LINE.fullmatch(line) for line in lines]
    if not lines or None in found:
        raise _bad(file, f"its {SUMS} cannot be read", f"{SUMS} 无法读取")
    return {match.group(2): match.group(1) for match in found if match is not None}


def _bad(file: str, reason: str, reason_zh: str) -> BadFileError:
    return BadFileError(
        file=file, reason=reason, reason_zh=reason_zh, mend="Ask for the package anew.", mend_zh="请重新索取成果包。"
    )
