"""Bids in auctions: never above what a piece is worth, and only where they pay."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.sourcing.auctions import as_approved, as_bid, bids_for, most_bid
from hotrod.sourcing.costs import landed_cost
from hotrod.sourcing.models import (
    Condition,
    ExchangeRate,
    ExchangeRates,
    Market,
    Offer,
    OrderTerms,
    PaidPrice,
    Proposal,
    Sale,
    ScoredOffer,
    Wanted,
)
from hotrod.sourcing.plans import parcel_of
from hotrod.sourcing.proposals import propose
from hotrod.sourcing.reductions import reduced, total_of
from hotrod.sourcing.rules import score_all
from tests.hotrod.sourcing.kit import NOW, POLICY, RATES, offer, seller

FAN = Wanted(sku="FAN", name="Fan", fits=("console",), quantity=1)
TOMORROW = NOW + timedelta(days=1)
money = st.decimals(Decimal("0.01"), Decimal(500), places=2)


def auction(price: str = "5.00", **changes: Any) -> Offer:
    fields: dict[str, Any] = {
        "reference": "v1|auction|0",
        "title": "Fan for console",
        "sale": Sale.AUCTION,
        "available": 1,
        "ends_at": TOMORROW,
        "least_bid": Decimal(price) + Decimal("0.50"),
        "seller": seller(name="bidder-parts"),
    }
    return offer(price, **fields | changes)


def fixed(price: str, **changes: Any) -> Offer:
    return offer(price, **{"title": "Fan for console", "reference": "fixed"} | changes)


def proposed(
    *offers: Offer,
    wanted: Wanted = FAN,
    median: str | None = None,
    paid: str | None = None,
    may_bid: bool = True,
    rates: ExchangeRates = RATES,
) -> Proposal:
    medians = {Condition.NEW: Decimal(median)} if median else {}
    market = Market(at=NOW, rates=rates, medians=medians)
    history = [PaidPrice(per_piece=Decimal(paid), bought_at=NOW)] if paid else []
    scored = score_all(offers, wanted, history, market, POLICY)
    bids: list[ScoredOffer] = []
    if may_bid:
        bids = bids_for(scored, wanted, history, market, POLICY)
    return propose(scored, [wanted], rates, NOW, POLICY, bids)


def limits(proposal: Proposal) -> list[Decimal]:
    return [
        line.offer.unit_price(1)
        for order in proposal.orders
        if order.is_bid
        for line in order.lines
    ]


def test_a_part_that_is_sold_by_auction_only_is_bid_for_up_to_the_market() -> None:
    result = proposed(auction(terms=OrderTerms(shipping=Decimal(3))), median="20.00")

    (order,) = result.orders
    assert limits(result) == [Decimal("17.00")]
    assert (result.total, result.missing) == (Decimal("20.00"), ())
    assert order.lines[0].words.startswith("bid up to 17.00 CAD, ends 2026-11-21 12:00 UTC, new,")
    assert result.reasons == (
        (
            '"bidder-parts": a bid for one FAN, 20.00 CAD at the door at most, ends 2026-11-21'
            " 12:00 UTC; it may be lost"
        ),
    )


@pytest.mark.parametrize(
    ("known", "limit"),
    [
        ({"median": "20.00", "paid": "15.00"}, "15.00"),
        ({"median": "15.00", "paid": "20.00"}, "15.00"),
        ({"paid": "12.00"}, "12.00"),
    ],
)
def test_the_least_of_the_known_prices_limits_the_bid(known: dict[str, str], limit: str) -> None:
    assert limits(proposed(auction(), **known)) == [Decimal(limit)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bid", "why"),
    [
        ({}, "nobody knows what it is worth"),
        ({"median": "5.40"}, "one step above the price is too much"),
    ],
)
def test_no_bid_is_proposed_without_reason(bid: dict[str, str], why: str) -> None:
    result = proposed(auction(), **bid)  # type: ignore[arg-type]

    assert result.orders == (), why
    assert "by auction only" in result.missing[0].why


@pytest.mark.parametrize(
    "changes",
    [
        {"least_bid": None},
        {"ends_at": NOW + timedelta(hours=3)},
        {"ends_at": None},
        {"terms": None},
        {"tax_rate": None},
        {"currency": "EUR"},
        {"available": 0},
        {"condition": Condition.FOR_PARTS},
        {"seller": seller(ratings=3, region="XX")},
    ],
    ids=str,
)
def test_an_auction_that_cannot_be_judged_or_trusted_is_left_alone(changes: dict[str, Any]) -> None:
    assert limits(proposed(auction(**changes), median="20.00")) == []


def test_an_auction_that_comes_after_the_stock_is_out_is_left_alone() -> None:
    soon = FAN.model_copy(update={"stock_out_on": date(2026, 11, 26)})
    later = FAN.model_copy(update={"stock_out_on": date(2026, 11, 27)})

    assert limits(proposed(auction(), wanted=soon, median="20.00")) == []
    assert limits(proposed(auction(), wanted=later, median="20.00")) == [Decimal("20.00")]


def test_what_can_be_bought_at_once_is_bid_for_when_that_saves_clearly() -> None:
    result = proposed(fixed("20.00"), auction())

    assert limits(result) == [Decimal("17.00")], "15 % less than buying it"
    assert [line.offer.reference for order in result.orders for line in order.lines] == [
        "v1|auction|0"
    ]
    assert limits(proposed(fixed("6.40"), auction())) == [], "5.50 saves less than 15 %"


def test_one_piece_is_bid_for_and_the_others_are_bought() -> None:
    two = FAN.model_copy(update={"quantity": 2})

    result = proposed(fixed("20.00"), auction(), auction(reference="v1|second|0"), wanted=two)

    assert limits(result) == [Decimal("17.00")]
    assert [order.total for order in result.orders] == [Decimal("20.00"), Decimal("17.00")]
    assert result.missing == ()


def test_what_a_parcel_costs_anyhow_is_not_saved_by_a_bid() -> None:
    two = FAN.model_copy(update={"quantity": 2})
    terms = OrderTerms(shipping=Decimal(30))

    result = proposed(fixed("6.00", terms=terms), auction(), wanted=two)

    assert limits(result) == [], "the second piece costs 6.00 more, not 21.00"


def test_the_bids_of_a_seller_stay_apart_from_what_is_bought_of_them() -> None:
    two = FAN.model_copy(update={"quantity": 2})
    same = seller(name="both")
    result = proposed(fixed("20.00", seller=same), auction(seller=same), wanted=two)

    again = reduced(result, {}, RATES, NOW, POLICY)

    assert [order.is_bid for order in result.orders] == [False, True]
    assert again == result.orders


def test_an_approved_bid_holds_while_the_next_step_is_within_the_limit() -> None:
    limit = as_bid(auction(), Decimal(17))
    risen = auction("16.50", least_bid=Decimal(17))
    above = auction("16.60", least_bid=Decimal("17.10"))

    assert as_approved(limit, risen, NOW).unit_price(1) == Decimal(17)
    assert as_approved(limit, above, NOW).buyable(1) == 0
    assert as_approved(limit, risen, TOMORROW).buyable(1) == 0
    assert as_approved(limit, fixed("9.00"), NOW).buyable(1) == 0
    assert as_approved(fixed("8.00"), fixed("9.00"), NOW) == fixed("9.00")


@given(
    worth=money,
    shipping=st.decimals(Decimal(0), Decimal(60), places=2),
    rate=st.decimals(Decimal("0.01"), Decimal(3), places=4),
    tax=st.decimals(Decimal(0), Decimal("0.3"), places=4),
)
def test_a_bid_never_costs_more_at_the_door_than_a_piece_is_worth(
    worth: Decimal, shipping: Decimal, rate: Decimal, tax: Decimal
) -> None:
    rates = ExchangeRates(currency="CAD", rates={"USD": ExchangeRate(value=rate, seen_at=NOW)})
    terms = OrderTerms(shipping=shipping)
    item = auction(currency="USD", terms=terms, tax_rate=tax)

    most = most_bid(parcel_of(item, terms, tax, rate), worth)

    cost = landed_cost(as_bid(item, most), 1, rates, NOW, POLICY)
    assert most == round(most, 2)
    assert most >= 0
    assert cost.total <= worth or most == 0
    if most:
        more = landed_cost(as_bid(item, round(most + 3 + 3 / rate, 2)), 1, rates, NOW, POLICY)
        assert more.total > worth, "and it is no lower than it must be"


@given(
    asked=st.lists(money.map(str), max_size=3),
    median=st.none() | money.map(str),
    paid=st.none() | money.map(str),
    price=money.map(str),
    quantity=st.integers(1, 3),
    may_bid=st.booleans(),
)
def test_a_proposal_with_a_bid_never_costs_more_than_one_without(
    asked: list[str],
    median: str | None,
    paid: str | None,
    price: str,
    quantity: int,
    may_bid: bool,  # noqa: FBT001 - hypothesis names it
) -> None:
    wanted = FAN.model_copy(update={"quantity": quantity})
    offers = [fixed(one, reference=f"fixed {place}") for place, one in enumerate(asked)]
    known: dict[str, Any] = {"wanted": wanted, "median": median, "paid": paid}

    without = proposed(*offers, auction(price), **known, may_bid=False)
    result = proposed(*offers, auction(price), **known, may_bid=may_bid)

    assert limits(without) == []
    assert len(limits(result)) <= may_bid
    for limit in limits(result):
        assert limit >= Decimal(price) + Decimal("0.50"), "one step above the price"
        assert limit <= min(Decimal(one) for one in (median, paid, "500") if one)
    if limits(result) and not without.missing:
        assert result.total < without.total
    assert total_of(result.orders) == result.total
