"""What model calls may cost a day, shared by all processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from hotrod.ai.models import ModelCall
from hotrod.ai.store import call_of_request, lock_spending, spent_since
from hotrod.db.columns import now
from hotrod.db.engine import Database
from hotrod.services.settings import ClaudeSettings

_purpose: ContextVar[tuple[str, UUID | None]] = ContextVar("purpose", default=("", None))
_MILLIONTH = Decimal("0.000001")


class Usage(Protocol):
    """What a call took, or the most that it may take, in tokens."""

    @property
    def model(self) -> str:
        """The one that answers."""

    @property
    def request_id(self) -> str:
        """The vendor's id of the call."""

    @property
    def prompt_tokens(self) -> int:
        """All that is read."""

    @property
    def output_tokens(self) -> int:
        """All that is written."""


@contextmanager
def spending_on(purpose: str, ticket_id: UUID | None) -> Iterator[None]:
    """Book the calls within the block as made for a purpose, and for a ticket."""
    token = _purpose.set((purpose, ticket_id))
    try:
        yield
    finally:
        _purpose.reset(token)


class SharedBudget:
    """The budget of each calendar day (UTC): what is booked counts from the moment on.

    What was never settled, as when a process died, counts for that day: it may be paid for.

    Args:
        database: where calls are booked.
        settings: the budget in CAD, and the rate that turns list prices into CAD.
    """

    def __init__(self, database: Database, settings: ClaudeSettings) -> None:
        self._database = database
        self._settings = settings

    async def reserve(self, most: Usage, usd: Decimal) -> UUID | None:
        """Book the most that a call may take; None: less is left, and nothing was booked."""
        purpose, ticket_id = _purpose.get()
        call = ModelCall(
            ticket_id=ticket_id,
            purpose=purpose,
            model=most.model,
            input_tokens=most.prompt_tokens,
            output_tokens=most.output_tokens,
            cost=self._cad(usd),
        )
        midnight = datetime.combine(now().date(), time.min, tzinfo=UTC)
        async with self._database.transaction() as session:
            await lock_spending(session)
            spent = await spent_since(session, midnight)
            if spent + call.cost > Decimal(str(self._settings.daily_budget_cad)):
                return None
            session.add(call)
        return call.id

    async def settle(self, booking: UUID, usage: Usage, usd: Decimal) -> None:
        """Replace a booking by what the call took, on the day that it was made."""
        async with self._database.transaction() as session:
            self._rewrite(await session.get_one(ModelCall, booking), usage, usd)

    async def release(self, booking: UUID) -> None:
        """Give back a booking: the call wasn't done."""
        async with self._database.transaction() as session:
            await session.delete(await session.get_one(ModelCall, booking))

    async def correct(self, usage: Usage, usd: Decimal) -> None:
        """Replace what is booked under the vendor's id, if anything."""
        async with self._database.transaction() as session:
            call = await call_of_request(session, usage.request_id)
            if call is not None:
                self._rewrite(call, usage, usd)

    def _rewrite(self, call: ModelCall, usage: Usage, usd: Decimal) -> None:
        call.model = usage.model
        call.request_id = usage.request_id
        call.input_tokens = usage.prompt_tokens
        call.output_tokens = usage.output_tokens
        call.cost = self._cad(usd)

    def _cad(self, usd: Decimal) -> Decimal:
        return (usd * Decimal(str(self._settings.usd_to_cad))).quantize(_MILLIONTH)
