"""What the follow-up does of its own: it reminds ops, and frees what nobody needs any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flows.parts_follow_up import parts_follow_up
from hotrod.db.columns import now
from hotrod.parts.ledger import reserve
from hotrod.parts.store import catalogue
from hotrod.purchasing.buying import hand_over
from hotrod.purchasing.models import PurchaseState, RoundState
from hotrod.purchasing.planning import plan_purchases
from hotrod.purchasing.store import read_purchase
from hotrod.repairs.models import TicketStatus
from sandbox.server import Sandbox
from tests.factories import add_ticket
from tests.hotrod.purchasing.kit import order_for, past_round
from tests.shelf_kit import Shelf, subjects

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox")]


async def test_ops_are_reminded_once_of_what_they_should_have_bought(
    shelf: Shelf, sandbox: Sandbox
) -> None:
    async with shelf.kit.database.transaction() as session:
        current = await past_round(session, RoundState.PROPOSED, shelf.part.sku, closed_at=None)
        (bought,) = await plan_purchases(session, current, [order_for(shelf.part.sku)], {})
        bought.planned_at = now() - timedelta(days=2)
        await hand_over(session, bought.id)

    await parts_follow_up()
    await parts_follow_up()

    told = [one for one in await subjects(sandbox, "ops@") if bought.number in one]
    assert told == [f"Still to be bought: {bought.number}, 36.00 CAD"]
    async with shelf.kit.database.transaction() as session:
        purchase = (await read_purchase(session, bought.id)).purchase
        assert purchase.late_told_at is not None
        purchase.state = PurchaseState.CANCELLED
        session.add(purchase)


async def test_what_a_cancelled_ticket_held_is_free_again(shelf: Shelf) -> None:
    sku = shelf.part.sku
    async with shelf.kit.database.transaction() as session:
        ticket = await add_ticket(session)
        ticket.status = TicketStatus.CANCELLED
        await reserve(session, sku, 2, ticket.number, key=f"quote:{ticket.id}", actor="customer")
        (before,) = await catalogue(session, [sku])

    await parts_follow_up()

    async with shelf.kit.database.transaction() as session:
        (after,) = await catalogue(session, [sku])
    assert (before.available, after.available) == (8, 10)
