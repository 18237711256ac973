"""The time that eBay goes by: the real one, moved on by whoever wants an auction to end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class EbayClock:
    """Now, and what it was moved by."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the present moment at eBay."""
        return datetime.now(UTC) + self._ahead

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._ahead += timedelta(seconds=seconds)

    def clear(self) -> None:
        """Go by the real time again."""
        self._ahead = timedelta()


def written(moment: datetime) -> str:
    """Write a moment as eBay does: UTC, with milliseconds."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    )
