"""Files: several of them, all or nothing: written beside their places first, then put there together."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from geo.errors import BadFileError

Writer = Callable[[Path], None]
# The last one written makes a Shapefile whole for those who look for it.
LAST_SUFFIX = ".shp"


def write_together(writers: Mapping[Path, Writer]) -> None:
    """Write every file, or none: each `writer` is given a path of the same name in a folder of its own.

    What a writer makes beside its file (the parts of a Shapefile) is put beside it.

    Raises
    ------
    BadFileError
        A folder does not exist or cannot be written to.
    """
    folders: list[Path] = []
    moves: list[tuple[Path, Path]] = []
    try:
        for path, write in writers.items():
            folder = Path(tempfile.mkdtemp(prefix=".wangge-", dir=path.parent))
            folders.append(folder)
            write(folder / path.name)
            made = sorted(folder.iterdir(), key=lambda part: part.suffix.lower() == LAST_SUFFIX)
            moves += [(part, path.parent / part.name) for part in made]
        for source, target in moves:
            os.replace(source, target)  # noqa: PTH105 - over an existing file, on every system
    except OSError as error:
        raise BadFileError(
            file=str(error.filename or next(iter(writers)).name), reason=f"it cannot be written ({error.strerror})",
            reason_zh=f"无法写入（{error.strerror}）", mend="Check the folder and the right to write there.",
            mend_zh="请检查文件夹及写入权限。",
        ) from error  # fmt: skip
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON that people can read."""
    text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
