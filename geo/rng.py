"""Randomness is an argument: a seed goes in, the same stream comes out."""

import zlib

import numpy as np


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return the random stream of `seed` for one purpose.

    Parameters
    ----------
    seed
        Any integer >= 0; it is stored with the result.
    names
        What the stream is for, e.g. ``"streets"``. Two purposes never share a stream, so
        drawing more of one thing leaves the other things as they were.
    """
    words = [zlib.crc32(name.encode()) for name in names]
    return np.random.default_rng([seed, *words])
