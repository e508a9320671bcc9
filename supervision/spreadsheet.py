"""Figures as CSV that a spreadsheet opens and never executes. Pure.

Rule: a cell that begins with what a spreadsheet takes for a formula gets an apostrophe before it
(OWASP, CSV injection); every cell is quoted, so that none can end early.
"""

import csv
import io
from collections.abc import Iterable, Sequence

BYTE_ORDER_MARK = "\ufeff"  # without it spreadsheets don't read Hangul
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | float | None


def defused(cell: Cell) -> str:
    """Return the cell as text that no spreadsheet takes for a formula; None is an empty cell."""
    text = "" if cell is None else f"{cell}"
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def written(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return the table as CSV text with CRLF line ends (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow([defused(cell) for cell in header])
    writer.writerows([defused(cell) for cell in row] for row in rows)
    return BYTE_ORDER_MARK + out.getvalue()
