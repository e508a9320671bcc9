"""Serves the pages' files under a path that names their content, so browsers may keep them."""

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "static"

#: A file under its current version never changes: a year, the longest browsers honour.
KEEP = "public, max-age=31536000, immutable"


@cache
def version(root: Path = ROOT) -> str:
    """Return a short digest of every file below `root`, names included.

    One version for the whole tree, not one for each file: modules import each other by
    relative path, so a page's scripts always come from the same tree.
    """
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def cache_control(asked_version: str) -> str:
    """Return how long a browser may keep a file it asked for under `asked_version`.

    A page from before a deployment still gets its files, but must not keep them.
    """
    return KEEP if asked_version == version() else "no-cache"
