"""The pace of an account, shared by all processes."""

from __future__ import annotations

from typing import Protocol

from hotrod.db.engine import Database

_RESERVE = "SELECT reserve_call($1, $2, $3, $4)"
_ANSWERED = "SELECT call_answered($1, $2, $3, $4)"
_PAUSE = "SELECT pause_calls($1, $2, $3, $4)"
_LEARN = "SELECT learn_rate($1, $2, $3, $4, $5)"

_MARGIN = 0.02
"""Of a window; a call that is answered within that needs no second round trip."""

_LONGEST_PAUSE_SECONDS = 3600.0
"""Longer Retry-Afters are slips or outages; nobody should have to end them by SQL."""


class Rate(Protocol):
    """At most ``calls`` in any window of ``seconds``."""

    @property
    def calls(self) -> int:
        """How many."""

    @property
    def seconds(self) -> float:
        """How long."""


class SharedLimiter:
    """Gives out the moments at which an account may be used, to all processes together.

    A window is counted in slices of a hundredth of it, and two more of them than it has: calls
    take different times to arrive. So no window holds more than the rate allows, and at full use
    it holds 97 % of it or more.

    Args:
        database: where the window is kept.
        account: its name.
        rate: the limit, until the service tells another one.
    """

    def __init__(self, database: Database, account: str, rate: Rate) -> None:
        self._database = database
        self._rate = rate
        self._usual = (account, rate.calls, rate.seconds)

    async def reserve(self, at_most: float) -> float:
        """Reserve the next free moment.

        Args:
            at_most: longest wait that is worth it, in seconds.

        Returns:
            how many seconds to wait until then. When that is more than ``at_most``, nothing was
            reserved.

        Raises:
            PostgresError: the database refuses; OSError: it is away.
        """
        return float(await self._database.value(_RESERVE, *self._usual, at_most))

    async def answered(self, after: float) -> None:
        """Tell that a call was answered so many seconds after its moment.

        One that took long counts as made now: it may have arrived as late. So no window of the
        service holds more than the rate allows, as long as no more calls than that are under way
        or wait for their moment.
        """
        if after > self._rate.seconds * _MARGIN:
            await self._database.value(_ANSWERED, *self._usual, after)

    async def pause(self, seconds: float) -> None:
        """Let nobody call for a while, an hour at most, because the service said so."""
        pause = min(seconds, _LONGEST_PAUSE_SECONDS)
        await self._database.value(_PAUSE, *self._usual, pause)

    async def learn(self, rate: Rate) -> None:
        """Go by the limit that the service has told."""
        self._rate = rate
        await self._database.value(_LEARN, *self._usual, rate.calls, rate.seconds)
