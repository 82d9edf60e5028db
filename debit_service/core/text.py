"""Tables on a terminal."""

from collections.abc import Iterable, Sequence


def aligned(titles: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> list[str]:
    """A title line and the rows, in aligned columns; the columns in `right` (amounts, counts) are set to the right."""
    cells = [tuple(titles), *(tuple(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(titles))]
    rightward = frozenset(right)
    return [
        "  ".join(
            cell.rjust(width) if column in rightward else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def inert(cell: str) -> str:
    """A cell of a CSV that no spreadsheet runs as a formula: it gets an apostrophe before it (ASVS 1.2.10)."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\0") else cell
