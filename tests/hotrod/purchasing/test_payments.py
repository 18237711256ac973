"""What eBay says of a checkout's order decides alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.db.engine import Database
from hotrod.errors import ForbiddenTransitionError, InvalidInputError
from hotrod.parts.models import Part
from hotrod.parts.store import on_order
from hotrod.purchasing.abandoned import end_round
from hotrod.purchasing.buying import cancel, hand_over, note_ordered
from hotrod.purchasing.checkouts import (
    checkout_of,
    draft_of,
    give_up,
    keep_draft,
    read_checkout,
    show_checkout,
    tell_paid,
)
from hotrod.purchasing.models import (
    Checkout,
    Method,
    Purchase,
    PurchaseLine,
    SourcingRound,
)
from hotrod.purchasing.payments import EbayOrder, Payment, judge, wait_before
from hotrod.sourcing.costs import paid_for_each

HELD = {"v1|1|0": 4, "v1|2|0": 3}


async def stored(session: AsyncSession) -> list[Purchase]:
    """Store two purchases for eBay's checkout: four pieces of one seller, three of another."""
    session.add(opened := SourcingRound(business_key="noizylab"))
    await session.flush()
    both = []
    for reference, quantity in HELD.items():
        part = Part(
            sku=f"PAY-{uuid4().hex[:8].upper()}", name="Fan", category="fan", unit_cost=Decimal(9)
        )
        purchase = Purchase(
            round_id=opened.id,
            business_key="noizylab",
            source="ebay",
            seller=f"seller of {reference}",
            method=Method.CHECKOUT,
            total=Decimal(36),
            currency="CAD",
        )
        session.add_all([part, purchase])
        await session.flush()
        session.add(
            PurchaseLine(
                purchase_id=purchase.id,
                part_id=part.id,
                reference=reference,
                title="Fan",
                quantity=quantity,
                per_piece=Decimal(9),
            )
        )
        both.append(purchase)
    return both


@pytest.fixture
async def planned(session: AsyncSession) -> list[Purchase]:
    """Two purchases for eBay's checkout, rolled back after the test."""
    return await stored(session)


@pytest.fixture
async def begun(session: AsyncSession, planned: list[Purchase]) -> Checkout:
    """The checkout of both, which a person is to pay."""
    kept = await shown(session, planned)
    for one in planned:
        await hand_over(session, one.id)
    return kept


async def shown(session: AsyncSession, held: list[Purchase]) -> Checkout:
    draft = new(held[0].round_id)
    await keep_draft(session, draft.round_id, draft)
    assert await checkout_of(session, draft.round_id) is None, "nobody sees a draft"
    await show_checkout(session, draft, held)
    return draft


def new(round_id: UUID) -> Checkout:
    return Checkout(
        round_id=round_id,
        session_id=uuid4().hex,
        signature=b"sealed",
        items=HELD,
        total=Decimal(72),
        currency="CAD",
    )


def order(number: str = "5-1", **changes: object) -> EbayOrder:
    given: dict[str, object] = {"pieces": HELD, "payment": "PAID", "created_at": now()}
    return EbayOrder(id=number, **given | changes)  # type: ignore[arg-type]


async def states(session: AsyncSession, begun: Checkout) -> list[str]:
    return [(await session.get_one(Purchase, UUID(one))).state for one in begun.purchases]


async def ordered_pieces(session: AsyncSession, begun: Checkout) -> int:
    await session.flush()
    total = 0
    for one in begun.purchases:
        for line in await lines(session, one):
            total += await on_order(session, line.part_id)
    return total


async def lines(session: AsyncSession, purchase: str) -> list[PurchaseLine]:
    found = await session.exec(
        select(PurchaseLine).where(PurchaseLine.purchase_id == UUID(purchase))
    )
    return list(found)


async def test_what_is_paid_is_on_order_once(session: AsyncSession, begun: Checkout) -> None:
    await tell_paid(session, begun.round_id, "5-1")
    for _ in range(2):
        assert await judge(session, begun.round_id, "5-1", order()) == Payment.PAID
    assert await states(session, begun) == ["ordered", "ordered"]
    assert await ordered_pieces(session, begun) == 7
    with pytest.raises(InvalidInputError, match="ordered before as 5-1"):
        await tell_paid(session, begun.round_id, "5-2")
    assert await judge(session, begun.round_id, "5-2", order("5-2")) == Payment.REFUSED
    assert begun.order_id == "5-1"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (None, "knows of none"),
        (order(pieces={"v1|1|0": 4}), "other things"),
        (order(pieces=HELD | {"v1|2|0": 4}), "other things"),
        (order(pieces=HELD | {"v1|9|0": 1}), "other things"),
        (order(created_at=now() - timedelta(days=1)), "older"),
    ],
)
async def test_what_is_not_ours_changes_nothing(
    session: AsyncSession, begun: Checkout, said: EbayOrder | None, words: str
) -> None:
    await tell_paid(session, begun.round_id, "5-1")
    assert await judge(session, begun.round_id, "5-1", said) == Payment.REFUSED
    assert words in begun.refusal
    assert begun.is_payable
    assert await states(session, begun) == ["to_buy", "to_buy"]
    assert await ordered_pieces(session, begun) == 0


