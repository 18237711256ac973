"""What a manager leaves of a proposal is costed anew, and never more than was approved."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotrod.approvals.rules import is_changed_too_much
from hotrod.sourcing.costs import UnknownCostError
from hotrod.sourcing.models import ExchangeRates, Proposal, ProposedOrder
from hotrod.sourcing.proposals import propose
from hotrod.sourcing.reductions import approved_total, numbered, per_piece, reduced, total_of
from tests.hotrod.sourcing.kit import NOW, POLICY, RATES, needed, offer, scored, supplied


@pytest.fixture
def proposal() -> Proposal:
    offers = [
        scored(supplied("Acme", "a", ((1, "6.00"), (10, "5.00")), shipping="8"), "A"),
        scored(supplied("Acme", "b", ((1, "2.00"),), shipping="8"), "B"),
        scored(offer("3.00", "1.00", reference="c", tax_rate=Decimal("0.13")), "C"),
    ]
    return propose(offers, [needed(sku, quantity=10) for sku in "ABC"], RATES, NOW, POLICY)


def left(proposal: Proposal, quantities: dict[str, int]) -> tuple[ProposedOrder, ...]:
    return reduced(proposal, quantities, RATES, NOW, POLICY)


def pieces(orders: tuple[ProposedOrder, ...]) -> dict[str, int]:
    return {line.sku: line.quantity for order in orders for line in order.lines}


def test_what_is_left_as_it_was_costs_what_was_proposed(proposal: Proposal) -> None:
    assert left(proposal, {}) == proposal.orders
    assert list(numbered(proposal)) == ["1", "2", "3"]


def test_fewer_pieces_lose_their_price_break(proposal: Proposal) -> None:
    number = next(key for key, line in numbered(proposal).items() if line.sku == "A")
    (order,) = [one for one in left(proposal, {number: 9}) if one.seller == "Acme"]
    assert {line.sku: line.amount for line in order.lines}["A"] == Decimal("54.00")


def test_a_line_of_nothing_is_left_out_and_with_it_its_seller(proposal: Proposal) -> None:
    number = next(key for key, line in numbered(proposal).items() if line.sku == "C")
    assert pieces(left(proposal, {number: 0})) == {"A": 10, "B": 10}


def test_what_is_not_sold_so_is_neither_rounded_nor_left_out() -> None:
    packs = [scored(offer("3.00", reference="packs", pack_size=4), "A")]
    found = propose(packs, [needed("A", quantity=8)], RATES, NOW, POLICY)
    assert pieces(left(found, {"1": 4})) == {"A": 4}
    for odd in (3, 7):
        with pytest.raises(UnknownCostError, match=f"{odd} of A can't be bought"):
            left(found, {"1": odd})
        with pytest.raises(UnknownCostError, match=f"{odd} of A can't be bought"):
            approved_total(found, {"1": odd})


def test_an_offer_that_has_changed_is_costed_as_it_is_now(proposal: Proposal) -> None:
    line = next(one for one in numbered(proposal).values() if one.sku == "C")
    dearer = offer("4.00", "1.00", reference="c", tax_rate=Decimal("0.13"))
    orders = reduced(proposal, {}, RATES, NOW, POLICY, seen={line.offer.key: dearer})
    assert total_of(orders) - proposal.total == Decimal("11.30")


def test_nobody_guesses_a_rate_that_is_gone() -> None:
    dollars = [scored(offer("3.00", currency="USD"), "A")]
    found = propose(dollars, [needed("A", quantity=1)], RATES, NOW, POLICY)
    with pytest.raises(UnknownCostError):
        reduced(found, {}, ExchangeRates(currency="CAD"), NOW, POLICY)


def test_the_pieces_of_an_order_cost_together_what_the_order_costs(proposal: Proposal) -> None:
    for order in proposal.orders:
        together = sum(line.quantity * per_piece(order, line) for line in order.lines)
        assert abs(together - order.total) < Decimal("0.0001")


@st.composite
def reductions(draw: st.DrawFn) -> tuple[Proposal, dict[str, int]]:
    """Three parts of a seller, in packs, with price breaks and a value that ships for free."""
    steps = st.tuples(st.integers(2, 6), st.integers(0, 599)).map(
        lambda step: ((1, "6.00"), (step[0], f"{step[1] / 100:.2f}"))
    )
    free_from = draw(st.none() | st.integers(1, 120))
    terms = {"shipping": "8"} | ({} if free_from is None else {"free_from": str(free_from)})
    offers = [
        scored(
            supplied("Acme", sku, draw(steps), **terms).model_copy(update={"pack_size": size})
        ).model_copy(update={"sku": sku})
        for sku, size in (("A", 1), ("B", 2), ("C", 3))
    ]
    found = propose(offers, [needed(sku, quantity=6) for sku in "ABC"], RATES, NOW, POLICY)
    packs = draw(st.dictionaries(st.sampled_from(["1", "2", "3"]), st.integers(0, 4)))
    lines = numbered(found)
    return found, {
        number: count * lines[number].offer.pack_size
        for number, count in packs.items()
        if number in lines
    }


@given(reductions())
def test_never_more_than_approved(reduction: tuple[Proposal, dict[str, int]]) -> None:
    found, quantities = reduction
    orders = left(found, quantities)
    bought = pieces(orders)
    for number, line in numbered(found).items():
        assert bought.get(line.sku, 0) <= quantities.get(number, line.quantity)
    approved = approved_total(found, quantities)
    assert approved <= min(found.total, total_of(orders))
    if not is_changed_too_much(approved, total_of(orders), Decimal(0)):
        assert total_of(orders) <= found.total


def test_pieces_left_out_take_their_share_of_the_goods_with_them(proposal: Proposal) -> None:
    number = next(key for key, line in numbered(proposal).items() if line.sku == "A")
    assert approved_total(proposal, {}) == proposal.total
    assert proposal.total - approved_total(proposal, {number: 9}) == Decimal(5)
    assert total_of(left(proposal, {number: 9})) > proposal.total - Decimal(5)


@given(st.dictionaries(st.sampled_from(["1", "2", "3"]), st.integers(0, 10)))
def test_fewer_pieces_at_one_price_cost_what_was_said(quantities: dict[str, int]) -> None:
    offers = [scored(supplied("Acme", sku, ((1, "6.00"),), shipping="8"), sku) for sku in "ABC"]
    found = propose(offers, [needed(sku, quantity=6) for sku in "ABC"], RATES, NOW, POLICY)
    assert approved_total(found, quantities) == total_of(left(found, quantities))


@pytest.mark.parametrize(("quantity", "price"), [(30_000, "0.0033"), (12_000, "0.01"), (3, "0.01")])
@settings(max_examples=25)
@given(shipping=st.integers(1, 399))
def test_pieces_never_cost_more_together_than_their_order(
    quantity: int, price: str, shipping: int
) -> None:
    many = supplied("Acme", "a", ((1, price),), shipping=f"{Decimal(shipping) / 100}")
    found = propose([scored(many)], [needed("A", quantity)], RATES, NOW, POLICY)
    (order,) = found.orders
    (line,) = order.lines
    assert per_piece(order, line) * line.quantity <= order.total
