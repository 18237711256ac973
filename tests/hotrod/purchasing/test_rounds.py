"""Rounds of sourcing: what they look for, and how they end."""

from __future__ import annotations

from decimal import Decimal

from sqlmodel import update
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.forecast.settings import ForecastSettings
from hotrod.parts.models import MovementKind, Part
from hotrod.purchasing.models import RoundState, SourcingRound
from hotrod.purchasing.planning import plan_purchases
from hotrod.purchasing.remaining import leave
from hotrod.purchasing.rests import rests
from hotrod.purchasing.rounds import evaluate, open_round
from hotrod.purchasing.store import keep_offers, proposal_of, taken_care_of, wanted_of
from hotrod.sourcing.models import PriceBreak, Proposal
from hotrod.sourcing.reductions import numbered
from hotrod.suppliers.models import SupplierPrice
from hotrod.suppliers.store import find_supplier
from tests.hotrod.parts.ledger_kit import add_part, post
from tests.hotrod.purchasing.kit import past_round
from tests.hotrod.sourcing.kit import NOW, needed, offer, prices


async def low_part(session: AsyncSession) -> Part:
    """Return the only active part; nothing is known of it but its point, 3, of which 1 is there."""
    await session.exec(update(Part).values(active=False))
    part = await add_part(session, active=True, reorder_point=3)
    await post(session, part.sku, MovementKind.COUNT, 1, unit_cost=Decimal(5))
    return part


async def sell(session: AsyncSession, part: Part, supplier: str, *, pack_size: int = 1) -> None:
    row = await find_supplier(session, supplier)
    price = PriceBreak(from_quantity=1, unit_price=Decimal(5)).model_dump(mode="json")
    session.add(
        SupplierPrice(
            supplier_id=row.id,
            reference=f"{supplier}-{part.sku}",
            part_id=part.id,
            title=part.name,
            prices=[price],
            pack_size=pack_size,
        )
    )
    await session.flush()


async def opened(session: AsyncSession, company: Company) -> SourcingRound:
    found = await open_round(session, company, ForecastSettings(), "noizylab", None, NOW)
    assert found is not None
    return found


async def test_a_round_wants_what_the_suppliers_packs_hold(
    session: AsyncSession, company: Company
) -> None:
    part = await low_part(session)
    await sell(session, part, "northbench", pack_size=10)
    found = await opened(session, company)
    assert [(one.sku, one.quantity) for one in wanted_of(found)] == [(part.sku, 10)]
    assert "in packs of 10 by the terms of Northbench Parts" in found.needs[0]["reason"]


async def test_without_a_supplier_a_round_wants_what_is_missing(
    session: AsyncSession, company: Company
) -> None:
    part = await low_part(session)
    found = await opened(session, company)
    assert [(one.sku, one.quantity) for one in wanted_of(found)] == [(part.sku, 5)]


async def test_asked_anew_managers_are_asked_about_what_they_left(
    session: AsyncSession, company: Company
) -> None:
    fewer, refused, whole = [await add_part(session, active=True) for _ in range(3)]
    skus = [fewer.sku, refused.sku, whole.sku]
    current = await past_round(session, RoundState.SEARCHING, *skus, closed_at=None)
    for sku in skus:
        offers = [offer(reference=f"v1|{sku}|0", title=sku, fit="fits")]
        await keep_offers(session, current.id, sku, offers)
    first = await evaluate(session, company, current.id, 1, NOW)
    assert pieces(first) == dict.fromkeys(skus, 4)

    left = {fewer.sku: 3, refused.sku: 0}
    for _ in range(2):
        lines = numbered(proposal_of(current)).items()
        leave(current, {number: left.get(line.sku, line.quantity) for number, line in lines})
    again = await evaluate(session, company, current.id, 2, NOW)

    assert pieces(again) == {fewer.sku: 3, whole.sku: 4}
    assert refused.sku in await taken_care_of(session), "no other round asks about it meanwhile"
    await plan_purchases(session, current, again.orders, {})
    current.state, current.closed_at = RoundState.BOUGHT, NOW
    assert set(skus) & set(await rests(session, company, NOW)) == {refused.sku}


async def test_asked_anew_managers_are_not_asked_about_more_because_it_is_cheaper(
    session: AsyncSession, company: Company
) -> None:
    part = await add_part(session, active=True)
    current = await past_round(session, RoundState.SEARCHING, part.sku, closed_at=None)
    current.needs = [{**current.needs[0], "wanted": needed(part.sku, 8).model_dump(mode="json")}]
    cheaper = offer("9.00", title=part.sku, fit="fits", prices=prices((1, "9.00"), (10, "5.00")))
    await keep_offers(session, current.id, part.sku, [cheaper])
    assert pieces(await evaluate(session, company, current.id, 1, NOW)) == {part.sku: 10}
    leave(current, {"1": 9})
    again = await evaluate(session, company, current.id, 2, NOW)
    assert pieces(again)[part.sku] <= 9


def pieces(proposal: Proposal) -> dict[str, int]:
    return {line.sku: line.quantity for order in proposal.orders for line in order.lines}