async def test_an_order_pays_one_checkout_only(session: AsyncSession, begun: Checkout) -> None:
    session.add(before := SourcingRound(business_key="noizylab"))
    await session.flush()
    other = new(before.id)
    other.order_id, other.paid_at = "5-1", now()
    session.add(other)
    await tell_paid(session, begun.round_id, "5-1")
    assert await judge(session, begun.round_id, "5-1", order()) == Payment.REFUSED
    assert "another checkout" in begun.refusal


async def test_a_wrong_number_does_not_undo_a_right_one(
    session: AsyncSession, begun: Checkout
) -> None:
    await tell_paid(session, begun.round_id, "5-1")
    await tell_paid(session, begun.round_id, "99")
    assert await judge(session, begun.round_id, "5-1", order()) == Payment.PAID
    assert await judge(session, begun.round_id, "99", None) == Payment.REFUSED
    assert (begun.order_id, begun.refusal) == ("5-1", "")


async def test_money_that_never_comes_leaves_the_links(
    session: AsyncSession, begun: Checkout
) -> None:
    await tell_paid(session, begun.round_id, "5-1")
    waiting = order(payment="PENDING")
    assert await judge(session, begun.round_id, "5-1", waiting) == Payment.PENDING
    assert begun.is_confirmed_soon
    failed = order(payment="FAILED")
    assert await judge(session, begun.round_id, "5-1", failed) == Payment.FAILED
    assert not begun.is_payable
    for one in begun.purchases:
        assert (await session.get_one(Purchase, UUID(one))).method == Method.LINK


async def test_what_was_cancelled_and_yet_paid_is_told(
    session: AsyncSession, begun: Checkout
) -> None:
    first, second = [await session.get_one(Purchase, UUID(one)) for one in begun.purchases]
    await cancel(session, first.id, by="ops")
    for _ in range(2):
        await tell_paid(session, begun.round_id, "5-1")
        assert await judge(session, begun.round_id, "5-1", order()) == Payment.TROUBLED
    assert [first.state, second.state] == ["cancelled", "ordered"]
    assert first.number in begun.refusal
    assert second.number not in begun.refusal


@pytest.mark.parametrize("go", [cancel, note_ordered])
async def test_what_is_said_to_be_paid_goes_no_way_of_its_own(
    session: AsyncSession, begun: Checkout, go: Callable[..., Awaitable[Purchase]]
) -> None:
    first = UUID(begun.purchases[0])
    await tell_paid(session, begun.round_id, "5-1")
    with pytest.raises(ForbiddenTransitionError, match="until eBay has answered about its order"):
        await go(session, first, by="ops")
    assert begun.is_confirmed_soon
    assert await states(session, begun) == ["to_buy", "to_buy"]

    assert await judge(session, begun.round_id, "5-1", None) == Payment.REFUSED
    await go(session, first, by="ops")
    assert begun.given_up_at is not None


async def test_a_dropped_round_leaves_what_is_said_to_be_paid(
    session: AsyncSession, begun: Checkout
) -> None:
    await tell_paid(session, begun.round_id, "5-1")
    current = await session.get_one(SourcingRound, begun.round_id)
    await end_round(session, current, "it goes nowhere", now(), by="ops")
    assert (current.state, begun.given_up_at) == ("cancelled", None)
    assert await judge(session, begun.round_id, "5-1", order()) == Payment.PAID


@pytest.mark.parametrize("is_given_up", [False, True])
async def test_a_dropped_round_hands_over_what_is_said_to_be_paid(
    session: AsyncSession, planned: list[Purchase], *, is_given_up: bool
) -> None:
    begun = await shown(session, planned)  # whose run died before it had handed it over
    await tell_paid(session, begun.round_id, "5-1")
    if is_given_up:
        await give_up(session, begun.round_id)
    current = await session.get_one(SourcingRound, begun.round_id)
    await end_round(session, current, "it goes nowhere", now(), by="ops")
    assert await states(session, begun) == ["to_buy", "to_buy"]


