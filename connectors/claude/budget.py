"""What may be spent on Claude: asked before each call, told after it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Protocol

from connectors._http.errors import RejectedError
from connectors.claude.models import Usage
from connectors.claude.prices import cost


class BudgetSpentError(RejectedError):
    """A call might cost more than what is left; nothing was sent."""

    default_cure = "Raise HOTROD_CLAUDE__DAILY_BUDGET_CAD, or wait until tomorrow (UTC)."


class Budget(Protocol):
    """Says whether a call may be made, and learns what it took."""

    async def allow(self, model: str, most_tokens: int) -> None:
        """Let a call be made, or not.

        Args:
            model: that is to answer.
            most_tokens: longest answer, of a batch all of them; what is read comes on top.

        Raises:
            BudgetSpentError: it might cost more than what is left.
        """

    async def spent(self, usage: Usage) -> None:
        """Learn what a call took; results that are read again are told again."""


class NoBudget:
    """A ``Budget`` without an end."""

    async def allow(self, model: str, most_tokens: int) -> None:
        """Let every call be made."""

    async def spent(self, usage: Usage) -> None:
        """Forget what it took."""


class MemoryBudget:
    """A ``Budget`` of one process, anew each calendar day (UTC).

    Calls under way at the same time don't know of each other: each may take what is left.

    Args:
        usd_per_day: what may be spent, by list prices.
        today: tells the day; tests replace it.
    """

    def __init__(
        self, usd_per_day: Decimal, today: Callable[[], date] = lambda: datetime.now(UTC).date()
    ) -> None:
        self._usd_per_day = usd_per_day
        self._today = today
        self._day = today()
        self._spent = Decimal(0)
        self._told: set[str] = set()

    @property
    def left(self) -> Decimal:
        """What is left of today, in USD; below zero if the last call took more than expected."""
        self._turn_the_day()
        return self._usd_per_day - self._spent

    async def allow(self, model: str, most_tokens: int) -> None:
        """Let a call be made if its longest answer costs no more than what is left.

        Raises:
            BudgetSpentError: it costs more.
            UnknownPriceError: the model's price isn't known.
        """
        needed = cost(Usage(model, "", 0, most_tokens))
        if needed > self.left:
            raise BudgetSpentError(
                "claude",
                "allow",
                f"{max(self.left, Decimal(0)):.4f} USD are left of today's "
                f"{self._usd_per_day:.2f}, and the answer may cost {needed:.4f}",
            )

    async def spent(self, usage: Usage) -> None:
        """Take what a call cost from what is left, once.

        Raises:
            UnknownPriceError: the model's price isn't known.
        """
        self._turn_the_day()
        if usage.request_id not in self._told:
            self._spent += cost(usage)
            self._told |= {usage.request_id} - {""}

    def _turn_the_day(self) -> None:
        if self._day != self._today():
            self._day, self._spent, self._told = self._today(), Decimal(0), set()
