"""Compile what is compiled once, so that no request waits for it. Some minutes; seconds when it is done already.

Machine code is kept beside the modules, or in ``NUMBA_CACHE_DIR``, or, where neither can be written, in the
user's cache folder.

Usage: ``python setup/warm.py``.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def warm(half: str) -> None:
    """Compile one half of it."""
    getattr(import_module("geo.warm"), f"warm_{half}")()


if __name__ == "__main__":
    print("Compiling plans and walks where they are not compiled yet (minutes at most)", flush=True)
    # A compiler works on one core: two halves that share nothing, each in a process.
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as both:
        list(both.map(warm, ("planning", "ground")))
