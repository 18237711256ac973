"""What is cancelled while its round is bought is neither ordered nor asked for."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from flows.parts_sourcing import place
from hotrod.db.columns import now
from hotrod.durable.effects import UnknownEffectError, confirm
from hotrod.errors import ForbiddenTransitionError
from hotrod.purchasing.abandoned import end_round
from hotrod.purchasing.buying import cancel, hand_over, order_key
from hotrod.purchasing.checkouts import pieces_of, show_checkout
from hotrod.purchasing.models import Checkout, Method, Purchase, PurchaseState, RoundState
from hotrod.purchasing.planning import plan_purchases
from hotrod.purchasing.store import read_purchase, read_round
from sandbox.server import Sandbox
from tasks._connections import mail_transport
from tasks._resources import Resources
from tasks.alerts import tell_of_abandoned_round
from tasks.letters import ask_to_buy, order_by_mail
from tasks.purchases import PlacingError, choose_placing
from tests.hotrod.purchasing.kit import low_part, order_for, past_round
from tests.shelf_kit import subjects
from tests.stand_ins import order_fault, slack_texts

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


async def dropped(kit: Resources, sourcing_round: UUID) -> None:
    async with kit.database.transaction() as session:
        current = await read_round(session, sourcing_round, lock=True)
        await end_round(session, current, "it goes nowhere", now(), by="ops")


async def mail_is_lost(kit: Resources, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next mail be taken without an answer, by a service that can't look it up."""
    settings = kit.settings.model_copy(
        update={
            "mail": kit.settings.mail.model_copy(update={"transport": "smtp"}),
            "imap": kit.settings.imap.model_copy(update={"host": ""}),
        }
    )
    monkeypatch.setattr(kit, "mail", mail_transport(settings))
    await order_fault(sandbox, service="smtp", kind="drop_after_accept", count=1)


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


async def test_what_may_have_been_mailed_is_neither_cancelled_nor_dropped(
    kit: Resources, planned: list[Purchase], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = planned
    await mail_is_lost(kit, sandbox, monkeypatch)
    with pytest.raises(UnknownEffectError):
        await order_by_mail(first.id, "orders@greatlakes.example.com")

    with pytest.raises(UnknownEffectError, match="`hotrod effects confirm` or `repeat`"):
        await cancelled(kit, first.id)
    with pytest.raises(UnknownEffectError):
        await dropped(kit, first.round_id)
    assert [await state(kit, one.id) for one in planned] == ["planned", "planned"]

    await tell_of_abandoned_round(first.round_id)
    (told,) = [one for one in await slack_texts(sandbox) if str(first.round_id) in one]
    assert f"`hotrod effects repeat {order_key(first)}`" in told
    assert second.number not in told

    async with kit.database.transaction() as session:
        await confirm(session, order_key(first))
    with pytest.raises(ForbiddenTransitionError, match=f"{first.number} is mailed"):
        await cancelled(kit, first.id)
    await dropped(kit, first.round_id)
    assert [await state(kit, one.id) for one in planned] == ["ordered", "cancelled"]


async def test_what_nobody_could_be_asked_to_pay_is_not_placed(
    kit: Resources, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with kit.database.transaction() as session:
        part = await low_part(session)
        part.active = False
        current = await past_round(session, RoundState.PROPOSED, part.sku, closed_at=None)
        orders = [order_for(part.sku)]
        held = await plan_purchases(session, current, orders, {"ebay": Method.CHECKOUT})
        shown = Checkout(
            round_id=current.id,
            session_id=uuid4().hex,
            signature=b"sealed",
            items=pieces_of(orders),
            total=Decimal(36),
            currency="CAD",
        )
        await show_checkout(session, shown, held)
    await mail_is_lost(kit, sandbox, monkeypatch)

    with pytest.raises(PlacingError):
        await place(current.id, [one.id for one in held])


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
