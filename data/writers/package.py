"""Package: files in one ZIP with their checksums, which anybody can verify with nothing but `sha256sum -c`."""

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pyogrio

SUMS, LAYERS_FILE = "SHA256SUMS", "plan.gpkg"
# Of no file in particular: the same files make the same package.
MOMENT = (2000, 1, 1, 0, 0, 0)
_PLAIN = 0o644 << 16


def pack(files: Mapping[str, bytes]) -> tuple[bytes, str]:
    """Return a ZIP of files, with their checksums in ``SHA256SUMS``, and the package's digest.

    The digest is the SHA-256 of ``SHA256SUMS`` (64 hexadecimal digits): who knows it from elsewhere - from a letter, by
    telephone - knows that no file was changed.
    """
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    sums = "".join(lines).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in [(SUMS, sums), *sorted(files.items())]:
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _PLAIN
            archive.writestr(entry, content)
    return out.getvalue(), hashlib.sha256(sums).hexdigest()


def layer_files(layers: Mapping[str, gpd.GeoDataFrame], *, also: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Return layers as one GeoPackage, ``plan.gpkg``, and some of them as GeoJSON (RFC 7946) each."""
    with tempfile.TemporaryDirectory() as folder:
        for name, frame in layers.items():
            pyogrio.write_dataframe(frame, Path(folder) / LAYERS_FILE, layer=name, driver="GPKG")
        for name in also:
            pyogrio.write_dataframe(layers[name], Path(folder) / f"{name}.geojson", driver="GeoJSON", RFC7946=True)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
