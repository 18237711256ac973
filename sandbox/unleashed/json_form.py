"""How Unleashed writes JSON: ``/Date(ms)/`` for moments, numbers for amounts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.unleashed.store import Record

_DATE = re.compile(r"/Date\((-?\d{1,15})\)/")
_YEARS = range(1900, 2200)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def written(record: Record) -> dict[str, Any]:
    """Return a record as the API shows it."""
    fields = {**record.fields, "Guid": record.guid, "LastModifiedOn": record.modified_at}
    shown: dict[str, Any] = written_value(fields)
    return shown


def written_value(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a value as the API shows it."""
    match value:
        case datetime():
            return f"/Date({(value - _EPOCH) // timedelta(milliseconds=1)})/"
        case Decimal():
            return float(value)
        case dict():
            return {name: written_value(item) for name, item in value.items()}
        case list():
            return [written_value(item) for item in value]
        case _:
            return value


def read_date(text: str) -> datetime:
    """Read a moment: ``/Date(ms)/`` or ISO 8601, in UTC.

    Raises:
        ValueError: it is neither, or no date that a shop could mean.
    """
    found = _DATE.fullmatch(text)
    try:
        moment = (
            _EPOCH + timedelta(milliseconds=int(found[1]))
            if found
            else datetime.fromisoformat(text)
        )
    except OverflowError as error:
        raise ValueError(text) from error
    if moment.year not in _YEARS:
        raise ValueError(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
