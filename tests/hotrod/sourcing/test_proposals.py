"""What to buy where: covered, cheapest at the door, and said in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotrod.errors import InvalidInputError
from hotrod.sourcing.models import Offer, Proposal, Sale, Score, ScoredOffer, Wanted
from hotrod.sourcing.proposals import propose
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
    alone = proposal(offers, needed("A"))
    assert alone.orders == ()
    assert alone.missing[0].why.endswith("or their minimum order isn't reached")


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
    assert order.lines[0].words == ('4 at 5 USD, new, 80 points: "HDMI port for PlayStation 5 PS5"')


def test_a_part_needed_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="Add up"):
        proposal([], needed("A"), needed("A"))


prices = st.integers(1, 30).map(lambda cents: f"{cents}.00")
quantities = st.integers(1, 4)
suppliers = st.fixed_dictionaries(
    {"shipping": st.integers(0, 20).map(str)},
    optional={"free_from": st.integers(1, 60).map(str), "minimum": st.integers(1, 40).map(str)},
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[ScoredOffer], list[Wanted]]:
    needs = [needed(sku, draw(quantities)) for sku in "AB"[: draw(st.integers(1, 2))]]
    offers = []
    for name in ("one", "two"):
        terms = draw(suppliers)
        for need in needs:
            steps: tuple[tuple[int, str], ...] = ((draw(st.integers(1, 2)), draw(prices)),)
            if draw(st.booleans()):
                steps = (*steps, (3, draw(prices)))
            item = supplied(name, f"{name}-{need.sku}", steps, **terms)
            item = item.model_copy(update={"available": draw(st.integers(1, 6))})
            if item.available is not None and item.available >= steps[0][0]:
                offers.append(scored(item, need.sku))
    return offers, needs


def plan_cost(chosen: list[tuple[Offer, int]]) -> Decimal | None:
    """What a plan costs, told apart from the code under test; None when it can't be ordered."""
    total = Decimal(0)
    for name in {item.seller.name for item, _ in chosen}:
        goods = Decimal(0)
        for item, quantity in chosen:
            if item.seller.name == name:
                reached = [row for row in item.prices if row.from_quantity <= quantity]
                if not reached or quantity > (item.available or 0):
                    return None
                goods += reached[-1].unit_price * quantity
                terms = item.terms
        assert terms is not None
        if goods < terms.minimum:
            return None
        is_free = terms.free_from is not None and goods >= terms.free_from
        total += goods + (Decimal(0) if is_free else terms.shipping)
    return total


def sensible(item: Offer, need: int) -> list[int]:
    return [0, *range(1, need + 1), *(row.from_quantity for row in item.prices)]


def plans(
    offers: list[ScoredOffer], needs: list[Wanted]
) -> Iterator[tuple[list[tuple[Offer, int]], Decimal]]:
    """All ways that cover all needs, with their costs."""
    amount = {need.sku: need.quantity for need in needs}
    for counts in product(*(sensible(one.offer, amount[one.sku]) for one in offers)):
        covered = Counter[str]()
        for one, count in zip(offers, counts, strict=True):
            covered[one.sku] += count
        if all(covered[sku] >= need for sku, need in amount.items()):
            pairs = zip(offers, counts, strict=True)
            chosen = [(one.offer, count) for one, count in pairs if count]
            cost = plan_cost(chosen)
            if cost is not None:
                yield chosen, cost


@given(situations())
@settings(max_examples=60, deadline=None)
def test_no_way_to_cover_all_needs_costs_less(
    situation: tuple[list[ScoredOffer], list[Wanted]],
) -> None:
    offers, needs = situation
    known = list(plans(offers, needs))
    result = proposal(offers, *needs)

    assert result.is_exact
    assert bool(known) == (not result.missing)
    if known:
        assert result.total == min(cost for _, cost in known)
        chosen = [(line.offer, line.quantity) for order in result.orders for line in order.lines]
        assert plan_cost(chosen) == result.total


@given(situations(), st.sampled_from(["one", "two"]))
@settings(max_examples=60, deadline=None)
def test_no_single_supplier_that_covers_all_needs_costs_less(
    situation: tuple[list[ScoredOffer], list[Wanted]], supplier: str
) -> None:
    offers, needs = situation
    theirs = [one for one in offers if one.offer.seller.name == supplier]
    costs = [cost for _, cost in plans(theirs, needs)]

    assert all(proposal(offers, *needs).total <= cost for cost in costs)
    if costs:
        assert proposal(theirs, *needs).total == min(costs)


def test_ten_parts_of_four_sources_are_compared_exactly() -> None:
    needs = [needed(f"P{number}", 3 + number) for number in range(10)]
    offers = [
        scored(
            supplied(
                f"supplier-{which}",
                f"{which}-{need.sku}",
                ((1, f"{5 + (number * 7 + which * 3) % 11}.50"), (5, f"{4 + which}.00")),
                shipping=str(6 + which),
            ),
            need.sku,
        )
        for number, need in enumerate(needs)
        for which in range(4)
    ]

    result = proposal(offers, *needs)

    assert result.is_exact
    assert not result.missing


def test_too_many_ways_give_a_good_one_that_says_so() -> None:
    offers = [scored(offer(f"{n}.00", reference=f"{n:02}", available=1)) for n in range(1, 20)]

    result = proposal(offers, needed(quantity=3))

    assert bought(result) == {"01": 1, "02": 1, "03": 1}
    assert not result.is_exact
    assert result.reasons[-1].startswith("the cheapest way found")
