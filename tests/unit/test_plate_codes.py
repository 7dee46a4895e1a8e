"""Codes of plates: ours verify, none that is changed or made up does, and people may type them carelessly."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.plate_codes import LENGTH, LETTERS, grouped, is_signed, new_code, new_codes, read_code

KEY, OTHER = b"k" * 32, b"o" * 32
KEYS = st.binary(min_size=16, max_size=64)


@given(KEYS)
def test_every_code_that_was_issued_verifies_with_its_key(key: bytes) -> None:
    code = new_code(key)
    assert len(code) == LENGTH
    assert set(code) <= set(LETTERS)
    assert is_signed(code, [key])
    assert read_code(grouped(code)) == code
    assert read_code(f"http://192.0.2.7:8000/d/{code}?lang=en") == code  # the address it leads to, pasted


@given(st.integers(0, LENGTH - 1), st.integers(1, len(LETTERS) - 1))
def test_no_code_of_which_one_letter_is_another_verifies(at: int, step: int) -> None:
    code = new_code(KEY)
    changed = LETTERS[(LETTERS.index(code[at]) + step) % len(LETTERS)]
    assert not is_signed(code[:at] + changed + code[at + 1 :], [KEY])


@given(st.integers(0, LENGTH - 2))
def test_no_code_of_which_two_neighbours_are_swapped_verifies(at: int) -> None:
    code = new_code(KEY)
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    assert swapped == code or not is_signed(swapped, [KEY])


@given(st.text(LETTERS, min_size=LENGTH, max_size=LENGTH))
def test_a_code_that_is_made_up_does_not_verify(code: str) -> None:
    assert not is_signed(code, [KEY])


@given(st.text(max_size=80))
def test_whatever_is_typed_is_read_as_a_code_or_refused(typed: str) -> None:
    code = read_code(typed)
    assert code is None or (len(code) == LENGTH and set(code) <= set(LETTERS) and read_code(code) == code)


@given(st.lists(st.sampled_from([" ", "-", "–", "－", "　", ""]), min_size=LENGTH, max_size=LENGTH), st.booleans())
def test_case_spaces_dashes_and_full_width_letters_make_no_difference(between: list[str], is_wide: bool) -> None:
    code = new_code(KEY)
    typed = "".join(letter + gap for letter, gap in zip(code.lower(), between, strict=True))
    if is_wide:
        typed = "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() else letter for letter in typed)
    assert read_code(typed[:40]) == code or len(typed) > 40


def test_letters_that_are_not_there_are_read_as_what_they_look_like() -> None:
    assert read_code("OoIiLl23456789AB") == "0011112345678" + "9AB"
    assert read_code("U123456789ABCDEF") is None


@pytest.mark.parametrize("typed", ["", "123", "0" * 15, "0" * 17, "门牌" * 8, "0" * 15 + "*", "\x00" * 16, "٠" * 16])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


def test_an_older_key_still_reads_what_it_signed() -> None:
    old, new = new_code(OTHER), new_code(KEY)
    assert not is_signed(old, [KEY])
    assert is_signed(old, [KEY, OTHER])
    assert is_signed(new, [OTHER, KEY])
    assert not is_signed(new, [])


def test_fresh_codes_are_all_different_and_none_that_is_taken() -> None:
    taken = new_codes(KEY, 50)
    made = new_codes(KEY, 2000, taken=taken)
    assert len(set(made) | set(taken)) == 2050


def test_codes_say_nothing_of_one_another() -> None:
    """Letters are spread evenly at every place: no counter, no date, no area stands in a code."""
    made = new_codes(KEY, 4000)
    for at in range(LENGTH):
        counts = Counter(code[at] for code in made)
        assert len(counts) == len(LETTERS)
        assert max(counts.values()) < 3 * min(counts.values())
