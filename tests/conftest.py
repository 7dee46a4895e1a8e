"""What every test can ask for; each subject's fixtures live in `tests/fixtures/`."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.fixtures.databases"]

# A busy machine is slow, not wrong: no example is refused for the time it takes. The same examples each time: who
# changes nothing breaks nothing. `make fuzz` draws others.
settings.register_profile("fuzz", deadline=None)
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile("same")

ROOT = Path(__file__).parent.parent


def pytest_collection_finish() -> None:
    """Keep the garbage collector from all that was loaded by now, and from every small thing: a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data (WANGGE_SHARED, default ../shared); the test is skipped where it is absent."""
    folder = Path(os.environ.get("WANGGE_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no shared data at {folder}: set WANGGE_SHARED")
    return folder / "data"
