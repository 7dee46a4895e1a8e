"""Plate codes: what a doorplate carries - sixteen letters that say nothing, cannot be guessed and prove themselves.

Fifty random bits, then thirty bits of HMAC-SHA256 over them with a secret of the deployment, written in
Crockford's base 32 (no I, L, O, U). A wrong code is known as wrong without asking the database; a right one is
then looked for there, so that it can be revoked. Why 50 and 30: docs/methods/doorplates.md.
"""

import hmac
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from hashlib import sha256

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ID_BITS, CHECK_BITS, LETTER_BITS = 50, 30, 5
LENGTH, GROUP = (ID_BITS + CHECK_BITS) // LETTER_BITS, 4
KEY_BYTES_MIN = 16
TYPED_LENGTH_MAX = 120
# What people read for a letter that is not there, and what they put between groups.
_READ = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, "‐": None, "–": None, "—": None, " ": None, ".": None})
# Another use of the same secret must not make codes.
_PURPOSE = b"wangge doorplate 1"


def new_code(key: bytes) -> str:
    """Return a fresh code signed with `key`: 16 letters."""
    return _written(secrets.randbits(ID_BITS), key)


def new_codes(key: bytes, count: int, *, taken: Iterable[str] = ()) -> list[str]:
    """Return `count` fresh codes, all different and none of `taken`."""
    known, made = set(taken), list[str]()
    while len(made) < count:
        code = new_code(key)
        if code not in known:
            known.add(code)
            made.append(code)
    return made


def read_code(typed: str) -> str | None:
    """Return the code somebody typed or scanned as it is written, or None where it cannot be one.

    Small letters, full-width ones, spaces and dashes make no difference; O is read as 0, I and L as 1. The address that
    a plate leads to, pasted whole, is read too.
    """
    code = unicodedata.normalize("NFKC", typed[:TYPED_LENGTH_MAX]).rpartition("/d/")[2]
    plain = code.partition("?")[0].strip().upper().translate(_READ)
    return plain if len(plain) == LENGTH and set(plain) <= set(LETTERS) else None


def is_signed(code: str, keys: Sequence[bytes]) -> bool:
    """Return whether a code as `read_code` returns it was signed with one of `keys`; takes as long for any code."""
    number = _number(code) >> CHECK_BITS
    fits = [hmac.compare_digest(_written(number, key), code) for key in keys]
    return any(fits)


def grouped(code: str) -> str:
    """Return a code as it is printed: K7Q2-9XBM-04TD-VR3H."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def _written(number: int, key: bytes) -> str:
    digest = hmac.digest(key, _PURPOSE + number.to_bytes(8, "big"), sha256)
    check = int.from_bytes(digest[:8], "big") >> (64 - CHECK_BITS)
    whole = number << CHECK_BITS | check
    steps = range(LENGTH - 1, -1, -1)
    return "".join(LETTERS[whole >> (step * LETTER_BITS) & (len(LETTERS) - 1)] for step in steps)


def _number(code: str) -> int:
    whole = 0
    for letter in code:
        whole = whole << LETTER_BITS | LETTERS.index(letter)
    return whole
