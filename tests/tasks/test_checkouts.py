"""Steps of eBay's checkouts that come once more: a run begins anew, or eBay refuses again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from prefect import flow

from hotrod.approvals.decisions import answer
from hotrod.approvals.models import Answer, Via
from hotrod.db.columns import now
from hotrod.purchasing.checkouts import draft_of, tell_paid
from hotrod.purchasing.models import RoundState
from hotrod.purchasing.payments import Payment, refuse
from hotrod.purchasing.store import found_offers
from sandbox.ebay.store import Listing
from sandbox.server import Sandbox
from tasks._resources import Resources
from tasks.checkouts import begin_checkout, confirm_payment
from tasks.letters import tell_of_checkout
from tasks.sourcing import (
    ask_managers,
    evaluate_offers,
    look_again,
    plan_purchases,
    search_offers,
)
from tests.hotrod.purchasing.kit import low_part, past_round
from tests.shelf_kit import sell, subjects

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox")]


@dataclass(frozen=True)
class Deal:
    """A round that has found a listing."""

    kit: Resources
    round_id: UUID
    sku: str
    listing: Listing

    async def approve(self, turn: int = 1) -> UUID:
        """Let a manager approve what is proposed; return the question's id."""
        assert await evaluate_offers.fn(self.round_id, turn)
        question = await ask_managers.fn(self.round_id, turn)
        given = Answer("approve", Via.LINK)
        async with self.kit.database.transaction() as session:
            await answer(session, self.kit.company, question, "sofia", given, now())
        return question

    async def price(self) -> Decimal:
        """Return what the listing costs, as it was seen last."""
        async with self.kit.database.transaction() as session:
            (offer,) = await found_offers(session, self.round_id, self.sku)
        return offer.unit_price(1)

    async def draft(self) -> str:
        """Return eBay's id of the checkout that is begun."""
        async with self.kit.database.transaction() as session:
            found = await draft_of(session, self.round_id)
        assert found
        return found.session_id


@pytest.fixture
async def deal(kit: Resources, sandbox: Sandbox) -> Deal:
    async with kit.database.transaction() as session:
        part = await low_part(session)
        part.active = False  # other tests count what is low
        opened = await past_round(session, RoundState.SEARCHING, part.sku, closed_at=None)
    listing = sell(sandbox, "part", fee=Decimal(5))  # only the checkout tells it
    assert await search_offers.fn(opened.id, "ebay") == 1
    return Deal(kit, opened.id, part.sku, listing)


async def test_the_question_of_an_earlier_turn_begins_no_checkout(deal: Deal) -> None:
    first = await deal.approve()
    assert await begin_checkout.fn(deal.round_id, first)
    assert await plan_purchases.fn(deal.round_id, first) is None, "the fee is asked about"
    second = await deal.approve(turn=2)
    assert await begin_checkout.fn(deal.round_id, second)
    begun = await deal.draft()

    assert not await begin_checkout.fn(deal.round_id, first)

    assert await deal.draft() == begun
    assert await plan_purchases.fn(deal.round_id, second)


@pytest.mark.parametrize(
    ("lasts", "seen"), [(timedelta(minutes=30), "9.00"), (timedelta(milliseconds=1), "9.50")]
)
async def test_a_run_that_begins_anew_trusts_what_it_saw_for_a_while(
    deal: Deal, sandbox: Sandbox, lasts: timedelta, seen: str
) -> None:
    question = await deal.approve()
    look = look_again.with_options(cache_expiration=lasts)

    @flow
    async def begun_anew() -> None:
        await look(deal.round_id, question)
        deal.listing.price = Decimal("9.50")
        await look(deal.round_id, question)

    await begun_anew()

    assert await deal.price() == Decimal(seen)


async def test_ops_are_told_of_each_refusal_of_a_payment_once(deal: Deal, sandbox: Sandbox) -> None:
    question = await deal.approve()
    deal.listing.fee = Decimal(0)
    assert await begin_checkout.fn(deal.round_id, question)
    assert await plan_purchases.fn(deal.round_id, question)
    for why in ("It isn't paid.", "It isn't paid.", "It is somebody else's."):
        async with deal.kit.database.transaction() as session:
            await refuse(session, await tell_paid(session, deal.round_id, "12-345"), "12-345", why)
        await tell_of_checkout.fn(deal.round_id, "12-345")

    told = [one for one in await subjects(sandbox, "ops@hotrod") if "Payment at eBay" in one]
    assert len(told) == 2


async def test_an_order_that_ebay_does_not_know_is_asked_for_once_more(deal: Deal) -> None:
    question = await deal.approve()
    deal.listing.fee = Decimal(0)
    assert await begin_checkout.fn(deal.round_id, question)
    assert await plan_purchases.fn(deal.round_id, question)
    async with deal.kit.database.transaction() as session:
        await tell_paid(session, deal.round_id, "12-345")
    assert await confirm_payment.fn(deal.round_id, "12-345", 1) == Payment.PENDING
    assert await confirm_payment.fn(deal.round_id, "12-345", 2) == Payment.REFUSED


async def test_while_ebay_can_not_be_asked_nothing_is_decided(
    deal: Deal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deal.kit, "ebay_orders", None)
    assert await confirm_payment.fn(deal.round_id, "12-345", 2) == Payment.PENDING
