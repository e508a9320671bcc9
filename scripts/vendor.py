"""Fetches the third-party browser files named in vendored.json and puts them in their places.

    python scripts/vendor.py           fetch with npm, verify, copy
    python scripts/vendor.py check     only verify what lies in the tree

Each package is pinned by version and by the SHA-256 of its archive, each file by its own
SHA-256, so a changed upstream archive stops the run and a file edited by hand fails a test.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = Path(__file__).resolve().parent / "vendored.json"


class VendoringFault(Exception):
    """A vendored file or archive is not the one that was pinned; the message names it."""


def read_manifest(path: Path = MANIFEST) -> list[dict[str, Any]]:
    """Return the packages of the manifest: name, version, licence, archive_sha256, files."""
    packages: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["packages"]
    return packages


def faults(root: Path = ROOT) -> list[str]:
    """Name every vendored file under `root` that is missing or differs from the manifest."""
    found = []
    for package in read_manifest():
        for entry in package["files"]:
            target = root / entry["target"]
            if not target.is_file():
                found.append(f"{entry['target']} is missing")
            elif _sha256(target.read_bytes()) != entry["sha256"]:
                found.append(f"{entry['target']} differs from {package['name']}")
    return found


def fetch(package: dict[str, Any], root: Path = ROOT) -> None:
    """Fetch one package with `npm pack`, verify it, and copy its files below `root`.

    Raises VendoringFault when the archive or a file is not the pinned one.
    """
    with tempfile.TemporaryDirectory() as folder:
        name = f"{package['name']}@{package['version']}"
        command = ["npm", "pack", name, "--silent", "--pack-destination", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        archive = next(Path(folder).glob("*.tgz"))
        if _sha256(archive.read_bytes()) != package["archive_sha256"]:
            raise VendoringFault(f"the archive of {name} is not the one that was pinned")
        with tarfile.open(archive) as tar:
            for entry in package["files"]:
                _copy(tar, entry, root)


def _copy(tar: tarfile.TarFile, entry: dict[str, str], root: Path) -> None:
    member = tar.extractfile(f"package/{entry['source']}")
    content = member.read() if member else b""
    if _sha256(content) != entry["sha256"]:
        raise VendoringFault(f"{entry['source']} is not the file that was pinned")
    target = root / entry["target"]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main(arguments: list[str]) -> int:
    """Run the command line; return its exit status."""
    if arguments != ["check"]:
        for package in read_manifest():
            sys.stdout.write(f"{package['name']} {package['version']} ({package['licence']})\n")
            fetch(package)
    for fault in (found := faults()):
        sys.stderr.write(f"{fault}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