@pytest.mark.parametrize("said", [None, order(payment="FAILED")], ids=["unknown", "failed"])
async def test_what_was_dropped_is_cancelled_once_it_turns_out_unpaid(
    session: AsyncSession, begun: Checkout, said: EbayOrder | None
) -> None:
    await tell_paid(session, begun.round_id, "5-1")
    current = await session.get_one(SourcingRound, begun.round_id)
    await end_round(session, current, "it goes nowhere", now(), by="ops")
    assert await states(session, begun) == ["to_buy", "to_buy"]
    await judge(session, begun.round_id, "5-1", said)
    assert await states(session, begun) == ["cancelled", "cancelled"]
    assert "5-1" in begun.refusal


async def test_a_draft_is_replaced_until_it_is_shown(
    session: AsyncSession, planned: list[Purchase]
) -> None:
    subject = planned[0].round_id
    for _ in range(2):
        await keep_draft(session, subject, newest := new(subject))
        await session.flush()
    assert await draft_of(session, subject) is newest
    await show_checkout(session, newest, planned)
    await keep_draft(session, subject, new(subject))
    assert await checkout_of(session, subject) is newest
    assert await draft_of(session, subject) is None


async def test_a_draft_is_dropped_when_ebay_begins_none_any_more(
    session: AsyncSession, planned: list[Purchase]
) -> None:
    subject = planned[0].round_id
    await keep_draft(session, subject, new(subject))
    await session.flush()
    await keep_draft(session, subject, None)
    assert await draft_of(session, subject) is None


async def test_of_a_payment_and_a_cancellation_at_once_the_first_holds(
    database: Database,
) -> None:
    async with database.transaction() as session:
        both = await stored(session)
        await shown(session, both)
    first = both[0]
    async with database.transaction() as paying:
        await read_checkout(paying, first.round_id, lock=True)
        cancelling = asyncio.create_task(_cancelled(database, first.id))
        await waiting_for_a_lock(database)
    await cancelling
    async with database.transaction() as session:
        kept = await read_checkout(session, first.round_id)
        assert (kept.is_payable, kept.given_up_at is not None) == (False, True)


async def _cancelled(database: Database, purchase: UUID) -> None:
    async with database.transaction() as session:
        await cancel(session, purchase, by="ops")


async def waiting_for_a_lock(database: Database) -> None:
    """Return once some transaction waits for another."""
    waits = text("SELECT 1 FROM pg_locks WHERE NOT granted")
    async with database.transaction() as session:
        connection = await session.connection()
        for _ in range(500):
            if (await connection.execute(waits)).first() is not None:
                return
            await asyncio.sleep(0.01)
    pytest.fail("nobody waits")


async def test_what_was_given_up_and_is_said_to_be_paid_goes_no_other_way(
    session: AsyncSession, begun: Checkout
) -> None:
    await give_up(session, begun.round_id)
    await tell_paid(session, begun.round_id, "5-1")
    with pytest.raises(ForbiddenTransitionError, match="said to be paid"):
        await cancel(session, UUID(begun.purchases[0]), by="ops")
    assert await states(session, begun) == ["to_buy", "to_buy"]


async def test_another_order_that_failed_leaves_the_checkout(
    session: AsyncSession, begun: Checkout
) -> None:
    await tell_paid(session, begun.round_id, "5-1")
    await tell_paid(session, begun.round_id, "5-2")
    failed = order(payment="FAILED")
    assert await judge(session, begun.round_id, "5-1", failed) == Payment.FAILED
    assert begun.given_up_at is None
    assert await judge(session, begun.round_id, "5-2", order("5-2")) == Payment.PAID


def test_ebay_is_asked_ever_later_and_not_for_ever() -> None:
    waits = [wait_before(look) for look in range(1, 9)]
    assert waits == sorted(filter(None, waits))
    assert wait_before(9) is None


async def test_what_was_paid_is_what_the_pieces_have_cost(
    session: AsyncSession, begun: Checkout
) -> None:
    begun.total = Decimal("75.01")
    await tell_paid(session, begun.round_id, "5-1")
    assert await judge(session, begun.round_id, "5-1", order()) == Payment.PAID
    totals = []
    for one in begun.purchases:
        purchase = await session.get_one(Purchase, UUID(one))
        (line,) = await lines(session, one)
        assert line.per_piece == Decimal(9) * purchase.total / 36
        totals.append(purchase.total)
    assert totals == [Decimal("37.51"), Decimal("37.50")]


@given(st.lists(st.decimals(0, 10_000, places=2), min_size=1), st.decimals(0, 10_000, places=2))
def test_shares_are_together_what_was_paid(planned: list[Decimal], total: Decimal) -> None:
    assume(sum(planned))
    shares = paid_for_each(planned, total)
    assert sum(shares) == total
    for one, share in zip(planned, shares, strict=True):
        assert abs(share - total * one / sum(planned)) <= Decimal("0.01")
