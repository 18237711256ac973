"""What was approved is bought as it is now, and never for more than was agreed to."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.approvals.decisions import answer, ask
from hotrod.approvals.models import Line, NewApproval, Via
from hotrod.approvals.store import AskedApproval, read_approval
from hotrod.company.models import Company
from hotrod.purchasing.models import RoundState
from hotrod.purchasing.planning import plan_purchases
from hotrod.purchasing.rechecks import Recheck, recheck
from hotrod.purchasing.store import read_purchase
from hotrod.sourcing.models import DeliveryWindow, ExchangeRate, ExchangeRates, Offer, Proposal
from hotrod.sourcing.proposals import propose
from hotrod.sourcing.reductions import numbered, per_piece
from tests.hotrod.approvals.kit import question, yes
from tests.hotrod.purchasing.kit import low_part, past_round
from tests.hotrod.sourcing.kit import (
    NOW,
    POLICY,
    RATES,
    needed,
    offer,
    prices,
    scored,
    supplied,
)

LATER = NOW + timedelta(minutes=30)


def rates(dollar: str) -> ExchangeRates:
    told = ExchangeRate(value=Decimal(dollar), seen_at=LATER)
    return ExchangeRates(currency="CAD", rates={"USD": told})


def proposed(*offers: Offer, pieces: int) -> Proposal:
    skus = [chr(ord("A") + number) for number in range(len(offers))]
    found = [scored(one, sku) for one, sku in zip(offers, skus, strict=True)]
    return propose(found, [needed(sku, pieces) for sku in skus], RATES, NOW, POLICY)


def about(proposal: Proposal) -> NewApproval:
    lines = tuple(
        Line(
            id=number,
            sku=line.sku,
            words=line.words,
            quantity=line.quantity,
            unit_amount=per_piece(order, line),
            seller=order.seller,
        )
        for number, line in numbered(proposal).items()
        for order in proposal.orders
        if line in order.lines
    )
    return question(str(proposal.total), lines=lines)


async def approved(
    session: AsyncSession, company: Company, proposal: Proposal, *by: str, **left: int
) -> AskedApproval:
    asked = await ask(session, company, about(proposal), NOW)
    for manager in by or ("renee",):
        await answer(session, company, asked.id, manager, yes(Via.LINK, **left), NOW)
    return await read_approval(session, asked.id)


def check(
    proposal: Proposal, asked: AskedApproval, company: Company, dollar: str = "1.40", **seen: Any
) -> Recheck:
    """Look again at all that was proposed; ``seen`` is what has changed of every offer."""
    lines = numbered(proposal).values()
    offers = {line.offer.key: line.offer.model_copy(update=seen) for line in lines}
    return recheck(proposal, asked, offers, rates(dollar), company, LATER)


@pytest.mark.parametrize(
    ("dollar", "is_bought"), [("1.40", True), ("1.44", True), ("1.48", False), ("1.30", False)]
)
async def test_a_rate_that_moves_after_the_yes_counts_as_a_price_does(
    session: AsyncSession, company: Company, dollar: str, *, is_bought: bool
) -> None:
    proposal = proposed(offer("10.00", currency="USD"), pieces=5)
    asked = await approved(session, company, proposal)
    checked = check(proposal, asked, company, dollar)
    assert (checked.why == "") == is_bought
    assert (checked.approved, checked.total) == (Decimal(70), Decimal(50) * Decimal(dollar))


async def test_what_is_bought_is_what_was_seen_again(
    session: AsyncSession, company: Company
) -> None:
    proposal = proposed(offer("10.00"), pieces=5)
    asked = await approved(session, company, proposal)
    dearer = offer("10.30").prices
    (order,) = check(proposal, asked, company, prices=dearer).orders
    assert order.total == Decimal("51.50")
    assert order.lines[0].offer.prices == dearer


async def test_fewer_pieces_that_cost_what_all_would_are_asked_about_again(
    session: AsyncSession, company: Company
) -> None:
    breaks = supplied("Acme", "a", ((1, "6.00"), (100, "5.00")))
    breaks = breaks.model_copy(update={"available": None})
    proposal = proposed(breaks, pieces=100)
    whole = check(proposal, await approved(session, company, proposal), company)
    fewer = check(proposal, await approved(session, company, proposal, _1=99), company)
    assert (whole.why, whole.total) == ("", Decimal(500))
    assert (fewer.approved, fewer.total) == (Decimal(495), Decimal(594))
    assert fewer.why


async def test_free_shipping_that_is_lost_is_asked_about_again(
    session: AsyncSession, company: Company
) -> None:
    free = supplied("Acme", "a", ((1, "5.00"),), shipping="8", free_from="50")
    proposal = proposed(free, pieces=10)
    asked = await approved(session, company, proposal, _1=9)
    assert check(proposal, asked, company).why


async def test_fewer_pieces_in_a_parcel_that_costs_as_much_are_bought(
    session: AsyncSession, company: Company
) -> None:
    proposal = proposed(supplied("Acme", "a", ((1, "5.00"),), shipping="8"), pieces=10)
    checked = check(proposal, await approved(session, company, proposal, _1=5), company)
    assert (checked.why, checked.total) == ("", Decimal(33))


async def test_who_said_yes_must_be_allowed_what_it_costs_now(
    session: AsyncSession, company: Company
) -> None:
    proposal = proposed(offer("99.00"), pieces=5)  # Sofia may allow 500
    dearer = offer("101.00").prices
    for manager, is_bought in (("sofia", False), ("daniel", True)):
        asked = await approved(session, company, proposal, manager)
        assert (check(proposal, asked, company, prices=dearer).why == "") == is_bought


async def test_one_yes_is_not_enough_once_it_takes_two(
    session: AsyncSession, company: Company
) -> None:
    proposal = proposed(offer("149.00"), pieces=10)  # above 1500, two must agree
    asked = await approved(session, company, proposal)
    assert not check(proposal, asked, company).why
    assert check(proposal, asked, company, prices=offer("151.00").prices).why


async def test_what_is_gone_or_of_unknown_cost_is_asked_about_again(
    session: AsyncSession, company: Company
) -> None:
    proposal = proposed(offer("10.00"), pieces=5)
    asked = await approved(session, company, proposal)
    assert "gone" in check(proposal, asked, company, available=4).why
    assert "shipping" in check(proposal, asked, company, terms=None).why
    of_old = proposal.model_copy(
        update={
            "orders": tuple(
                order.model_copy(
                    update={
                        "lines": tuple(
                            line.model_copy(update={"rate": None}) for line in order.lines
                        )
                    }
                )
                for order in proposal.orders
            )
        }
    )
    assert "rate" in check(of_old, asked, company).why


@pytest.mark.parametrize(
    "seen", [{"pack_size": 5}, {"pack_size": 2}, {"prices": prices((5, "10.00"))}], ids=str
)
async def test_what_is_not_sold_so_any_more_is_asked_about_again(
    session: AsyncSession, company: Company, seen: dict[str, Any]
) -> None:
    proposal = proposed(offer("10.00"), pieces=5)
    asked = await approved(session, company, proposal, _1=3)
    checked = check(proposal, asked, company, **seen)
    assert (checked.why, checked.orders) == ("3 of A can't be bought any more", ())


async def test_a_purchase_is_expected_when_the_seller_says_so_now_and_tells_their_price(
    session: AsyncSession, company: Company
) -> None:
    part = await low_part(session)
    current = await past_round(session, RoundState.PROPOSED, part.sku, closed_at=None)
    dollars = [scored(offer("10.00", currency="USD"), part.sku)]
    proposal = propose(dollars, [needed(part.sku, 5)], RATES, NOW, POLICY)
    asked = await approved(session, company, proposal)
    days = DeliveryWindow(earliest=date(2026, 11, 27), latest=date(2026, 11, 30))

    checked = check(proposal, asked, company, delivery=days, prices=offer("10.10").prices)
    (bought,) = await plan_purchases(session, current, checked.orders, {})

    assert bought.expected_on == days.latest
    assert bought.total == checked.total == Decimal("70.70")
    found = await read_purchase(session, bought.id)
    assert found.goods == (Decimal("50.50"), "USD")
    (line,) = found.lines
    assert (line.unit_price, line.per_piece) == (Decimal("10.10"), Decimal("14.14"))
