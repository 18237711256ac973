"""Tables that fit a terminal: words stay whole, and what no row says is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from rich.table import Table
from rich.text import Text

from cli.console import out

Row = TypeVar("Row")

_GAP = 2
_NARROWEST = 8


@dataclass(frozen=True)
class Column(Generic[Row]):
    """What a column tells of a row.

    Args:
        heading: wrapped between its words.
        cell: what stands in a row.
        justify: numbers stand right.
        wraps: between its words; else each line of a cell stays whole.
        only_if_differs: it is left out where all of several rows say the same.
    """

    heading: str
    cell: Callable[[Row], str | Text]
    justify: Literal["left", "right"] = "left"
    wraps: bool = False
    only_if_differs: bool = False


@dataclass(frozen=True)
class _Filled:
    heading: str
    cells: list[Text]
    justify: Literal["left", "right"]
    wraps: bool

    @property
    def natural(self) -> int:
        """Width in which nothing is wrapped."""
        return _longest([self.heading, *self._lines()])

    @property
    def least(self) -> int:
        """Width in which no word is broken, and no line of a cell that may not wrap."""
        lines = self._lines()
        whole = [word for line in lines for word in line.split()] if self.wraps else lines
        return _longest([*self.heading.split(), *whole])

    def _lines(self) -> list[str]:
        return [line for cell in self.cells for line in cell.plain.splitlines()]


def table_of(rows: Sequence[Row], *columns: Column[Row]) -> Table:
    """Return rows as a table, without the columns that say nothing."""
    shown = [filled for column in columns if (filled := _fill(column, rows))]
    widths = _widths(shown, out.width - _GAP * len(shown))
    table = Table(box=None, pad_edge=False, header_style="dim")
    for one, width in zip(shown, widths, strict=True):
        table.add_column(one.heading, justify=one.justify, overflow="fold", width=width)
    for cells in zip(*(one.cells for one in shown), strict=True):
        table.add_row(*cells)
    return table


def _fill(column: Column[Row], rows: Sequence[Row]) -> _Filled | None:
    cells = [Text(cell) if isinstance(cell, str) else cell for cell in map(column.cell, rows)]
    said = {cell.plain for cell in cells}
    if said == {""} or (column.only_if_differs and len(cells) > len(said) == 1):
        return None
    return _Filled(column.heading, cells, column.justify, column.wraps)


def _widths(shown: Sequence[_Filled], room: int) -> list[int]:
    """Return the columns' widths: the widest gives way first; long words break last."""
    widths = [one.natural for one in shown]
    broken = [_NARROWEST if one.wraps else one.least for one in shown]
    for least in ([one.least for one in shown], broken, [_NARROWEST] * len(shown)):
        while sum(widths) > room:
            spare = [i for i, width in enumerate(widths) if width > least[i]]
            if not spare:
                break
            widths[max(spare, key=widths.__getitem__)] -= 1
    return widths


def _longest(texts: list[str]) -> int:
    return max(map(len, texts))
