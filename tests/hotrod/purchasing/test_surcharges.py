"""What a checkout asks beyond the listings is asked about, once, and bought so."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.approvals.store import AskedApproval
from hotrod.company.models import Company
from hotrod.purchasing.checkouts import pieces_of
from hotrod.purchasing.models import Checkout, RoundState
from hotrod.purchasing.planning import plan_purchases
from hotrod.purchasing.rechecks import Recheck, recheck
from hotrod.purchasing.store import read_purchase
from hotrod.purchasing.words import why_again
from hotrod.sourcing.costs import share_of, surcharged
from hotrod.sourcing.models import Offer, Proposal, Sale
from hotrod.sourcing.proposals import propose
from hotrod.sourcing.reductions import numbered, total_of
from tests.hotrod.purchasing.kit import low_part, order_for, past_round
from tests.hotrod.purchasing.test_rechecks import LATER, approved, proposed, rates
from tests.hotrod.sourcing.kit import (
    NOW,
    POLICY,
    RATES,
    needed,
    offer,
    scored,
    seller,
    supplied,
)

EBAY = "ebay"


def draft(total: Decimal | str, **items: int) -> Checkout:
    return Checkout(
        round_id=uuid4(),
        session_id="s",
        signature=b"",
        items=items or {"v1|1|0": 5},
        total=Decimal(total),
        currency="CAD",
    )


def check(
    proposal: Proposal,
    asked: AskedApproval,
    company: Company,
    begun: Checkout | None,
    *listed: Offer,
    before: Mapping[str, Decimal] | None = None,
) -> Recheck:
    """Look at listings again, and at what eBay's checkout asks, now and ``before``."""
    seen = {one.key: one for one in listed}
    return recheck(proposal, asked, seen, rates("1.40"), company, LATER, begun, before)


@pytest.mark.parametrize(
    ("asked_for", "total", "is_bought"),
    [
        ("1.00", "50.00", True),  # it may share shipping: what was planned stays
        ("50.00", "50.00", True),
        ("52.50", "52.50", True),
        ("52.51", "52.51", False),
        ("80.00", "80.00", False),
    ],
)
async def test_what_ebays_checkout_asks_counts_as_a_price_does(
    session: AsyncSession, company: Company, asked_for: str, total: str, *, is_bought: bool
) -> None:
    proposal = proposed(listing := offer("10.00"), pieces=5)
    asked = await approved(session, company, proposal)
    checked = check(proposal, asked, company, draft(asked_for), listing)
    assert (checked.why == "") == is_bought
    assert checked.total == Decimal(total)
    assert checked.surcharge == max(Decimal(asked_for) - 50, Decimal(0))


@pytest.mark.parametrize("items", [{"v1|1|0": 4}, {"v1|1|0": 5, "v1|2|0": 1}])
async def test_a_checkout_of_other_things_counts_for_nothing(
    session: AsyncSession, company: Company, items: dict[str, int]
) -> None:
    proposal = proposed(listing := offer("10.00"), pieces=5)
    asked = await approved(session, company, proposal)
    checked = check(proposal, asked, company, draft("80.00", **items), listing)
    assert (checked.why, checked.total) == ("", Decimal(50))


async def test_a_checkout_is_held_against_the_limits_of_those_who_said_yes(
    session: AsyncSession, company: Company
) -> None:
    proposal = proposed(listing := offer("99.00"), pieces=5)
    asked = await approved(session, company, proposal, "sofia")
    for total, is_bought in (("499.00", True), ("501.00", False)):
        checked = check(proposal, asked, company, draft(total), listing)
        assert (checked.why == "") == is_bought


async def test_what_is_asked_again_tells_it_and_holds(
    session: AsyncSession, company: Company
) -> None:
    proposal = proposed(listing := offer("10.00"), pieces=5)
    asked = await approved(session, company, proposal)
    first = check(proposal, asked, company, draft("80.00"), listing)
    assert why_again(first, "CAD") == (
        "Not bought as it was approved, since it costs something else. 50.00 CAD were approved; "
        "now it is 80.00 CAD. "
        "eBay's checkout asks 30.00 CAD more than its listings told."
    )

    again = proposed(surcharged(listing, first.surcharges[EBAY]), pieces=5)
    asked = await approved(session, company, again)
    for begun in (draft("80.00"), None):  # None: it can't be begun, and is bought on the page
        checked = check(again, asked, company, begun, listing, before=first.surcharges)
        assert (checked.why, checked.total) == ("", Decimal(80))
        assert total_of(checked.orders) == 50, "the page may ask what it told"
    dearer = offer("12.00")
    gone_up = check(again, asked, company, None, dearer, before=first.surcharges)
    assert "asked before, and is reckoned with, 36.00 CAD more" in why_again(gone_up, "CAD")
    fewer = await approved(session, company, again, _1=2)
    begun = draft("32.00", **{"v1|1|0": 2})
    checked = check(again, fewer, company, begun, listing, before=first.surcharges)
    assert (checked.why, checked.total) == ("", Decimal(32))


