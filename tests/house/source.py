"""Reads the house as text and syntax, for the tests that hold its style."""

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("core", "citizens", "counselors", "routing", "callbacks", "ivr")
ALL_ROOMS = (*ROOMS, "supervision")
PROGRAM = (*ALL_ROOMS, "simulator", "app.py", "worker.py")
EDGES = ("hooks.py", "api.py", "pages.py", "jobs.py", "cli.py", "dispatcher.py")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file of the project: what git tracks, and what it would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:  # a copy without its history: everything that is not installed or made
        skipped = {".venv", "var", "node_modules", "__pycache__", ".git"}
        found = [path for path in ROOT.rglob("*") if not skipped & set(path.parts)]
    else:
        found = [ROOT / line for line in listed.stdout.splitlines()]
    return tuple(sorted(path for path in found if path.is_file()))


@cache
def python_files(*tops: str) -> tuple[Path, ...]:
    """Return the Python files under these folders or of these names."""
    chosen = []
    for path in tracked():
        relative = path.relative_to(ROOT)
        if path.suffix == ".py" and (not tops or relative.parts[0] in tops):
            chosen.append(path)
    return tuple(chosen)


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    """Return a path as the house names it."""
    return path.relative_to(ROOT).as_posix()


@dataclass(frozen=True)
class Imported:
    """One imported module: its dotted name, the importing file and line."""

    module: str
    path: Path
    line: int

    def __str__(self) -> str:
        """Say it as a fault is reported."""
        return f"{name(self.path)}:{self.line} imports {self.module}"


@cache
def imports(path: Path) -> tuple[Imported, ...]:
    """Return every module a file imports, wherever the import stands."""
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += [Imported(alias.name, path, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(Imported(node.module, path, node.lineno))
            found += [
                Imported(f"{node.module}.{alias.name}", path, node.lineno) for alias in node.names
            ]
    return tuple(found)


def functions(path: Path) -> list[tuple[str, int]]:
    """Return each function of a file with its length in lines, its decorators not counted."""
    return [
        (f"{name(path)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1)
        for node in ast.walk(tree(path))
        if isinstance(node, FUNCTIONS) and node.end_lineno
    ]
