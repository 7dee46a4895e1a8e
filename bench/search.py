"""Searching for doors in a city of 500,000 buildings: how long a search takes, by what is typed. JSON lines.

Goals: half of the searches within 50 ms and 19 of 20 within 100 ms, whatever is typed, nonsense too; every door that is
asked for by its exact name comes first.

Usage: make bench NAME=search [OPTIONS="--buildings 500000 --searches 300"]
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, text

from data.postgis.engine import READER, open_engine, reading, transaction
from data.postgis.migrate import upgrade
from data.postgis.server import PrivateServer
from data.stores import doors

FIRST = "云金锦阳翠碧丽华福康泰安和盛荣昌文学东西南北新龙凤麒桂梅兰竹松柏滨江湖山石溪泉清明景悦馨怡宏天中海星月"
SECOND = "溪桂绣光屏水景庭苑园山湾河林峰岭台桥塘井坪田湖泉居岸城府轩阁源海宇秋春晖辉霞瑞祥宁康乐"
ENDS = ("花园", "小区", "苑", "新城", "家园", "佳苑", "公馆", "新村", "国际", "广场", "大厦", "名都")
ROADS = ("路", "街", "巷", "大道")
PER_COMPOUND, ROAD_SHARE = 40, 0.3
AREA = "529901001001"
SQUARE = "ST_Multi(ST_MakeEnvelope(107.7, 27.9, 107.701, 27.901, 4326))"


def main() -> None:
    """Make the city, search it, and tell."""
    asked = argparse.ArgumentParser(prog="bench.search")
    asked.add_argument("--buildings", type=int, default=500_000)
    asked.add_argument("--searches", type=int, default=300)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = PrivateServer(Path(folder), is_durable=False)
        server.start()
        try:
            url = server.create_database("search_test")
            upgrade(url)
            run(url, options.buildings, options.searches)
        finally:
            server.stop()


def run(url: str, buildings: int, searches: int) -> None:
    """Fill a migrated database, and time each kind of search in it."""
    draw = np.random.default_rng(11)
    engine = open_engine(url, statement_timeout_ms=0)
    start_s = time.perf_counter()
    with transaction(engine, actor="bench", action="fill") as conn:
        names, roads = fill(conn, draw, buildings)
    filled_s = time.perf_counter() - start_s
    with engine.begin() as conn:
        conn.execute(text("ANALYZE buildings, compounds, areas, door_names, name_keys, stairwells"))
        told = conn.execute(text(
            "SELECT count(*) AS keys,"
            " pg_total_relation_size('name_keys') + pg_total_relation_size('door_names') AS size"
            " FROM name_keys"
        )).one()  # fmt: skip
        sounds = dict(conn.execute(text("SELECT letter, sounds[1] FROM letter_sounds")).all())
    engine.dispose()
    tell(task="fill", buildings=buildings, compounds=len(names), roads=len(roads), seconds=filled_s, keys=told.keys,
         mb=told.size / 1e6)  # fmt: skip
    reader = open_engine(url, role=READER)
    for kind, words in typed(draw, names, roads, sounds, searches).items():
        timed(reader, kind, words)
    reader.dispose()


def fill(conn: Connection, draw: np.random.Generator, buildings: int) -> tuple[list[str], list[str]]:
    """Write compounds with blocks, and houses along roads; return what they are called."""
    on_roads = int(buildings * ROAD_SHARE)
    names = invented(draw, max(1, (buildings - on_roads) // PER_COMPOUND), ENDS)
    roads = invented(draw, max(1, on_roads // 100), ROADS)
    conn.execute(
        text(f"INSERT INTO areas (area_code, name, level, geometry) VALUES (:code, '示例社区', 'community', {SQUARE})"),
        {"code": AREA},
    )
    conn.execute(
        text(
            f"INSERT INTO compounds (compound_id, area_code, name, geometry) SELECT n, :code, name, {SQUARE}"
            " FROM unnest(CAST(:names AS text[])) WITH ORDINALITY AS given(name, n)"
        ),
        {"code": AREA, "names": names},
    )
    conn.execute(
        text(
            "INSERT INTO buildings (area_code, compound_id, name, households, people, geometry)"
            f" SELECT :code, c, n || '栋', 1, 1, {SQUARE}"
            " FROM generate_series(1, :compounds) c, generate_series(1, :each) n"
        ),
        {"code": AREA, "compounds": len(names), "each": PER_COMPOUND},
    )
    conn.execute(
        text(
            "INSERT INTO buildings (area_code, address, households, people, geometry)"
            f" SELECT :code, road || n || '号', 1, 1, {SQUARE}"
            " FROM unnest(CAST(:roads AS text[])) road, generate_series(1, 100) n"
        ),
        {"code": AREA, "roads": roads},
    )
    return names, roads


def invented(draw: np.random.Generator, count: int, ends: tuple[str, ...]) -> list[str]:
    """Return so many different names."""
    found: dict[str, None] = {}
    while len(found) < count:
        size = int(draw.integers(2, 4))
        stem = "".join(draw.choice(list(FIRST if place == 0 else SECOND)) for place in range(size))
        found[stem + str(draw.choice(ends))] = None
    return list(found)


def typed(
    draw: np.random.Generator, names: list[str], roads: list[str], sounds: dict[str, str], count: int
) -> dict[str, list[tuple[str, str]]]:
    """Return what people type, by kind, each with the beginning of the label that must come first ("" for any)."""
    chosen = [str(draw.choice(names)) for _ in range(count)]
    numbers = draw.integers(1, PER_COMPOUND + 1, count)
    labels = [f"{name} {number}栋" for name, number in zip(chosen, numbers, strict=True)]
    letters = list(FIRST + SECOND)
    return {
        "chinese": list(zip((label.replace(" ", "") for label in labels), labels, strict=True)),
        "room": [(f"{name}{n}号楼2单元501室", f"{name} {n}栋") for name, n in zip(chosen, numbers, strict=True)],
        "address": [(f"贵州省遵义市云溪区示例社区{road}{n}号", f"{road}{n}号") for road, n in zip(
            (str(draw.choice(roads)) for _ in range(count)), numbers, strict=True)],
        "one letter wrong": [(name[:1] + str(draw.choice(letters)) + name[2:] + f"{n}栋", "") for name, n in zip(
            chosen, numbers, strict=True)],
        "common word": [(str(draw.choice(ENDS)), "") for _ in range(count)],
        "pinyin": [("".join(sounds[letter] for letter in name) + f"{n}dong", "") for name, n in zip(
            chosen, numbers, strict=True)],
        "initials": [("".join(sounds[letter][0] for letter in name) + f"{n}d", "") for name, n in zip(
            chosen, numbers, strict=True)],
        "nonsense": [("".join(chr(c) for c in draw.integers(0x4E00, 0x9F00, 6)), "") for _ in range(count // 2)]
        + [("".join(chr(c) for c in draw.integers(97, 123, 9)), "") for _ in range(count // 2)],
    }  # fmt: skip


def timed(reader: object, kind: str, words: list[tuple[str, str]]) -> None:
    """Search for each, and tell how long it took and how often the right one came first."""
    took_ms, first, asked = [], 0, 0
    for at, (word, label) in enumerate([words[0], *words]):
        start_s = time.perf_counter()
        with reading(reader) as conn:  # type: ignore[arg-type]  # an engine
            found = doors.search(conn, word, 12)
        if at:
            took_ms.append(1000 * (time.perf_counter() - start_s))
            asked += bool(label)
            first += bool(label) and len(found) > 0 and str(found.loc[0, "label"]) == label
    p50, p95 = np.percentile(took_ms, [50, 95])
    tell(task=kind, searches=len(took_ms), p50_ms=p50, p95_ms=p95, first=first, of=asked,
         holds=bool(p50 <= 50 and p95 <= 100 and first == asked))  # fmt: skip


def tell(**facts: object) -> None:
    """Print one line."""
    print(json.dumps({k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in facts.items()}), flush=True)


if __name__ == "__main__":
    main()
