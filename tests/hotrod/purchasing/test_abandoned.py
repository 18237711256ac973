"""Rounds whose run has ended without ending them."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.approvals.decisions import answer, ask
from hotrod.approvals.models import Approval, ApprovalState, Result
from hotrod.company.models import Company
from hotrod.durable.models import DeliveryState
from hotrod.purchasing.abandoned import end_abandoned, end_round
from hotrod.purchasing.buying import hand_over, note_ordered
from hotrod.purchasing.models import AuctionBid, Method, RoundState, SourcingRound
from hotrod.purchasing.planning import plan_purchases
from hotrod.purchasing.rounds import RoundCancelledError
from hotrod.purchasing.store import taken_care_of
from tests.factories import delivery_row
from tests.hotrod.approvals.kit import AT, SOON, question, yes
from tests.hotrod.purchasing.kit import low_part, order_for, past_round

NEEDS = [{"wanted": {"sku": "FAN-X", "name": "Fan", "fits": ["PS5"], "quantity": 4}}]


async def opened(
    session: AsyncSession, run: DeliveryState, state: RoundState = RoundState.SEARCHING
) -> SourcingRound:
    found = SourcingRound(business_key="noizylab", state=state, needs=NEEDS, run_id=uuid4())
    session.add(found)
    session.add(delivery_row(run, run_id=found.run_id, event="stock.low"))
    await session.flush()
    return found


async def asked(session: AsyncSession, company: Company, found: SourcingRound) -> Approval:
    return await ask(session, company, question("100", subject_id=found.id), AT)


@pytest.mark.parametrize("run", [DeliveryState.DEAD, DeliveryState.DISCARDED, DeliveryState.DONE])
async def test_a_round_whose_run_is_over_frees_its_parts(
    session: AsyncSession, run: DeliveryState
) -> None:
    found = await opened(session, run)
    assert "FAN-X" in await taken_care_of(session)
    assert await end_abandoned(session, SOON) == []
    assert (found.state, found.closed_at is not None) == (RoundState.CANCELLED, True)
    assert "FAN-X" not in await taken_care_of(session)


@pytest.mark.parametrize(
    "run", [DeliveryState.WAITING, DeliveryState.SUSPENDED, DeliveryState.CLAIMED]
)
async def test_a_round_whose_run_goes_on_is_left_alone(
    session: AsyncSession, run: DeliveryState
) -> None:
    found = await opened(session, run)
    assert await end_abandoned(session, SOON) == []
    assert found.state == RoundState.SEARCHING


async def test_a_round_that_no_delivery_knows_is_left_alone(session: AsyncSession) -> None:
    session.add(found := SourcingRound(business_key="noizylab", needs=NEEDS, run_id=uuid4()))
    await session.flush()
    assert await end_abandoned(session, SOON) == []
    assert found.state == RoundState.SEARCHING


async def test_managers_are_not_left_with_a_question_that_nobody_waits_for(
    session: AsyncSession, company: Company
) -> None:
    found = await opened(session, DeliveryState.DEAD, RoundState.PROPOSED)
    approval = await asked(session, company, found)
    await end_abandoned(session, SOON)
    assert (approval.state, found.state) == (ApprovalState.EXPIRED, RoundState.CANCELLED)
    assert "its run has ended" in approval.reason
    assert (await answer(session, company, approval.id, "sofia", yes(), SOON)).result == Result.LATE


async def test_of_an_ended_round_what_is_ordered_or_bid_for_stays(session: AsyncSession) -> None:
    parts = [await low_part(session) for _ in range(4)]
    current = await past_round(session, RoundState.PROPOSED, *(one.sku for one in parts))
    orders = [
        order_for(part.sku).model_copy(update={"seller": f"seller {number}"})
        for number, part in enumerate(parts)
    ]
    planned, to_buy, ordered, bid = await plan_purchases(session, current, orders, {})
    await hand_over(session, to_buy.id)
    await note_ordered(session, ordered.id, by="maya")
    bid.method = Method.BID
    session.add(
        AuctionBid(
            purchase_id=bid.id,
            item_id="v1|1|0",
            most=Decimal(9),
            shipping=Decimal(0),
            currency="CAD",
            ends_at=SOON,
            place_at=AT,
            placed_at=AT,
        )
    )
    await session.flush()

    await end_round(session, current, "it goes nowhere", SOON, by="ops")

    states = [planned.state, to_buy.state, ordered.state, bid.state]
    assert states == ["cancelled", "cancelled", "ordered", "planned"]
    assert current.state == RoundState.CANCELLED
    with pytest.raises(RoundCancelledError):
        await end_round(session, current, "it goes nowhere", SOON, by="ops")


async def test_what_a_manager_agreed_to_is_left_to_a_person(
    session: AsyncSession, company: Company
) -> None:
    agreed = await opened(session, DeliveryState.DEAD, RoundState.PROPOSED)
    approval = await asked(session, company, agreed)
    await answer(session, company, approval.id, "sofia", yes(), AT)
    planned = await opened(session, DeliveryState.DEAD, RoundState.APPROVED)
    assert {one.id for one in await end_abandoned(session, SOON)} == {agreed.id, planned.id}
    assert (agreed.state, planned.state) == (RoundState.PROPOSED, RoundState.APPROVED)
