"""What is vendored is what was published, and nothing lies there unlisted."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("core/static/vendor", "tests/browser/vendor")


@pytest.fixture(scope="module")
def vendor() -> ModuleType:
    """The script, loaded from where it stands."""
    spec = importlib.util.spec_from_file_location("vendor_script", ROOT / "scripts/vendor.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_file_is_the_pinned_one(vendor: ModuleType) -> None:
    assert vendor.faults() == []


def test_a_changed_or_missing_file_is_named(vendor: ModuleType, tmp_path: Path) -> None:
    entry = vendor.read_manifest()[0]["files"][0]
    target = tmp_path / entry["target"]
    target.parent.mkdir(parents=True)
    target.write_text("edited by hand")
    found = vendor.faults(tmp_path)
    assert f"{entry['target']} differs from krds-uiux" in found
    assert any(fault.endswith("is missing") for fault in found)


def test_nothing_lies_there_unlisted(vendor: ModuleType) -> None:
    listed = {entry["target"] for package in vendor.read_manifest() for entry in package["files"]}
    lying = {
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    assert lying - listed == {"core/static/vendor/README.md"}


def test_each_package_names_its_licence(vendor: ModuleType) -> None:
    for package in vendor.read_manifest():
        assert package["licence"], package["name"]
        assert package["version"], package["name"]
