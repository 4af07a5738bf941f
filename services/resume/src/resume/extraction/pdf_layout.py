"""Puts the rows of a page into the order a person reads them, where the file keeps another."""

import re
from collections import Counter
from itertools import groupby, pairwise
from statistics import median

from resume.extraction.pdf_rows import Row
from resume.text import dates, lexicon

LONGEST_NOTE = 12
SAME_EDGE = 3.0
NAME_IS_LARGER = 1.3
EDGE_ROWS = 2
MAX_ARRANGED = 400
PAGE_NUMBER = re.compile(r"\b\d{1,2}(?:\s?(?:of|/)\s?\d{1,2})?$", re.IGNORECASE)


def _stretches(rows: list[Row]) -> list[list[Row]]:
    """Part the rows where the page goes back up."""
    stretches: list[list[Row]] = []
    for row in rows:
        if not stretches or row.bottom > stretches[-1][-1].top:
            stretches.append([])
        stretches[-1].append(row)
    return stretches


def _is_when(row: Row) -> bool:
    date_range = dates.find(row.text)
    return (
        date_range is not None and len(dates.without(row.text, date_range).strip("\t ().,")) <= LONGEST_NOTE
    )


def _is_flush_right(rows: list[Row]) -> bool:
    flush = all(abs(row.right - other.right) <= SAME_EDGE for row, other in pairwise(rows))
    return flush and any(abs(row.left - other.left) > SAME_EDGE for row, other in pairwise(rows))


def _beside(row: Row, others: list[Row]) -> Row | None:
    """Return the nearest of the rows at the same height, one to the left first."""
    left = [other for other in others if row.is_beside(other)]
    right = [other for other in others if other.is_beside(row)]
    return (
        max(left, key=lambda other: other.right)
        if left
        else min(right, key=lambda other: other.left, default=None)
    )


def _moves(stretch: list[Row], others: list[Row]) -> list[tuple[Row, Row]]:
    """Return which rows of a stretch belong to which rows of others: all, or the dates of a column of them."""
    timed = [_is_when(row) for row in stretch]
    is_side_note = all(when or lexicon.is_place(row.text) for row, when in zip(stretch, timed, strict=True))
    if is_side_note or _is_flush_right(stretch):
        beside = [(row, other) for row in stretch if (other := _beside(row, others)) and row.is_beside(other)]
        if len(beside) == len(stretch):
            return beside
    moves: list[tuple[Row, Row]] = []
    for when, run in groupby(zip(stretch, timed, strict=True), lambda pair: pair[1]):
        pairs = [(row, other) for row, _ in run if when and (other := _beside(row, others))]
        moves += pairs if len(pairs) > 1 else []
    return moves


def _name_first(stretches: list[list[Row]]) -> list[list[Row]]:
    """Put the stretch with the largest letters first: it is the one with the name."""
    heights = [row.height for stretch in stretches for row in stretch]
    largest = max(heights, default=0.0)
    if largest < NAME_IS_LARGER * median(heights or [0.0]):
        return stretches
    return sorted(stretches, key=lambda stretch: all(row.height < largest for row in stretch))


def arrange(rows: list[Row], *, first_page: bool = True) -> list[Row]:
    """Return the rows, those that the file sets apart from the line they stand on put back to its end.

    A page of more than 400 rows, which no résumé has, is left as it is.

    A browser prints everything that floats to the right, dates and places mostly, before the text it belongs to.
    """
    if len(rows) > MAX_ARRANGED:
        return rows
    stretches = _stretches(rows)
    moved: list[tuple[Row, Row]] = []
    for stretch in stretches:
        moved += _moves(
            stretch, [row for neighbour in stretches if neighbour is not stretch for row in neighbour]
        )
    gone = {id(row) for row, _ in moved} - {id(other) for _, other in moved}
    kept = [[row for row in stretch if id(row) not in gone] for stretch in stretches]
    for row, other in sorted(moved, key=lambda pair: pair[0].left):
        if id(row) in gone:
            other.text = f"{other.text}\t{row.text}"
    return [row for stretch in (_name_first(kept) if first_page else kept) for row in stretch]


def without_repeats(pages: list[list[Row]]) -> list[list[Row]]:
    """Return the pages without what runs along the edge of several; it is kept once, above the first page's rows."""
    seen = Counter(key for page in pages for key in {_key(row) for row in _edges(page)})
    running = [[row for row in _edges(page) if seen[_key(row)] > 1] for page in pages]
    rest = [[row for row in page if row not in runs] for page, runs in zip(pages, running, strict=True)]
    return [running[0] + rest[0], *rest[1:]] if pages else []


def _edges(page: list[Row]) -> list[Row]:
    """Return the rows that stand highest and lowest."""
    by_height = sorted(page, key=lambda row: row.bottom)
    return by_height[:EDGE_ROWS] + by_height[EDGE_ROWS:][-EDGE_ROWS:]


def _key(row: Row) -> tuple[str, int]:
    return PAGE_NUMBER.sub("#", row.text), round(row.bottom)
