"""What to buy where: covered, cheapest at the door, and said in words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hotrod.errors import InvalidInputError
from hotrod.sourcing.models import Market, Proposal, Sale, Score, ScoredOffer, Wanted
from hotrod.sourcing.proposals import propose
from hotrod.sourcing.reductions import scores_by_line
from hotrod.sourcing.rules import score_all
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


def proposal(offers: list[ScoredOffer], *needs: Wanted) -> Proposal:
    return propose(offers, needs, RATES, NOW, POLICY)


def bought(result: Proposal) -> dict[str, int]:
    return {line.offer.reference: line.quantity for order in result.orders for line in order.lines}


def test_one_parcel_of_two_parts_beats_two_cheaper_offers() -> None:
    offers = [
        scored(supplied("Acme", "acme-a", ((1, "6.00"),), shipping="5"), "A"),
        scored(supplied("Acme", "acme-b", ((1, "6.00"),), shipping="5"), "B"),
        scored(offer("5.00", "4.00", reference="ebay-a"), "A"),
        scored(offer("5.00", "4.00", reference="ebay-b", seller=seller(name="two")), "B"),
    ]

    result = proposal(offers, needed("A"), needed("B"))

    assert bought(result) == {"acme-a": 1, "acme-b": 1}
    assert result.total == Decimal(17)
    assert result.is_exact
    assert [one.offer.reference for one in result.alternatives] == ["ebay-a", "ebay-b"]
    assert result.reasons == (
        '"Acme": 2 parts for 17.00 CAD, 5.00 of it shipping',
        "no other way to buy all this from acceptable offers costs less",
    )


def test_offers_are_combined_when_none_holds_enough() -> None:
    offers = [
        scored(offer("3.00", "1.00", reference="three", available=3)),
        scored(offer("5.00", reference="many")),
    ]

    assert bought(proposal(offers, needed(quantity=5))) == {"three": 3, "many": 2}


def test_a_price_break_above_the_need_is_taken_when_it_costs_less() -> None:
    offers = [scored(supplied("Acme", "a", ((1, "2.00"), (10, "1.00"))))]

    result = proposal(offers, needed(quantity=8))

    assert (bought(result), result.total) == ({"a": 10}, Decimal(10))


def test_free_shipping_is_reached_by_several_parts() -> None:
    offers = [
        scored(supplied("Acme", "acme-a", ((1, "20.00"),), shipping="9", free_from="40"), "A"),
        scored(supplied("Acme", "acme-b", ((1, "20.00"),), shipping="9", free_from="40"), "B"),
        scored(offer("16.00", reference="ebay-b"), "B"),
    ]

    assert proposal(offers, needed("A"), needed("B")).total == Decimal(40)
    assert proposal(offers[::2], needed("A"), needed("B")).total == Decimal(45)


def test_a_sellers_minimum_is_reached_by_several_parts_or_not_bought_at() -> None:
    offers = [
        scored(supplied("Acme", f"acme-{sku}", ((1, "6.00"),), minimum="10"), sku) for sku in "AB"
    ]

    assert bought(proposal(offers, needed("A"), needed("B"))) == {"acme-A": 1, "acme-B": 1}
    last = [scored(offers[0].offer.model_copy(update={"available": 1}))]
    alone = proposal(last, needed("A"))
    assert alone.orders == ()
    assert alone.missing[0].why.endswith("or their minimum order isn't reached")


def test_a_surplus_reaches_a_minimum_or_free_shipping_only_where_it_covers_more_or_costs_less() -> (
    None
):
    part = ((1, "6.00"),)
    least = [scored(supplied("Acme", "a", part, minimum="10"))]
    pays = [scored(supplied("Acme", "a", part, shipping="7", free_from="12"))]
    same = [scored(supplied("Acme", "a", part, shipping="6", free_from="12"))]

    assert bought(proposal(least, needed())) == {"a": 2}
    assert bought(proposal(pays, needed())) == {"a": 2}
    assert bought(proposal(same, needed())) == {"a": 1}
    assert proposal(pays, needed()).reasons == (
        '"Acme": 1 part for 12.00 CAD, 0.00 of it shipping',
        "1 of A more than needed: with fewer, all this would cost more or not be sold",
        "no other way to buy all this from acceptable offers costs less",
    )


def test_among_equal_costs_the_most_points_are_taken() -> None:
    offers = [
        scored(offer(reference="fair"), points=60),
        scored(offer(reference="good"), points=90),
    ]

    assert bought(proposal(offers, needed())) == {"good": 1}


def test_a_listing_is_bought_for_one_part_only() -> None:
    only = offer(reference="only", available=1)
    offers = [scored(only, "A", points=60), scored(only, "B", points=90)]

    result = proposal(offers, needed("A"), needed("B"))

    assert [line.sku for order in result.orders for line in order.lines] == ["B"]
    assert [row.sku for row in result.missing] == ["A"]


@pytest.mark.parametrize(
    ("offers", "why"),
    [
        ([], "nobody offers it"),
        ([scored(offer(), points=49)], "the best offer has 49 points, and 50 are needed"),
        ([scored(offer(sale=Sale.AUCTION))], "by auction only"),
        ([scored(offer(available=1))], "don't hold more"),
        (
            [
                ScoredOffer(
                    sku="A", offer=offer(), score=Score(points=0, is_excluded=True, why="bad")
                )
            ],
            "all 1 offers are excluded; the first: bad",
        ),
    ],
)
def test_what_is_not_covered_is_said(offers: list[ScoredOffer], why: str) -> None:
    result = proposal(offers, needed(quantity=2))

    assert why in result.missing[0].why


def test_an_order_adds_up_and_says_what_is_bought() -> None:
    abroad = offer("5.00", "3.50", currency="USD", tax_rate=Decimal("0.13"))

    order = proposal([scored(abroad)], needed(quantity=4)).orders[0]

    assert (order.goods, order.shipping, order.tax) == (
        Decimal("28.00"),
        Decimal("4.90"),
        Decimal("4.28"),
    )
    assert order.total == order.goods + order.shipping + order.tax
    assert order.lines[0].words == (
        '4 at 5.00 USD, new, 80 points: "HDMI port for PlayStation 5 PS5"'
    )


def test_a_part_needed_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="Add up"):
        proposal([], needed("A"), needed("A"))


def test_what_is_taken_is_explained_point_by_point_and_warned_of() -> None:
    wanted = needed("A", 4).model_copy(update={"book_cost": Decimal(19)})
    cheap = offer("0.40", title="part", seller=seller(is_vetted=True))
    found = score_all([cheap], wanted, (), Market(at=NOW, rates=RATES), POLICY)
    proposal = propose(found, [wanted], RATES, NOW, POLICY)
    assert proposal.taken == tuple(found)
    assert scores_by_line(proposal) == {"1": found[0].score}
    (line,) = (line for order in proposal.orders for line in order.lines)
    assert line.words.startswith("careful, far too cheap: 2 % of 19.00, which our stock has cost")
    assert "4 at 0.40 CAD" in line.words
