"""What the measurements result in: figures, the promises they are held against, and tables."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, Field
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.stack import PartUsage


def quantile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that at least this share (0 to 1) of the values don't exceed.

    Nearest rank: it is one of the values, never something between two. NaN when there are none.
    """
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class PartSpent(BaseModel):
    """What one process of the stack took while it was measured."""

    cpu_seconds: float
    cpu_percent: float = Field(description="Of one core.")
    rss_mb: float = Field(description="Resident memory in the end.")


def spent(
    before: Mapping[str, PartUsage], after: Mapping[str, PartUsage], seconds: float
) -> dict[str, PartSpent]:
    """Return what each part took between two looks that are so far apart.

    A part that was started anew in between counts from its start.
    """
    found: dict[str, PartSpent] = {}
    for name, end in after.items():
        begin = before[name].cpu_seconds if name in before else 0.0
        cpu = end.cpu_seconds - begin if end.cpu_seconds >= begin else end.cpu_seconds
        found[name] = PartSpent(
            cpu_seconds=round(cpu, 2),
            cpu_percent=round(100 * cpu / seconds, 1),
            rss_mb=end.rss_mb,
        )
    return found


class Row(NamedTuple):
    """One figure for people; ``kept`` is None when nothing was promised of it."""

    name: str
    value: str
    promise: str = ""
    kept: bool | None = None


class Result(BaseModel):
    """What a measurement found. Its fields are the keys of the JSON; times are in seconds."""

    title: ClassVar[str]

    @abstractmethod
    def rows(self) -> list[Row]:
        """Return the figures for people, each with what was promised of it."""

    @property
    def is_kept(self) -> bool:
        """Whether every promise that was measured is kept."""
        return all(row.kept is not False for row in self.rows())

    def parts(self) -> Mapping[str, PartSpent]:
        """Return what each process took, if that was measured."""
        return {}

    def tables(self) -> Group:
        """Return the result for the terminal."""
        figures = _table(self.title, ("figure", "measured", "promised", "kept"))
        for row in self.rows():
            figures.add_row(row.name, row.value, row.promise, _verdict(row.kept))
        if not self.parts():
            return Group(figures)
        parts = _table("What each process took", ("process", "CPU s", "% of a core", "MB"))
        for name, part in self.parts().items():
            cells = f"{part.cpu_seconds:.1f}", f"{part.cpu_percent:.0f}", f"{part.rss_mb:.0f}"
            parts.add_row(name, *cells)
        return Group(figures, Text(), parts)


def in_words(seconds: float | None) -> str:
    """Return a duration as people read it: 0.41 ms, 41 ms, 1.52 s, 73 s."""
    if seconds is None or math.isnan(seconds):
        return "none"
    if abs(seconds) < 0.01:  # noqa: PLR2004
        return f"{seconds * 1000:.2f} ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 60 else f"{seconds:.0f} s"  # noqa: PLR2004


def at_most(name: str, seconds: float | None, most: float) -> Row:
    """Return a row for a duration that is promised not to exceed ``most``."""
    kept = seconds is not None and seconds <= most
    return Row(name, in_words(seconds), f"<= {in_words(most)}", kept)


def below(name: str, seconds: float | None, limit: float) -> Row:
    """Return a row for a duration that is promised to stay below ``limit``."""
    kept = seconds is not None and seconds < limit
    return Row(name, in_words(seconds), f"< {in_words(limit)}", kept)


def none_of(name: str, number: int) -> Row:
    """Return a row for a number that is promised to be 0."""
    return Row(name, str(number), "0", number == 0)


def all_of(name: str, number: int, wanted: int) -> Row:
    """Return a row for a number that is promised to be reached."""
    return Row(name, str(number), str(wanted), number == wanted)


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place == 0 else "right")
    return table


def _verdict(kept: bool | None) -> Text:  # noqa: FBT001 - the value itself
    if kept is None:
        return Text()
    return Text("yes", style="green") if kept else Text("no", style="bold red")
