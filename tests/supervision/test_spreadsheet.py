"""No cell is a formula, whatever it holds; and the table reads back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.spreadsheet import BYTE_ORDER_MARK, Cell, defused, written

FORMULAS = [
    "=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "=cmd|'/C calc'!A0",
]  # fmt: skip


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline="")))


@pytest.mark.parametrize("cell", FORMULAS)
def test_formulas_are_defused(cell: str) -> None:
    assert defused(cell) == f"'{cell}"
    assert read(written(["a"], [[cell]]))[1] == [f"'{cell}"]


@pytest.mark.parametrize(
    ("cell", "text"), [(None, ""), (3, "3"), (0.25, "0.25"), (-3, "'-3"), ("김하늘", "김하늘")]
)
def test_other_cells_are_themselves(cell: Cell, text: str) -> None:
    assert defused(cell) == text


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_no_cell_ends_early_or_begins_a_formula(cells: list[str]) -> None:
    header, row = read(written(["x"] * len(cells), [cells]))
    assert (len(header), len(row)) == (len(cells), len(cells))
    for sent, got in zip(cells, row, strict=True):
        assert got in (sent, f"'{sent}")
        assert not got.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_hangul_is_read_as_such() -> None:
    assert written(["a"], []).encode().startswith(b"\xef\xbb\xbf")
