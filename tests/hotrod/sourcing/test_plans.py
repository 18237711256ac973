"""The cheapest way to buy several parts, against every way there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import product
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotrod.sourcing.models import Offer, Proposal, ScoredOffer, Wanted
from hotrod.sourcing.proposals import propose
from tests.hotrod.sourcing.kit import NOW, POLICY, RATES, needed, offer, scored, supplied

MOST_PLANS = 1000

Plan = Sequence[tuple[ScoredOffer, int]]
Standing = tuple[int, Decimal, int, int]
"""Pieces missing, cost, pieces, and points below zero: the least comes first."""

amounts = st.decimals(0, 40, places=2) | st.integers(0, 40).map(Decimal)
terms = st.fixed_dictionaries(
    {"shipping": st.integers(0, 20)},
    optional={"free_from": amounts, "minimum": amounts},
)


@st.composite
def offers(
    draw: st.DrawFn, /, supplier: str, sku: str, tax_rate: Decimal, **terms: str
) -> ScoredOffer:
    first = draw(st.integers(1, 3))
    later = draw(st.lists(st.integers(first + 1, first + 4), max_size=2, unique=True))
    steps = tuple((step, str(draw(amounts))) for step in (first, *sorted(later)))
    item = supplied(supplier, f"{supplier}-{sku}", steps, **terms)
    pack_size = draw(st.sampled_from((1, 1, 2, 3)))
    changes = {
        "pack_size": pack_size,
        "tax_rate": tax_rate,
        "available": draw(st.integers(-(-first // pack_size) * pack_size, 40)),
    }
    return scored(item.model_copy(update=changes), sku, points=draw(st.integers(50, 100)))


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[ScoredOffer], list[Wanted]]:
    needs = [needed(sku, draw(st.integers(1, 4))) for sku in "AB"[: draw(st.integers(1, 2))]]
    found: list[ScoredOffer] = []
    for supplier in ("one", "two"):
        theirs = {name: str(amount) for name, amount in draw(terms).items()}
        tax_rate = draw(st.sampled_from((Decimal(0), Decimal("0.13"))))
        found += [draw(offers(supplier, need.sku, tax_rate, **theirs)) for need in needs]
    while prod(len(sold(one.offer)) + 1 for one in found) > MOST_PLANS:
        most = max(found, key=lambda one: len(sold(one.offer)))
        fewer = most.offer.model_copy(update={"available": sold(most.offer)[-1] - 1})
        found[found.index(most)] = most.model_copy(update={"offer": fewer})
    return found, needs


def sold(item: Offer) -> list[int]:
    """Every quantity in which an offer can be bought."""
    assert item.available is not None
    least = item.prices[0].from_quantity
    return [count for count in range(least, item.available + 1) if count % item.pack_size == 0]


def taxed(amount: Decimal, rate: Decimal) -> Decimal:
    return amount + (amount * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)


def standing(plan: Plan, needs: Sequence[Wanted]) -> Standing | None:
    """Where a plan stands, told apart from the code under test; None if it can't be ordered."""
    total = Decimal(0)
    for supplier in ("one", "two"):
        lines = [(one.offer, count) for one, count in plan if one.offer.seller.name == supplier]
        if not lines:
            continue
        item = lines[0][0]
        assert item.terms is not None
        assert item.tax_rate is not None
        values = [price_of(item, count) * count for item, count in lines]
        if sum(values) < item.terms.minimum:
            return None
        is_free = item.terms.free_from is not None and sum(values) >= item.terms.free_from
        shipping = Decimal(0) if is_free else item.terms.shipping
        total += sum(taxed(value, item.tax_rate) for value in (*values, shipping))
    missing = sum(
        max(0, need.quantity - sum(count for one, count in plan if one.sku == need.sku))
        for need in needs
    )
    pieces = sum(count for _, count in plan)
    return missing, total, pieces, -sum(one.score.points * count for one, count in plan)


def price_of(item: Offer, count: int) -> Decimal:
    return max(
        (step for step in item.prices if step.from_quantity <= count),
        key=lambda step: step.from_quantity,
    ).unit_price


def standings(found: Sequence[ScoredOffer], needs: Sequence[Wanted]) -> Iterator[Standing]:
    """Where each plan stands: every offer in every quantity in which it can be bought."""
    for counts in product(*([0, *sold(one.offer)] for one in found)):
        plan = [(one, count) for one, count in zip(found, counts, strict=True) if count]
        known = standing(plan, needs)
        if known is not None:
            yield known


def planned(result: Proposal, found: Sequence[ScoredOffer]) -> Plan:
    by_key = {(one.sku, one.offer.key): one for one in found}
    return [
        (by_key[line.sku, line.offer.key], line.quantity)
        for order in result.orders
        for line in order.lines
    ]


@pytest.mark.parametrize("examples", [60, pytest.param(2000, marks=pytest.mark.thorough)])
@pytest.mark.timeout(1200)  # for shrinking what fails
def test_no_way_to_buy_what_there_is_comes_before_an_exact_plan(examples: int) -> None:
    @settings(max_examples=examples)
    @given(situations())
    def law(situation: tuple[list[ScoredOffer], list[Wanted]]) -> None:
        found, needs = situation
        result = propose(found, needs, RATES, NOW, POLICY)
        stands = standing(planned(result, found), needs)

        assert result.is_exact
        assert stands == min(standings(found, needs))
        assert stands is not None
        assert (sum(row.quantity for row in result.missing), result.total) == stands[:2]

    law()


def compared(**terms: str) -> Proposal:
    """What is proposed for ten parts of four sources."""
    needs = [needed(f"P{number}", 3 + number) for number in range(10)]
    found = [
        scored(
            supplied(
                f"supplier-{which}",
                f"{which}-{need.sku}",
                ((1, f"{5 + (number * 7 + which * 3) % 11}.50"), (5, f"{4 + which}.00")),
                shipping=str(6 + which),
                **terms,
            ),
            need.sku,
        )
        for number, need in enumerate(needs)
        for which in range(4)
    ]
    return propose(found, needs, RATES, NOW, POLICY)


@pytest.mark.parametrize(
    "terms",
    [{}, {"free_from": "60"}, {"minimum": "50"}, {"free_from": "150", "minimum": "50"}],
)
def test_ten_parts_of_four_sources_are_compared_exactly(terms: dict[str, str]) -> None:
    result = compared(**terms)

    assert result.is_exact
    assert not result.missing


@pytest.mark.parametrize(
    ("found", "quantity", "bought"),
    [
        (
            [scored(offer(f"{n}.00", reference=f"{n:02}", available=1)) for n in range(1, 50)],
            3,
            ["01", "02", "03"],
        ),
        ([scored(offer("0.10", available=None, reference="many"))], 400, ["many"]),
    ],
    ids=["offers", "quantities"],
)
def test_too_many_ways_give_a_good_one_that_says_so(
    found: list[ScoredOffer], quantity: int, bought: list[str]
) -> None:
    result = propose(found, [needed(quantity=quantity)], RATES, NOW, POLICY)

    assert [line.offer.reference for order in result.orders for line in order.lines] == bought
    assert not result.missing
    assert not result.is_exact
    assert result.reasons[-1].startswith("the cheapest way found")
