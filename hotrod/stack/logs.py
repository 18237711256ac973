"""The logs of the parts: one file each, one older file beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROTATE_BYTES = 10_000_000
_BLOCK = 65_536


def log_path(home: Path, part: str) -> Path:
    """Return the file that a part's stdout and stderr go to."""
    return home / "logs" / f"{part}.log"


def rotate(path: Path) -> None:
    """Move a log that has grown too long out of the way, and make its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > ROTATE_BYTES:
        path.replace(path.with_suffix(".log.1"))


def tail(path: Path, lines: int) -> list[str]:
    """Return the last lines of a log, without line ends; none when there is no log."""
    if lines <= 0 or not path.exists():
        return []
    found = b""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        while position > 0 and found.count(b"\n") <= lines:
            step = min(_BLOCK, position)
            position -= step
            file.seek(position)
            found = file.read(step) + found
    return found.decode("utf-8", "replace").splitlines()[-lines:]


class Follower:
    """Reads what is added to a log, across rotation.

    Args:
        path: log to follow, from its present end.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._position = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def new_lines(self) -> Iterator[str]:
        """Yield the whole lines that were added since the last call."""
        if not self.path.exists():
            return
        if self.path.stat().st_size < self._position:
            self._position = 0
        with self.path.open("rb") as file:
            file.seek(self._position)
            added = file.read()
        self._position += len(added)
        *whole, self._rest = (self._rest + added).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace")
