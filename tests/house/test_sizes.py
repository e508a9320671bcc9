"""Files and functions stay small: hard limits, and a ratchet that only falls."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.house.source import FUNCTIONS, PROGRAM, functions, name, python_files, tree

FILE_LINES_MAX = 400
TEST_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
FUNCTION_LINES_MEDIAN_MAX = 10
NESTING_MAX = 3
LINE_LENGTH_MAX = 100
RATCHET = Path(__file__).with_name("ratchet.json")

PRAGMA = re.compile(r"\s*# (?:type: ignore|noqa).*")

BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match)


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def longest() -> dict[str, int]:
    """Return today's maxima of the program."""
    lengths = [length for path in python_files(*PROGRAM) for _, length in functions(path)]
    return {
        "longest_file_lines": max(lines(path) for path in python_files(*PROGRAM)),
        "longest_function_lines": max(lengths),
        "functions_nested_too_deep": len(too_deep()),
    }


def test_no_file_is_too_long() -> None:
    program = [f"{name(p)} {lines(p)}" for p in python_files(*PROGRAM) if lines(p) > FILE_LINES_MAX]
    tests = [f"{name(p)} {lines(p)}" for p in python_files("tests") if lines(p) > TEST_LINES_MAX]
    assert program + tests == []


def test_no_function_is_too_long() -> None:
    found = [pair for path in python_files(*PROGRAM, "tests") for pair in functions(path)]
    assert [pair for pair in found if pair[1] > FUNCTION_LINES_MAX] == []


def test_functions_are_short_in_the_middle() -> None:
    lengths = [length for path in python_files(*PROGRAM) for _, length in functions(path)]
    print(f"median function: {median(lengths)} lines of {len(lengths)} functions")  # noqa: T201
    assert median(lengths) <= FUNCTION_LINES_MEDIAN_MAX


def test_todays_maxima_are_not_passed() -> None:
    """Where this fails because something became shorter, write the new figure into the ratchet."""
    allowed = json.loads(RATCHET.read_text(encoding="utf-8"))
    today = longest()
    assert {key: value for key, value in today.items() if value > allowed[key]} == {}


def test_lines_are_bearable() -> None:
    faults = [
        f"{name(path)}:{number}"
        for path in python_files(*PROGRAM)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(PRAGMA.sub("", line)) > LINE_LENGTH_MAX
    ]
    assert faults == []


def depth(node: ast.AST) -> int:
    """Return how deep blocks stand in blocks below `node`; a function in it starts anew."""
    deepest = 0
    for child in _below(node):
        if isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            continue
        deepest = max(deepest, depth(child) + isinstance(child, BLOCKS))
    return deepest


def _below(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the children of `node`; an `elif` stands beside its `if`, not in it."""
    for child in ast.iter_child_nodes(node):
        is_elif = isinstance(node, ast.If) and [child] == node.orelse and isinstance(child, ast.If)
        if is_elif:
            yield from _below(child)
        else:
            yield child


def too_deep() -> list[str]:
    """Return the functions whose blocks stand more than NESTING_MAX deep."""
    return [
        f"{name(path)}:{node.lineno} {node.name} {depth(node)}"
        for path in python_files(*PROGRAM)
        for node in ast.walk(tree(path))
        if isinstance(node, FUNCTIONS) and depth(node) > NESTING_MAX
    ]


def test_no_more_blocks_stand_too_deep_than_before() -> None:
    allowed = json.loads(RATCHET.read_text(encoding="utf-8"))["functions_nested_too_deep"]
    assert len(too_deep()) <= allowed, too_deep()
