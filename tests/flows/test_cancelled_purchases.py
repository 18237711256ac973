"""What is cancelled while its round is bought is neither ordered nor asked for."""

from __future__ import annotations

from uuid import UUID

import pytest

from flows.parts_sourcing import place
from hotrod.purchasing.buying import cancel, hand_over
from hotrod.purchasing.models import Method, Purchase, PurchaseState, RoundState
from hotrod.purchasing.planning import plan_purchases
from hotrod.purchasing.store import read_purchase
from sandbox.server import Sandbox
from tasks._resources import Resources
from tasks.letters import ask_to_buy, order_by_mail
from tasks.purchases import choose_placing
from tests.hotrod.purchasing.kit import low_part, order_for, past_round
from tests.shelf_kit import subjects

pytestmark = pytest.mark.prefect
SOURCE = "Great Lakes Components"


@pytest.fixture
async def planned(kit: Resources) -> list[Purchase]:
    """Two purchases that are to be ordered by mail."""
    async with kit.database.transaction() as session:
        part = await low_part(session)
        part.active = False  # other tests count what is low
        current = await past_round(session, RoundState.PROPOSED, part.sku, closed_at=None)
        orders = [
            order_for(part.sku).model_copy(update={"source": SOURCE, "seller": seller})
            for seller in ("East", "West")
        ]
        return await plan_purchases(session, current, orders, {SOURCE: Method.MAIL})


async def cancelled(kit: Resources, purchase: UUID) -> None:
    async with kit.database.transaction() as session:
        await cancel(session, purchase, by="ops")


async def state(kit: Resources, purchase: UUID) -> str:
    async with kit.database.transaction() as session:
        return (await read_purchase(session, purchase)).purchase.state


async def test_a_cancelled_purchase_is_not_ordered_and_the_others_are(
    kit: Resources, planned: list[Purchase], sandbox: Sandbox
) -> None:
    first, second = planned
    await cancelled(kit, first.id)

    await place(first.round_id, [one.id for one in planned])

    assert [await state(kit, one.id) for one in planned] == ["cancelled", "ordered"]
    orders = [one for one in await subjects(sandbox, "orders@greatlakes") if "Order PO-" in one]
    assert orders == [f"Order {second.number} of NOIZYLAB Repairs"]


async def test_what_is_cancelled_right_before_its_mail_is_not_sent(
    kit: Resources, planned: list[Purchase], sandbox: Sandbox
) -> None:
    (first, _) = planned
    placing = await choose_placing(first.id)
    assert placing is not None
    await cancelled(kit, first.id)

    assert await order_by_mail(first.id, placing.address) is False

    assert await subjects(sandbox, "orders@greatlakes") == []
    assert await state(kit, first.id) == PurchaseState.CANCELLED


async def test_nobody_is_asked_to_buy_what_is_cancelled(
    kit: Resources, planned: list[Purchase], sandbox: Sandbox
) -> None:
    first, second = planned
    async with kit.database.transaction() as session:
        for one in planned:
            await hand_over(session, one.id)
    await cancelled(kit, first.id)

    for one in planned:
        await ask_to_buy(one.id)

    asked = [one for one in await subjects(sandbox, "ops@hotrod") if "Please buy" in one]
    assert [second.number in one for one in asked] == [True]
