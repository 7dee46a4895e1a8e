"""Compile what is compiled once, so that no request waits for it. About a minute; a second when it is done already.

Machine code is kept beside the modules, or in ``NUMBA_CACHE_DIR``, or, where neither can be written, in the
user's cache folder.

Usage: ``python setup/warm.py``.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from geo.warm import warm  # the repository is put on the path first

if __name__ == "__main__":
    print("Compiling plans and walks where it is not compiled yet (a minute at most)", flush=True)
    warm()
