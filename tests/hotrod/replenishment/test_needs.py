"""From the ledger to what must be ordered: what was used decides, and what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.models import Company
from hotrod.durable.models import Delivery
from hotrod.forecast.orders import OrderTerms, PriceBreak
from hotrod.forecast.settings import ForecastSettings
from hotrod.parts.changes import reorder_at, reorder_by_forecast
from hotrod.parts.models import EvidenceKind, Part, PartOnOrder
from hotrod.parts.models import MovementKind as Kind
from hotrod.parts.orders import put_on_order
from hotrod.parts.substitutes import Evidence, record_evidence
from hotrod.replenishment import store
from hotrod.replenishment.models import Need
from hotrod.replenishment.needs import needs
from hotrod.replenishment.points import refresh_reorder_points
from tests.hotrod.parts.ledger_kit import add_part, post

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
POLICY = ForecastSettings()


def month(number: int, day: int = 10) -> datetime:
    """Return a moment in a month of 2026, or, from 0 down, of 2025."""
    back, index = divmod(number - 1, 12)
    return datetime(2026 + back, index + 1, day, 12, tzinfo=UTC)


async def used(
    session: AsyncSession, pieces: Sequence[int], *, on_hand: int = 50, **values: object
) -> Part:
    """Store a part that was used in the last months that are over, the oldest first."""
    part = await add_part(session, **{"active": True, **values})
    first = 11 - len(pieces)
    await post(session, part.sku, Kind.COUNT, sum(pieces) + on_hand, at=month(first, 1))
    for ahead, number in enumerate(pieces):
        if number:
            await post(session, part.sku, Kind.USE, number, at=month(first + ahead))
    return part


async def needed(
    session: AsyncSession, company: Company, part: Part, **more: object
) -> Need | None:
    found = await needs(session, company, POLICY, NOW, set(), **more)  # type: ignore[arg-type]
    return next((need for need in found if need.wanted.sku == part.sku), None)


async def test_demand_is_what_was_used_and_did_not_come_back(
    session: AsyncSession, company: Company
) -> None:
    part = await used(session, [3, 0, 2, 1])
    await post(session, part.sku, Kind.RETURN, 2, at=month(10, 20))
    await post(session, part.sku, Kind.USE, 4, at=month(11))
    found = (await store.demand(session, company, NOW))[part.sku]
    assert found.months.tolist() == [3, 0, 1, 0], "the running month isn't over"
    assert found.lost_in_a_year == 0, "what was counted first was not found"


async def test_months_begin_where_the_company_is(session: AsyncSession, company: Company) -> None:
    part = await add_part(session, active=True)
    await post(session, part.sku, Kind.RECEIVE, 9, at=datetime(2026, 9, 1, 3, tzinfo=UTC))
    await post(session, part.sku, Kind.USE, 1, at=datetime(2026, 11, 1, 3, tzinfo=UTC))
    found = (await store.demand(session, company, NOW))[part.sku]
    assert found.months.tolist() == [0, 0, 1], "of August, September and October in Toronto"


async def test_losses_are_no_demand_and_are_told(session: AsyncSession, company: Company) -> None:
    part = await used(session, [2] * 14, reorder_point=100)
    await post(session, part.sku, Kind.ADJUST, -7, at=month(-2, 20))
    await post(session, part.sku, Kind.ADJUST, -5, at=month(10, 20))
    await post(session, part.sku, Kind.COUNT, 40, at=month(10, 21))
    found = (await store.demand(session, company, NOW))[part.sku]
    assert found.months.tolist() == [2] * 14
    assert found.lost_in_a_year == 3, "5 went and 2 were found; the 7 are too long ago"
    need = await needed(session, company, part)
    assert need is not None
    assert "3 lost in a year" in need.reason


async def test_how_long_deliveries_took_is_measured(session: AsyncSession) -> None:
    part = await add_part(session, active=True)
    session.add(
        PartOnOrder(part_id=part.id, order_reference="PO-1", quantity=4, ordered_at=month(10, 1))
    )
    for day in (9, 30):
        await post(session, part.sku, Kind.RECEIVE, 2, order_reference="PO-1", at=month(10, day))
    assert (await store.lead_days(session, NOW))[part.sku] == (8.0,)


async def test_a_low_part_is_ordered_up_and_one_above_its_point_is_not(
    session: AsyncSession, company: Company
) -> None:
    low = await used(session, [4] * 12, on_hand=3, reorder_point=3)
    enough = await used(session, [4] * 12, on_hand=4, reorder_point=3)
    need = await needed(session, company, low)
    assert need is not None
    assert need.months[0] == 4
    assert need.wanted.quantity == 4 + 4 - 3, "what lasts until a delivery, and a month's demand"
    assert need.wanted.stock_out_on == date(2026, 12, 12), "3 pieces at 4 a month"
    assert "3 available" in need.reason
    assert "sold in 12 of the last 12 months" in need.reason
    assert await needed(session, company, enough) is None


async def test_what_is_on_order_or_in_a_proposal_is_not_needed_again(
    session: AsyncSession, company: Company
) -> None:
    part = await used(session, [4] * 12, on_hand=3, reorder_point=3)
    assert part.sku not in {
        need.wanted.sku for need in await needs(session, company, POLICY, NOW, {part.sku})
    }
    await put_on_order(session, part.sku, 5, "PO-1")
    assert await needed(session, company, part) is None


async def test_what_runs_out_first_comes_first(session: AsyncSession, company: Company) -> None:
    calm = await used(session, [1] * 12, on_hand=2, reorder_point=2)
    urgent = await used(session, [9] * 12, on_hand=2, reorder_point=2)
    found = [need.wanted.sku for need in await needs(session, company, POLICY, NOW, set())]
    assert [sku for sku in found if sku in {calm.sku, urgent.sku}] == [urgent.sku, calm.sku]


async def test_price_breaks_make_the_order_larger(session: AsyncSession, company: Company) -> None:
    part = await used(session, [4] * 12, on_hand=3, reorder_point=3)
    terms = OrderTerms(
        currency="CAD",
        price_breaks=(
            PriceBreak(quantity=1, unit_price=Decimal(9)),
            PriceBreak(quantity=10, unit_price=Decimal(5)),
        ),
        order_cost=Decimal(1),
    )
    need = await needed(session, company, part, terms={part.sku: [terms]})
    assert need is not None
    assert need.order is not None
    assert need.wanted.quantity == need.order.quantity >= 10
    assert "saves more" in need.reason


async def test_a_new_part_is_expected_to_sell_like_those_that_fit_the_same(
    session: AsyncSession, company: Company
) -> None:
    fits = [f"Console {uuid4()}"]
    old = await used(session, [4] * 12, fits=fits)
    new = await used(session, [0], fits=fits, on_hand=1, reorder_point=1)
    need = await needed(session, company, new)
    assert need is not None
    assert old.sku in need.reason
    assert need.months[0] > 3


async def test_a_part_that_nothing_is_known_of_keeps_its_own_point(
    session: AsyncSession, company: Company
) -> None:
    part = await used(session, [1], name=uuid4().hex, category="x", on_hand=2, reorder_point=3)
    need = await needed(session, company, part)
    assert need is not None
    assert (need.wanted.quantity, need.months, need.wanted.stock_out_on) == (4, (), None)
    assert "reorder point stays 3" in need.reason


@pytest.mark.usefixtures("empty_inbox")
async def test_a_refresh_sets_points_and_tells_once_of_all_that_became_low(
    session: AsyncSession, company: Company
) -> None:
    parts = [await used(session, [4] * 12, on_hand=3, reorder_point=1) for _ in range(2)]
    kept = await used(session, [4] * 12, on_hand=3, reorder_point=1, point_by_hand=True)
    unknown = await used(session, [], name=uuid4().hex, category="x", reorder_point=3)
    done = await refresh_reorder_points(session, company, POLICY, NOW)
    assert [done.changed[part.sku] for part in parts] == [(1, 4), (1, 4)]
    for part in (*parts, kept, unknown):
        await session.refresh(part)
    assert all(part.reorder_point == 4 and part.low_since == NOW for part in parts)
    assert (kept.reorder_point, unknown.reorder_point) == (1, 3)
    assert kept.sku in done.by_hand
    assert unknown.sku in done.unknown
    assert {part.sku for part in parts} <= set(done.became_low)
    found = await session.exec(select(Delivery).where(Delivery.source == "stock"))
    assert [told.delivery_id for told in found] == [f"refresh:{NOW.isoformat()}"]
    again = await refresh_reorder_points(session, company, POLICY, NOW)
    assert (again.changed, again.became_low) == ({}, ())


async def test_a_point_that_falls_makes_a_part_low_no_more(
    session: AsyncSession, company: Company
) -> None:
    part = await used(session, [4] * 12, on_hand=6, reorder_point=9, low_since=NOW)
    await refresh_reorder_points(session, company, POLICY, NOW)
    await session.refresh(part)
    assert (part.reorder_point, part.low_since) == (4, None)


async def test_a_point_handed_back_is_forecast_again(
    session: AsyncSession, company: Company
) -> None:
    part = await used(session, [4] * 12, reorder_point=1)
    await reorder_at(session, part.sku, 2)
    assert part.sku not in (await refresh_reorder_points(session, company, POLICY, NOW)).changed
    await reorder_by_forecast(session, part.sku)
    done = await refresh_reorder_points(session, company, POLICY, NOW)
    assert done.changed[part.sku] == (2, 4)


async def test_the_more_critical_a_part_the_more_is_kept_of_it(
    session: AsyncSession, company: Company
) -> None:
    restless = [5, 1, 12, 3, 8, 2, 10, 4, 7, 6, 11, 9]
    parts = [await used(session, restless, criticality=one) for one in "ABC"]
    await refresh_reorder_points(session, company, POLICY, NOW)
    for part in parts:
        await session.refresh(part)
    most, middle, least = (part.reorder_point for part in parts)
    assert most > middle > least


async def test_a_point_set_by_hand_is_ordered_up_to_even_where_the_forecast_asks_for_more(
    session: AsyncSession, company: Company
) -> None:
    part = await used(session, [4] * 12, on_hand=2, reorder_point=2, point_by_hand=True)
    need = await needed(session, company, part)
    assert need is not None
    assert need.wanted.quantity == 2 + 4 - 2, "the point, and a month's demand"
    assert "2 is set by hand" in need.reason


async def test_a_need_says_what_on_the_shelf_could_stand_in_and_how_that_is_known(
    session: AsyncSession, company: Company
) -> None:
    part = await used(session, [4] * 12, on_hand=2, reorder_point=3)
    there, gone, failed = [
        await used(session, [], on_hand=pieces, reorder_point=0) for pieces in (6, 0, 6)
    ]
    tried = Evidence(EvidenceKind.TRIED, True, NOW, "maya", "NL-7")
    for other in (there, gone):
        await record_evidence(session, part, other, tried, both_ways=False)
    await record_evidence(session, part, failed, replace(tried, works=False), both_ways=False)
    need = await needed(session, company, part)
    assert need is not None
    assert f"6 of {there.sku} could stand in, tried on NL-7" in need.reason
    assert gone.sku not in need.reason
    assert failed.sku not in need.reason
    assert need.wanted.sku == part.sku
