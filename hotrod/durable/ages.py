"""Ages as people write and read them: a number and a unit, 90s, 15m, 2h or 3d."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator

from hotrod.db.columns import now

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def _parse(given: object) -> object:
    """Turn ``15m`` into a time span; pydantic judges what isn't text."""
    if not isinstance(given, str):
        return given
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", given.strip())
    if match is None:
        raise ValueError("write a number and a unit: 90s, 15m, 2h or 3d")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


Age = Annotated[timedelta, BeforeValidator(_parse)]


def write_age(span: timedelta) -> str:
    """Return a time span of whole seconds the way it is read, e.g. 2h."""
    seconds = int(span.total_seconds())
    unit, size = next((unit, size) for unit, size in _SECONDS.items() if seconds % size == 0)
    return f"{seconds // size}{unit}"


def age_in_words(moment: datetime) -> str:
    """Return how long ago a moment was, in whole units of the largest that fits, e.g. 12m."""
    return span_in_words((now() - moment).total_seconds())


def span_in_words(seconds: float) -> str:
    """Return a time span in whole units of the largest that fits, e.g. 3h; at least 0s."""
    whole = max(0, int(seconds))
    unit, size = next(((unit, size) for unit, size in _SECONDS.items() if whole >= size), ("s", 1))
    return f"{whole // size}{unit}"
