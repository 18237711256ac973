"""What may be spent on Claude: booked before each call, settled after it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID, uuid4

import anthropic
import structlog
from anthropic.types import MessageParam

from connectors._http.errors import RejectedError, UnknownOutcomeError
from connectors.claude.models import Usage
from connectors.claude.prices import cost
from connectors.claude.wire import SERVICE, is_not_sent

log = structlog.get_logger(__name__)

PICTURE_TOKENS = 5_000
"""More than any picture takes.

Source: https://platform.claude.com/docs/en/build-with-claude/vision
"""


class BudgetSpentError(RejectedError):
    """A call might cost more than what is left; nothing was sent."""

    default_cure = "Raise HOTROD_CLAUDE__DAILY_BUDGET_CAD, or wait until tomorrow (UTC)."


class Budget(Protocol):
    """Keeps what calls cost, by list prices in USD."""

    async def reserve(self, most: Usage, usd: Decimal) -> UUID | None:
        """Book the most that a call may take.

        Returns:
            the booking; None: less is left, and nothing was booked.
        """

    async def settle(self, booking: UUID, usage: Usage, usd: Decimal) -> None:
        """Replace a booking by what the call took."""

    async def release(self, booking: UUID) -> None:
        """Give back a booking: the call wasn't done."""

    async def correct(self, usage: Usage, usd: Decimal) -> None:
        """Replace what is booked under ``usage.request_id``, if anything; twice is as once."""


class MemoryBudget:
    """A ``Budget`` of one process, anew each calendar day (UTC).

    Args:
        usd_per_day: what may be spent.
        today: tells the day; tests replace it.
    """

    def __init__(
        self, usd_per_day: Decimal, today: Callable[[], date] = lambda: datetime.now(UTC).date()
    ) -> None:
        self._usd_per_day = usd_per_day
        self._today = today
        self._booked: dict[UUID, tuple[date, str, Decimal]] = {}

    @property
    def left(self) -> Decimal:
        """What is left of today, in USD."""
        today = self._today()
        return self._usd_per_day - sum(usd for day, _, usd in self._booked.values() if day == today)

    async def reserve(self, most: Usage, usd: Decimal) -> UUID | None:
        """Book the most that a call may take; None: less is left."""
        if usd > self.left:
            return None
        booking = uuid4()
        self._booked[booking] = (self._today(), most.request_id, usd)
        return booking

    async def settle(self, booking: UUID, usage: Usage, usd: Decimal) -> None:
        """Replace a booking, on the day that it was made."""
        day, _, _ = self._booked[booking]
        self._booked[booking] = (day, usage.request_id, usd)

    async def release(self, booking: UUID) -> None:
        """Give back a booking."""
        del self._booked[booking]

    async def correct(self, usage: Usage, usd: Decimal) -> None:
        """Replace what is booked under the vendor's id."""
        for booking, (_, request_id, _) in list(self._booked.items()):
            if request_id == usage.request_id:
                await self.settle(booking, usage, usd)


@dataclass
class Expense:
    """What is known of a call's cost.

    Args:
        took: what it took; None: not known, or nothing.
        may_be_done: whether it may have been done, and so be paid for, without our knowing.
    """

    took: Usage | None = None
    may_be_done: bool = False

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Watch an attempt: refused or never sent, it costs nothing."""
        try:
            yield
        except BaseException as error:
            self.may_be_done |= not (
                isinstance(error, anthropic.APIStatusError) or is_not_sent(error)
            )
            raise


class Spending:
    """Books what calls cost, if there is a budget."""

    def __init__(self, budget: Budget | None) -> None:
        self._budget = budget

    @asynccontextmanager
    async def on(self, operation: str, most: Usage) -> AsyncIterator[Expense]:
        """Book the most that the call within the block may take, and settle it after.

        Raises:
            BudgetSpentError: it might cost more than what is left.
            UnknownPriceError: the model's price isn't known.
        """
        expense = Expense()
        if self._budget is None:
            yield expense
            return
        usd = cost(most)
        booking = await self._budget.reserve(most, usd)
        if booking is None:
            told = f"the call may cost {usd:.4f} USD, more than is left of today's budget"
            raise BudgetSpentError(SERVICE, operation, told)
        try:
            yield expense
        except UnknownOutcomeError:
            expense.may_be_done = True
            raise
        finally:
            if expense.took is not None:
                await _noted(_settle(self._budget, booking, expense.took))
            elif not expense.may_be_done:
                await _noted(self._budget.release(booking))

    async def correct(self, model: str, batch_id: str, found: list[Usage]) -> None:
        """Replace what was booked for a batch by what its answers took."""
        if self._budget is not None:
            await _noted(_correct(self._budget, model, batch_id, found))


async def _settle(budget: Budget, booking: UUID, took: Usage) -> None:
    await budget.settle(booking, took, cost(took))


async def _correct(budget: Budget, model: str, batch_id: str, found: list[Usage]) -> None:
    read = sum(one.prompt_tokens for one in found)
    written = sum(one.output_tokens for one in found)
    total = Usage(model, batch_id, read, written, in_batch=True)
    await budget.correct(total, sum(map(cost, found), Decimal(0)))


async def _noted(noting: Awaitable[None]) -> None:
    """Settle what was booked; if that can't be done it stays booked, and the answer counts."""
    try:
        await noting
    except Exception as cause:  # noqa: BLE001 - a budget may be of any kind
        log.warning("claude.not_settled", error=type(cause).__name__)


def most_usage(
    model: str, max_tokens: int, system: str, asked: MessageParam, shape: object = None
) -> Usage:
    """Return the most that a question may take: a token has at least one byte.

    Args:
        model: that answers.
        max_tokens: longest answer.
        system: the instructions.
        asked: what the model reads and looks at.
        shape: of the answer, which is read too.
    """
    pictures, texts = 0, [system, json.dumps(shape)]
    for block in asked["content"]:
        if isinstance(block, dict) and block["type"] == "text":
            texts.append(block["text"])
        else:
            pictures += 1
    read = sum(len(text.encode()) for text in texts) + pictures * PICTURE_TOKENS
    return Usage(model, "", read, max_tokens)
