"""Draw the pictures of docs/methods/partition.md anew into docs/pictures.

Usage: python -m bench.partition.pictures
"""

import tempfile
from pathlib import Path

from bench.partition.pictures import beside_metis, from_ground, renewal
from bench.partition.pictures.ground import demo_scene


def main() -> None:
    """Draw all of them."""
    scene = demo_scene()
    with tempfile.TemporaryDirectory(prefix="wangge-pictures-") as folder:
        plans = beside_metis.both(scene, Path(folder))
        labels, _, dedicated = plans[1]
        for path in (
            beside_metis.draw(scene, plans),
            from_ground.draw(scene, labels, dedicated),
            renewal.draw(scene, labels, Path(folder)),
        ):
            print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