async def test_a_surcharge_of_all_listings_is_asked_about_once(
    session: AsyncSession, company: Company
) -> None:
    listed = [offer(f"10.{cents}0", reference=f"v1|{cents}|0") for cents in range(8)]
    before: Mapping[str, Decimal] = {}
    for is_bought in (False, True):
        offers = [scored(surcharged(one, before.get(EBAY, Decimal(0)))) for one in listed]
        proposal = propose(offers, [needed("A", 4)], RATES, NOW, POLICY)
        (line,) = numbered(proposal).values()
        assert line.offer.reference == "v1|0|0", "all are dearer, and one is the cheapest still"
        asked = await approved(session, company, proposal)
        begun = draft("43.20", **{line.offer.reference: 4})
        checked = check(proposal, asked, company, begun, *listed, before=before)
        assert (checked.why == "") == is_bought
        before = checked.surcharges


async def test_a_surcharge_that_makes_another_source_cheaper_is_not_paid(
    session: AsyncSession, company: Company
) -> None:
    listing, other = offer("10.00"), supplied("Acme", "a", ((1, "11.00"),))
    proposal = propose([scored(listing), scored(other)], [needed("A", 5)], RATES, NOW, POLICY)
    asked = await approved(session, company, proposal)
    checked = check(proposal, asked, company, draft("80.00"), listing)
    dearer = scored(surcharged(listing, checked.surcharges[EBAY]))
    again = propose([dearer, scored(other)], [needed("A", 5)], RATES, NOW, POLICY)
    assert [one.source for one in again.orders] == ["lists"]


def test_auctions_bear_no_surcharge() -> None:
    auction = offer("10.00", sale=Sale.AUCTION, least_bid=Decimal(10))
    assert surcharged(auction, Decimal("0.5")) == auction


async def test_what_is_bought_beside_the_checkout_bears_no_surcharge(
    session: AsyncSession, company: Company
) -> None:
    held, beside = offer("100.00"), offer("100.00", reference="v1|2|0", seller=seller(name="oak"))
    before: Mapping[str, Decimal] = {}
    for is_bought in (False, True):
        found = [
            scored(surcharged(one, share_of(one, before)), sku)
            for one, sku in ((held, "A"), (beside, "B"))
        ]
        proposal = propose(found, [needed("A"), needed("B")], RATES, NOW, POLICY)
        asked = await approved(session, company, proposal)
        begun = draft("120.00", **{"v1|1|0": 1})
        checked = check(proposal, asked, company, begun, held, beside, before=before)
        assert (checked.why == "") == is_bought
        assert (checked.total, checked.surcharge) == (Decimal(220), Decimal(20))
        assert [one.total for one in checked.orders] == [Decimal(100), Decimal(100)]
        before = checked.surcharges


async def test_what_a_checkout_asked_is_remembered_when_something_is_gone(
    session: AsyncSession, company: Company
) -> None:
    proposal = proposed(listing := offer("10.00"), pieces=5)
    asked = await approved(session, company, proposal)
    before = {EBAY: Decimal("0.2")}
    for change in ({"available": 1}, {"terms": None}):
        gone = listing.model_copy(update=change)
        assert check(proposal, asked, company, None, gone, before=before).surcharges == before


async def test_a_surcharge_beyond_all_measure_is_never_bought(
    session: AsyncSession, company: Company
) -> None:
    listing = offer("0.10")
    first = check(
        proposal := proposed(listing, pieces=5),
        await approved(session, company, proposal),
        company,
        begun := draft("90.00"),
        listing,
    )
    dearer = surcharged(listing, first.surcharges[EBAY])
    assert dearer.tax_rate == 100, "as much as a proposal may tell"
    again = proposed(dearer, pieces=5)
    asked = await approved(session, company, again)
    for checked in (first, check(again, asked, company, begun, listing, before=first.surcharges)):
        assert (checked.why, checked.total) == ("it costs something else", Decimal(90))


@pytest.mark.parametrize(
    ("asks", "is_bought"), [("498.00", True), ("500.00", True), ("500.01", False)]
)
async def test_a_limit_is_held_to_the_cent(
    session: AsyncSession, company: Company, asks: str, *, is_bought: bool
) -> None:
    """Sofia may allow 500."""
    both = [offer("249.00"), offer("249.00", reference="v1|2|0")]
    proposal = proposed(*both, pieces=1)
    asked = await approved(session, company, proposal, "sofia")
    begun = draft(asks, **{"v1|1|0": 1, "v1|2|0": 1})
    checked = check(proposal, asked, company, begun, *both)
    assert (checked.why == "", checked.total) == (is_bought, Decimal(asks))


async def test_what_is_written_down_is_what_the_checkout_asks(session: AsyncSession) -> None:
    parts = [await low_part(session) for _ in range(3)]
    current = await past_round(session, RoundState.PROPOSED, *(one.sku for one in parts))
    orders = [
        order_for(part.sku).model_copy(update={"seller": f"seller {number}"})
        for number, part in enumerate(parts)
    ]
    in_checkout = orders[:2]
    begun = draft("79.99", **pieces_of(in_checkout))
    begun.round_id = current.id
    session.add(begun)
    first, second, beside = await plan_purchases(session, current, orders, {}, draft=begun)
    assert (first.total + second.total, beside.total) == (begun.total, Decimal(36))
    for one in (first, second):
        (line,) = (await read_purchase(session, one.id)).lines
        assert abs(line.per_piece * line.quantity - one.total) < Decimal("0.00001")
