"""Door words: what somebody typed to find a door, as the readings it may have and the keys to look each up by.

A reading is a stem (云溪苑) and the numbers behind it, outermost first: block, stairwell, floor, room. Words in front
of a name (省市区街道) and behind it are read past; floors and rooms are left out and kept nowhere. Keys are those of
the table `name_keys` (data/sql/schema/door_names.sql); text comes as that file's ``door_plain`` makes it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, pairwise, product

HAN_UNITS = "号楼|号院|号|栋|座|楼|单元|门|梯|层|室|房|户|#"
SOUND_UNITS = "danyuan|haolou|haoyuan|dong|zuo|hao|lou|men|ceng|shi|fang|dy|hl|d|z|h|l"
STAIRWELLS = frozenset({"单元", "门", "梯", "danyuan", "men", "dy", "-", ""})
FLOORS = frozenset({"层", "室", "房", "户", "ceng", "shi", "fang"})
STOREYS = frozenset({"楼", "lou", "l"})  # 3楼 is a block in front, a floor behind
BLOCK_MAX, STAIRWELL_MAX, RUNS_MAX, NUMBERS_MAX = 99, 30, 4, 5
SOUNDS_MAX, SPOKEN_MAX = 6, 8
TOKEN = re.compile(
    r"附?(?:block|building|unit|no)?(?<![0-9])"
    rf"(?P<number>[0-9]{{1,6}}(?:[a-z](?=(?:{HAN_UNITS}|-|$)))?|(?<![a-z])[a-z][0-9]{{0,4}}(?={HAN_UNITS})|[甲乙丙丁](?={HAN_UNITS}))"
    rf"(?P<unit>{HAN_UNITS}|(?:{SOUND_UNITS})(?![a-z]))?(?P<dash>-?)"
)
# 13栋紫荆城 and 13栋2单元紫荆城; not 3号桥 nor 101大厦.
BLOCK_BEFORE = re.compile(
    r"^(0*[1-9][0-9]{0,3}(?:栋|座|号楼|幢|#|dong|haolou)((?:[0-9]{1,2}(?:单元|danyuan))?))(?![0-9]|-)(\D{2,})$"
)
SPOKEN_NUMBER = re.compile("hao(?!lou)")  # 2hao before a name is no unit of sounds
RUN = re.compile(rf"(?:{re.sub(r'[?]P<[a-z]+>', '?:', TOKEN.pattern)})+")

# How sure a hit by each kind of key is: that of a whole name is 1.
ENDS, BEGINS, HOLDS, BEHIND, BEFORE, WITHIN = 0.9, 0.9, 0.75, 0.96, 0.82, 0.68
AREA_ENDS = ("省", "市", "区", "县", "州", "旗", "街道", "镇", "乡", "村", "委会", "路", "组")
ONE_LETTER_OFF = {3: 0.7, 4: 0.76, 5: 0.8}
SOUNDS_SO, SOUNDS_SO_TYPED, INITIALS, OTHER_READING = 0.84, 0.97, 0.86, 0.015
SOUND_OFF, SOUND_OFF_TYPED = 0.68, 0.78
REMAINS, IGNORED_RUN, NUMBER_IN_NAME, NAME_PASSED = 0.97, 0.85, 0.9, 0.98

Sounds = Mapping[str, list[str]]


@dataclass(frozen=True)
class Key:
    """One key to look up.

    Attributes
    ----------
    kind, key
        Of the table; with `is_start`, all keys that begin so.
    score
        0 to 1.
    reading
        Number of the reading it is of.
    part
        What the stem must hold besides.
    """

    kind: str
    key: str
    score: float
    reading: int
    part: str = ""
    is_start: bool = False


@dataclass(frozen=True)
class Reading:
    """A stem, and what may stand behind it: tails as `door_names` has them, the nearer first, each with a stairwell.

    Attributes
    ----------
    stem
        Empty where a number is all that was typed: any name's.
    tails
        (tail, number of the stairwell within, 0 for none); ends with ("", 0), where the stem alone may be meant.
    """

    stem: str
    factor: float
    tails: list[tuple[str, int]] = field(default_factory=lambda: [("", 0)])


def readings_of(plain: str) -> list[Reading]:
    """Return what plain words may mean, the likeliest first."""
    plain = BLOCK_BEFORE.sub(r"\3\1", plain)
    runs = list(islice((run for run in RUN.finditer(plain) if run.start() > 0), RUNS_MAX))
    made = []
    for place, run in enumerate(reversed(runs)):
        rest = plain[run.end() :]
        factor = (REMAINS if rest else 1.0) * IGNORED_RUN ** min(place, 1)
        made.append(Reading(plain[: run.start()], factor, _tails(run.group())))
    whole = Reading(plain, NUMBER_IN_NAME if runs else 1.0)
    bare = RUN.fullmatch(plain)
    numbers = [Reading("", 1.0, _tails(bare.group())[:-1])] if bare else []
    return [*made, whole, *_of_street(plain, runs), *numbers] if plain else []


def _of_street(plain: str, runs: list[re.Match[str]]) -> Iterator[Reading]:
    """A street, its number and that of a block behind another name: 盛花巷2号鼎盛苑1栋 is 盛花巷2号1栋."""
    for run, behind in pairwise(runs):
        told = run.group().endswith(("号", "号院")) or SPOKEN_NUMBER.match(plain, run.end())
        (number, _), *_ = _tails(run.group())
        if told and number:
            tails = [(f"{number}/{tail}", well) for tail, well in _tails(behind.group()) if tail]
            if tails:
                yield Reading(plain[: run.start()], NAME_PASSED, tails)
            return


def _tails(run: str) -> list[tuple[str, int]]:
    """Return the tails that numbers of a run may be, longest first."""
    numbers = []
    for place, token in enumerate(TOKEN.finditer(run)):
        unit = token["unit"] or token["dash"]
        is_room = not unit and place > 0 and token["number"].isdigit() and int(token["number"]) > BLOCK_MAX
        if unit in FLOORS or is_room or (unit in STOREYS and place > 0):
            break
        numbers.append((token["number"].lstrip("0") or "0", unit))
    numbers = numbers[:NUMBERS_MAX]
    made: list[tuple[str, int]] = []
    for length in range(len(numbers), 0, -1):
        told = [number for number, _ in numbers[:length]]
        well = _stairwell(*numbers[length]) if length < len(numbers) else 0
        made.append(("/".join(told), well))
        if re.fullmatch(r"[0-9]+[a-z]", told[-1]):  # 100a座 may be block A of 阳光100, and 3d 3栋
            made.append(("/".join([*told[:-1], told[-1][:-1], told[-1][-1]]), well))
            made.append(("/".join([*told[:-1], told[-1][:-1]]), well))
    return [*made, ("", 0)]


def _stairwell(number: str, unit: str) -> int:
    is_one = number.isdigit() and int(number) <= STAIRWELL_MAX and unit in STAIRWELLS
    return int(number) if is_one else 0


def keys_of(readings: list[Reading], sounds: Sounds) -> list[Key]:
    """Return the keys of readings, the best score of each; `sounds` of the letters that have any."""
    best: dict[tuple[object, ...], Key] = {}
    for number, reading in enumerate(readings):
        found = tuple(_keys(reading.stem)) if number else (*_keys(reading.stem), *_tolerant_keys(reading.stem, sounds))
        for kind, key, score, part, is_start in (*found, *_other_readings(found)):
            made = Key(kind, key, score * reading.factor, number, part, is_start)
            known = best.get((kind, key, number, part, is_start))
            if key and (known is None or known.score < made.score):
                best[(kind, key, number, part, is_start)] = made
    return list(best.values())


Found = tuple[str, str, float, str, bool]


def _other_readings(found: Iterable[Found]) -> Iterator[Found]:
    """Keys by which a name is found that is read otherwise than it mostly is."""
    yield from (
        ("q", key, score - OTHER_READING, part, is_start) for kind, key, score, part, is_start in found if kind == "p"
    )


def _keys(stem: str) -> Iterator[Found]:
    """Keys of stems that are spelled as this one, or as a part of it."""
    if len(stem) < 2:
        return
    yield "w", stem, 1.0, "", False
    yield "w", stem, BEGINS, "", True
    yield "e", stem, ENDS, "", False
    yield "s", stem[:2], HOLDS, stem, False
    yield from _parts(stem)
    if stem.isascii():
        yield "p", stem, SOUNDS_SO_TYPED, "", False


def _tolerant_keys(stem: str, sounds: Sounds) -> Iterator[Found]:
    """Keys of stems that are a letter off, that sound so, or are kept behind other words of the area."""
    size = len(stem)
    if size < 2:
        return
    yield from _near(stem, ONE_LETTER_OFF.get(min(size, 5), 0.0))
    if stem.isascii():
        yield from _typed_sounds(stem)
        return
    yield from _spoken(stem, sounds)
    for length in range(3, min(size - 1, 10) + 1):
        end = stem[-length:]
        if length >= 4 or size >= 7:
            yield "e", end, 0.55 + 0.3 * length / size, "", False
        if length <= 8 and size - length >= 2:
            yield from _near(end, ONE_LETTER_OFF[min(length, 5)] - 0.06)


def _near(stem: str, score: float) -> Iterator[Found]:
    """Keys of stems that are one letter off: another, one more or one less."""
    yield "d", stem, max(score, 0.7), "", False
    if len(stem) >= 3:
        for left in _without_one(stem):
            yield "d", left, score, "", False
            if len(left) >= 3:
                yield "w", left, score, "", False


def _parts(stem: str) -> Iterator[Found]:
    """Keys of stems within what was typed: behind words of the area, before others, or between."""
    size, is_latin = len(stem), stem.isascii()
    for start in range(size - 1):
        for end in range(start + 2, min(size, start + 16) + 1):
            length = end - start
            if length == size or (is_latin and (end < size or length < 4)):
                continue
            base = _behind(stem[:start]) if end == size else BEFORE if start == 0 else WITHIN
            yield "w", stem[start:end], base + 0.08 * length / size - 0.08, "", False


def _behind(front: str) -> float:
    """Return how sure a name is behind other words: those of an area, or any, or a letter that belongs to it."""
    if front.endswith(AREA_ENDS):
        return BEHIND
    return BEHIND - 0.06 if len(front) > (4 if front.isascii() else 1) else BEHIND - 0.24


def _typed_sounds(stem: str) -> Iterator[Found]:
    """Keys of sounds that were typed as such: yunxiyuan, yxy."""
    yield "i", stem, INITIALS, "", False
    if len(stem) >= 3:
        yield "p", stem, BEGINS - 0.02, "", True
        yield "i", stem, INITIALS - 0.1, "", True
    for start in range(1, len(stem) - 4):
        yield "p", stem[start:], _behind(stem[:start]) - 0.06, "", False
    if len(stem) >= 5:
        yield "t", stem, SOUND_OFF_TYPED, "", False
        for left in _without_one(stem):
            yield "t", left, SOUND_OFF_TYPED, "", False
            yield "p", left, SOUND_OFF_TYPED, "", False


def _spoken(stem: str, sounds: Sounds) -> Iterator[Found]:
    """Keys of sounds of what was typed in letters, wholly or in part: 云夕院, 云xi苑; of its end too."""
    parts = re.findall("[a-z]+|[^a-z]", stem)
    size = len(parts)
    for start in (0, *range(max(1, size - SPOKEN_MAX), size)):
        rest, front = parts[start:], "".join(parts[:start])
        if len(rest) == 1 and len(rest[0]) < 2:
            continue
        is_typed = any(part[0].isascii() and part.isalpha() for part in rest)
        off = BEHIND - _behind(front) + 0.04 if start else 0.0
        spoken = _spellings(rest, sounds)
        for place, sound in enumerate(spoken):
            score = (SOUNDS_SO_TYPED - 0.02 if is_typed else SOUNDS_SO) - (OTHER_READING if place else 0.0)
            yield "p", sound, score - off, "", False
        if is_typed and len(rest) == 1:
            yield "i", rest[0], INITIALS - off, "", False
        main = spoken[0]
        if len(main) >= 6 and size - start <= SPOKEN_MAX:
            yield "t", main, SOUND_OFF - off, "", False
            for left in _without_one(main):
                yield "t", left, SOUND_OFF - off, "", False
                yield "p", left, SOUND_OFF - off, "", False


def _spellings(parts: list[str], sounds: Sounds) -> list[str]:
    """Return how the parts of a stem may sound together, the commonest first."""
    return ["".join(said) for said in islice(product(*(sounds.get(part, [part]) for part in parts)), SOUNDS_MAX)]


def _without_one(text: str) -> Iterator[str]:
    for place in range(len(text)):
        yield text[:place] + text[place + 1 :]
