"""A manager's no holds for a while: which parts rest because of one, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.durable import inbox
from hotrod.durable.inbox import NewDelivery
from hotrod.errors import InvalidInputError
from hotrod.parts.models import Part
from hotrod.parts.store import find_part
from hotrod.purchasing.models import Purchase, PurchaseLine, RoundState, SourcingRound
from hotrod.purchasing.remaining import refused_pieces
from hotrod.purchasing.store import proposal_of, taken_care_of
from hotrod.replenishment.models import Need

EVENT = "sourcing.wanted"


@dataclass(frozen=True)
class Rest:
    """A part that managers aren't asked about, because they said no.

    Args:
        sku: of the part.
        round_id: in which they said it.
        until: when they are asked again.
        available: pieces that were free when they were asked.
    """

    sku: str
    round_id: UUID
    until: datetime
    available: int

    def holds(self, need: Need) -> bool:
        """Tell whether the no still holds: not when the last piece has gone since."""
        return need.available > 0 or self.available <= 0


async def rests(session: AsyncSession, company: Company, at: datetime) -> dict[str, Rest]:
    """Return the parts that rest, by SKU.

    The newest round that proposed a part counts: it rests when the round was declined, or when it
    was approved without any piece of the part. A deadline that passed is no such no.

    Args:
        session: to read with.
        company: how long a no holds.
        at: the present moment.
    """
    days = timedelta(days=company.sourcing.decline_rest_days)
    closed = await session.exec(
        select(SourcingRound)
        .where(col(SourcingRound.closed_at) > at - days)
        .order_by(col(SourcingRound.closed_at))
    )
    found: dict[str, Rest] = {}
    for one in closed:
        if one.closed_at is None or not one.proposal:
            continue
        proposed = {line.sku for order in proposal_of(one).orders for line in order.lines}
        proposed |= refused_pieces(one)
        refused = await _refused(session, one, proposed)
        available = {need["wanted"]["sku"]: need["available"] for need in one.needs}
        for sku in proposed:
            if sku in refused:
                found[sku] = Rest(sku, one.id, one.closed_at + days, available.get(sku, 0))
            else:
                found.pop(sku, None)
    return found


async def ask_at_once(
    session: AsyncSession, company: Company, skus: Sequence[str], by: str
) -> None:
    """Let what is low be looked for now, and these parts with it, even if they rest.

    It waits for nothing, not for what ``stock.low`` gathers either: that finds nothing left to do.

    Args:
        session: in a transaction; the event ``sourcing.wanted`` is written in it.
        company: whose default business buys.
        skus: of the parts.
        by: who wants it.

    Raises:
        UnknownPartError: there is no such part.
        InvalidInputError: one isn't low, or is taken care of already.
    """
    cared_for = await taken_care_of(session)
    for sku in skus:
        if (await find_part(session, sku)).low_since is None:
            raise InvalidInputError(
                "sku", f"{sku} isn't low.", "Raise its reorder point, if it is wanted all the same."
            )
        if sku in cared_for:
            raise InvalidInputError(
                "sku",
                f"{sku} is looked for or bought already.",
                "See `hotrod purchases rounds` and `hotrod purchases list`.",
            )
    business, wanted = company.default_business, str(uuid4())
    await inbox.accept(
        session,
        NewDelivery(
            source="ops",
            delivery_id=wanted,
            body_hash=EVENT,
            event=EVENT,
            business_key=business,
            ordering_key=f"sourcing:{wanted}",
            title=f"{', '.join(skus)} wanted by {by}"[:200],
            payload={"business": business, "even_resting": list(skus)},
        ),
    )


async def _refused(session: AsyncSession, one: SourcingRound, proposed: set[str]) -> set[str]:
    if one.state == RoundState.DECLINED:
        return proposed
    if one.state != RoundState.BOUGHT:
        return set()
    bought = await session.exec(
        select(Part.sku)
        .join(PurchaseLine, col(PurchaseLine.part_id) == Part.id)
        .join(Purchase, col(Purchase.id) == PurchaseLine.purchase_id)
        .where(Purchase.round_id == one.id)
    )
    return proposed - set(bought)
