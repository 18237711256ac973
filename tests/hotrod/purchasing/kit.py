"""Parts that are low, and rounds that proposed them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.parts.models import MovementKind, Part
from hotrod.purchasing.models import RoundState, SourcingRound
from hotrod.replenishment.models import Need
from hotrod.sourcing.models import Proposal, ProposedLine, ProposedOrder
from tests.hotrod.parts.ledger_kit import add_part, post
from tests.hotrod.sourcing.kit import needed, offer

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def low_part(session: AsyncSession, pieces: int = 2) -> Part:
    """Store a part of which few pieces are left, and none is on order."""
    part = await add_part(session, active=True, reorder_point=5)
    await post(session, part.sku, MovementKind.RECEIVE, 10)
    await post(session, part.sku, MovementKind.USE, 10 - pieces)
    return part


def order_for(*skus: str) -> ProposedOrder:
    """Return an order of four pieces of each part, at 9.00."""
    lines = tuple(
        ProposedLine(
            sku=sku,
            offer=offer(reference=f"v1|{sku}|0"),
            quantity=4,
            amount=Decimal(36),
            points=80,
            words="4 at 9.00 CAD",
        )
        for sku in skus
    )
    goods = Decimal(36) * len(skus)
    return ProposedOrder(
        source="ebay",
        seller="bench-parts",
        lines=lines,
        goods=goods,
        shipping=Decimal(0),
        tax=Decimal(0),
        total=goods,
    )


def proposal_for(*skus: str) -> Proposal:
    """Return a proposal of that order."""
    order = order_for(*skus)
    return Proposal(
        currency="CAD",
        orders=(order,),
        total=order.total,
        missing=(),
        alternatives=(),
        reasons=(),
        is_exact=True,
    )


async def past_round(
    session: AsyncSession,
    state: RoundState,
    *skus: str,
    closed_at: datetime | None = NOW,
    available: int = 2,
) -> SourcingRound:
    """Store a round that proposed parts, when so many pieces of each were free."""
    needs = [
        Need(
            wanted=needed(sku, 4),
            available=available,
            on_order=0,
            reorder_point=5,
            months=(),
            reason="it is low",
        ).model_dump(mode="json")
        for sku in skus
    ]
    row = SourcingRound(
        business_key="noizylab",
        state=state,
        needs=needs,
        proposal=proposal_for(*skus).model_dump(mode="json"),
        closed_at=closed_at,
        turn=0 if state == RoundState.SEARCHING else 1,
    )
    session.add(row)
    await session.flush()
    return row
