"""Every module and public name says what it is for; nothing of a machine is left in the files."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.source import (
    ALL_ROOMS,
    FUNCTIONS,
    PROGRAM,
    ROOT,
    name,
    python_files,
    tracked,
    tree,
)

FORBIDDEN_STEMS = {"utils", "util", "common", "misc", "manager", "data", "info", "helpers"}
OWN = Path(__file__)
# Written apart, so that this file does not hold what it forbids.
FORBIDDEN_TEXT = {
    "a machine's path": re.compile(r"(?<![\w./~-])/(?:work|home|root|Users)/(?!<)\w", re.ASCII),
    "a temporary path": re.compile(r"(?<![\w.])/tmp" r"/\w"),
    "a registry's host": re.compile(
        "|".join(("pypi" r"\.org", "python" r"hosted\.org", "registry\\.npmjs", "unpkg\\."))
    ),
    "a tool's name": re.compile(
        "|".join(("claude", "anthropic", "chatgpt", "open" r"ai\b", "copilot", "llm" r"\b")),
        re.IGNORECASE,
    ),
}
VENDORED = ("core/static/vendor/", "simulator/static/vendor/", "simulator/phones/static/vendor/")
SECRETS = re.compile(
    r"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----"
    r"|\bAKIA[0-9A-Z]{16}\b|\bxox[bp]-[0-9A-Za-z-]+"
)


def public(path: Path) -> list[ast.AST]:
    """Return the public classes and functions of a module, methods of public classes included."""
    found: list[ast.AST] = []
    for node in tree(path).body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"):
            found.append(node)
            if isinstance(node, ast.ClassDef):
                found += [
                    held
                    for held in node.body
                    if isinstance(held, FUNCTIONS) and not held.name.startswith("_")
                ]
    return found


def test_every_module_opens_with_what_it_is_for() -> None:
    faults = [
        name(path)
        for path in python_files(*PROGRAM, "tests")
        if not (ast.get_docstring(tree(path)) or "").strip()
    ]
    assert faults == []


def test_every_public_name_has_a_docstring() -> None:
    faults = [
        f"{name(path)}:{node.lineno} {node.name}"  # type: ignore[attr-defined]
        for path in python_files(*PROGRAM)
        for node in public(path)
        if not ast.get_docstring(node)  # type: ignore[arg-type]
    ]
    assert faults == []


def test_pure_files_say_their_rule() -> None:
    lives = [path for path in python_files(*ALL_ROOMS) if path.name == "states.py"]
    lives += [ROOT / "core/life.py", ROOT / "routing/choose.py", ROOT / "routing/estimate.py"]
    faults = [name(path) for path in lives if "Rule:" not in (ast.get_docstring(tree(path)) or "")]
    assert faults == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [name(path) for path in tracked() if path.stem.lower() in FORBIDDEN_STEMS] == []


def test_only_the_clock_asks_the_time() -> None:
    """core/log.py writes when a line was logged; it decides nothing by it."""
    asks = re.compile(r"\b(?:datetime\.(?:now|utcnow|today)|date\.today)\(|\btime\.time\(")
    faults = [
        name(path)
        for path in python_files(*ALL_ROOMS, "app.py", "worker.py")
        if name(path) not in ("core/clock.py", "core/log.py")
        and asks.search(path.read_text(encoding="utf-8"))
    ]
    assert faults == []


def texts() -> list[tuple[str, str]]:
    found = []
    for path in tracked():
        is_ours = path != OWN and not any(part in name(path) for part in VENDORED)
        if not is_ours or "/vendor/" in name(path):
            continue
        try:
            found.append((name(path), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("what", FORBIDDEN_TEXT)
def test_nothing_of_a_machine_or_a_tool_is_in_the_files(what: str) -> None:
    wrong = FORBIDDEN_TEXT[what]
    faults = [
        f"{file}:{text[: found.start()].count(chr(10)) + 1} {found[0]}"
        for file, text in texts()
        if not (what == "a temporary path" and file.startswith("tests/"))  # sockets need short ones
        for found in wrong.finditer(text)
    ]
    assert faults == []


def test_no_secret_is_in_the_files() -> None:
    assert [file for file, text in texts() if SECRETS.search(text)] == []
    assert [name(path) for path in tracked() if path.name.startswith(".env")] == []
