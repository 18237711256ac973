"""Sheets of labels to be printed on, as their makers cut them.

Label sizes, counts and gaps of Avery's 5160, 5167 (US Letter), L7160 and L7651 (A4) as public
templates give them, e.g. Label Planet's for LP65/38, which is cut like L7651. On all of them the
labels stand in the middle of the sheet, so that margins need no figures of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from hotrod.errors import InvalidInputError

_INCH = 25.4


@dataclass(frozen=True)
class Sheet:
    """A sheet of equal labels; all lengths in millimeters."""

    page: tuple[float, float]
    columns: int
    rows: int
    label: tuple[float, float]
    gap: float
    """Between columns; rows touch."""

    @property
    def places(self) -> int:
        """How many labels are on it."""
        return self.columns * self.rows

    def corners(self) -> Iterator[tuple[float, float]]:
        """Yield the top left corner of each label, row by row, from the top left of the page."""
        width, height = self.label
        left = (self.page[0] - self.columns * width - (self.columns - 1) * self.gap) / 2
        top = (self.page[1] - self.rows * height) / 2
        for row, column in product(range(self.rows), range(self.columns)):
            yield left + column * (width + self.gap), top + row * height


_A4 = (210.0, 297.0)
_LETTER = (8.5 * _INCH, 11 * _INCH)

SHEETS = {
    "avery-5160": Sheet(_LETTER, 3, 10, (2.625 * _INCH, _INCH), 0.125 * _INCH),
    "avery-5167": Sheet(_LETTER, 4, 20, (1.75 * _INCH, 0.5 * _INCH), 0.3 * _INCH),
    "avery-l7160": Sheet(_A4, 3, 7, (63.5, 38.1), 2.5),
    "avery-l7651": Sheet(_A4, 5, 13, (38.1, 21.2), 2.5),
}


def find_sheet(name: str) -> Sheet:
    """Return a sheet by its maker's name.

    Raises:
        InvalidInputError: there is no such sheet.
    """
    if name not in SHEETS:
        raise InvalidInputError("sheet", f"There is no {name!r}.", f"Known: {', '.join(SHEETS)}.")
    return SHEETS[name]
