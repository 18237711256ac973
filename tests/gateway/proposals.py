"""A round of sourcing with a question about it, and what came of it, for tests of pages.

In the sample company Sofia's limit is 500 CAD, and above 1500 CAD two managers must agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from gateway.context import Context
from hotrod.approvals.decisions import ask
from hotrod.approvals.models import Line, NewApproval
from hotrod.approvals.store import AskedApproval, read_approval
from hotrod.db.columns import now
from hotrod.parts.models import Part
from hotrod.purchasing.buying import hand_over
from hotrod.purchasing.models import RoundState, SourcingRound
from hotrod.purchasing.planning import plan_purchases
from hotrod.purchasing.store import ItemizedPurchase, read_purchase
from hotrod.replenishment.models import Need
from hotrod.sourcing.models import (
    Missing,
    Proposal,
    ProposedLine,
    ProposedOrder,
    Reason,
    Score,
    ScoredOffer,
    Wanted,
)
from tests.hotrod.sourcing.kit import offer, seller

WHY = "3 are free; about 2 a month are used, and it takes 12 days to come."
LISTING = "https://www.ebay.example.com/itm/1?hash=a&b=c"


@dataclass
class Asked:
    """A question, and whose link is whose."""

    context: Context
    id: UUID
    subject_id: UUID
    asks: dict[str, UUID]

    def path(self, manager: str) -> str:
        """Return the path of a manager's own page."""
        return f"/a/{self.context.signer.sign('approval', self.asks[manager])}"

    async def now(self) -> AskedApproval:
        """Return the question as it is now."""
        async with self.context.database.transaction() as session:
            return await read_approval(session, self.id)


def proposed(sku: str, **changes: Any) -> ProposedLine:
    given: dict[str, Any] = {"reference": f"v1|{sku}|0", "url": LISTING}
    return ProposedLine(
        sku=sku,
        offer=offer(**given | changes),
        quantity=4,
        amount=Decimal("36.00"),
        rate=Decimal(1),
        points=82,
        words="82 points: fits by the catalogue, and is here in time.",
    )


def order(name: str, *lines: ProposedLine) -> ProposedOrder:
    goods = sum((line.amount for line in lines), Decimal(0))
    return ProposedOrder(
        source="ebay",
        seller=name,
        lines=lines,
        goods=goods,
        shipping=Decimal(0),
        tax=Decimal(0),
        total=goods,
    )


def proposal(sku: str, **changes: Any) -> Proposal:
    """Return a proposal of two lines at two sellers, with one offer that isn't taken."""
    other = ScoredOffer(
        sku=sku,
        offer=offer("5.00", title="HDMI port, cheap", reference="v1|9|0", seller=seller(name="x9")),
        score=Score(
            points=31,
            is_excluded=True,
            why="it is too cheap to be true",
            reasons=(Reason(rule="fraud", points=-40, words="62 % below the market"),),
        ),
    )
    return Proposal(
        currency="CAD",
        orders=(
            order("bench-parts", proposed(sku, **changes)),
            order("part_planet", proposed(f"{sku}-B")),
        ),
        total=Decimal("72.00"),
        missing=(Missing(sku=f"{sku}-C", quantity=2, why="nobody offers it"),),
        taken=(
            ScoredOffer(
                sku=sku,
                offer=offer(**{"reference": f"v1|{sku}|0", "url": LISTING} | changes),
                score=Score(
                    points=82,
                    reasons=(Reason(rule="fit", points=20, words="fits by the catalogue"),),
                ),
            ),
        ),
        alternatives=(other,),
        reasons=("cheapest at the door",),
        is_exact=True,
    )


def need(sku: str) -> dict[str, Any]:
    wanted = Wanted(
        sku=sku,
        name="HDMI port",
        fits=("PlayStation 5",),
        quantity=4,
        stock_out_on=date(2026, 12, 9),
    )
    found = Need(wanted=wanted, available=3, on_order=0, reorder_point=5, months=(2.0,), reason=WHY)
    return found.model_dump(mode="json")


async def add_question(context: Context, amount: str = "72.00", **changes: Any) -> Asked:
    """Ask about a proposal; ``changes`` are of its first offer."""
    sku = f"HDMI-{uuid4().hex[:6].upper()}"
    what = proposal(sku, **changes)
    async with context.database.transaction() as session:
        for each in (sku, f"{sku}-B"):
            session.add(
                Part(sku=each, name="HDMI port", category="port", unit_cost=Decimal("8.00"))
            )
        current = SourcingRound(
            business_key="noizylab",
            state=RoundState.PROPOSED,
            needs=[need(sku)],
            turn=1,
            proposal=what.model_dump(mode="json"),
            advice="Take both.\nThe second seller is slower.",
        )
        session.add(current)
        await session.flush()
        lines = tuple(
            Line(
                id=str(number),
                sku=line.sku,
                words=line.words,
                quantity=line.quantity,
                pack_size=line.offer.pack_size,
                least=line.offer.prices[0].from_quantity,
                unit_amount=Decimal("9.00"),
                seller=one.seller,
                picture_url=line.offer.picture_url,
            )
            for number, (one, line) in enumerate(
                [(one, line) for one in what.orders for line in one.lines], 1
            )
        )
        question = NewApproval(
            kind="parts",
            subject_id=current.id,
            business_key="noizylab",
            title=f"Parts: {sku}",
            amount=Decimal(amount),
            currency="CAD",
            lines=lines,
        )
        asked = await ask(session, context.company, question, now())
        found = await read_approval(session, asked.id)
    asks = {one.manager: one.id for one in found.asks}
    return Asked(context, asked.id, current.id, asks)


async def add_purchase(session: AsyncSession, asked: Asked) -> ItemizedPurchase:
    """Let the first seller's lines be approved, and a person buy them."""
    current = await session.get_one(SourcingRound, asked.subject_id)
    orders = Proposal.model_validate(current.proposal).orders
    first, _ = await plan_purchases(session, current, orders, {})
    await hand_over(session, first.id)
    return await read_purchase(session, first.id)
