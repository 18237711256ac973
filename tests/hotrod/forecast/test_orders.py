from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hotrod.forecast import orders
from hotrod.forecast.orders import Order, OrderTerms, PriceBreak


def terms(*breaks: tuple[int, str], **values: object) -> OrderTerms:
    prices = [PriceBreak(quantity=number, unit_price=Decimal(price)) for number, price in breaks]
    return OrderTerms.model_validate({"currency": "CAD", "price_breaks": prices, **values})


def order_quantity(needed: int, demand: float, *given_terms: OrderTerms) -> Order:
    order = orders.order_quantity(needed, demand, given_terms)
    assert order is not None
    return order


money = st.decimals("0.01", "500", places=2)
any_terms = st.builds(
    lambda prices, **values: terms(*((n, str(p)) for n, p in prices.items()), **values),
    st.dictionaries(st.integers(1, 500), money, min_size=1, max_size=4),
    pack_size=st.integers(1, 25),
    minimum=st.integers(1, 60),
    order_cost=st.decimals(0, 50, places=2),
    free_from=st.none() | st.decimals(0, 900, places=2),
)


@given(needed=st.integers(1, 300), demand=st.floats(0, 5000), given_terms=any_terms)
def test_an_order_covers_the_need_in_whole_packs(
    needed: int, demand: float, given_terms: OrderTerms
) -> None:
    order = order_quantity(needed, demand, given_terms)
    assert order.quantity >= max(needed, given_terms.minimum)
    assert order.quantity % given_terms.pack_size == 0
    assert order.quantity >= given_terms.price_breaks[0].quantity
    assert order.total == order.unit_price * order.quantity
    reached = [each for each in given_terms.price_breaks if each.quantity <= order.quantity]
    assert order.unit_price == reached[-1].unit_price


def test_without_an_order_cost_only_what_is_needed_is_ordered() -> None:
    order = order_quantity(7, 120, terms((1, "2.00")))
    assert (order.quantity, order.total) == (7, Decimal("14.00"))
    assert order.currency == "CAD"


def test_the_economic_quantity_by_hand() -> None:
    # The root of 2 * 100 a year * 10.00 an order / (0.25 * 8.00 a year on the shelf) is 31.6.
    order = order_quantity(3, 100, terms((1, "8.00"), order_cost=Decimal(10)))
    assert order.quantity == 32
    assert "fewer orders" in order.reason


def test_a_price_break_is_taken_when_it_pays() -> None:
    order = order_quantity(6, 120, terms((1, "2.00"), (10, "1.50"), (1000, "1.40")))
    assert (order.quantity, order.unit_price) == (10, Decimal("1.50"))
    assert "1.50 CAD each" in order.reason


def test_a_price_break_is_left_when_little_is_sold() -> None:
    assert order_quantity(1, 1, terms((1, "2.00"), (100, "1.00"))).quantity == 1


def test_packs_and_the_minimum_are_told() -> None:
    order = order_quantity(6, 0, terms((1, "2.00"), pack_size=5, minimum=8))
    assert order.quantity == 10
    assert "packs of 5" in order.reason


@pytest.mark.parametrize(
    "values", [{"pack_size": 0}, {"minimum": 0}, {"order_cost": -1}, {"currency": "dollars"}]
)
def test_terms_that_make_no_sense_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        terms((1, "2.00"), **values)


def test_two_prices_for_a_quantity_are_refused() -> None:
    with pytest.raises(ValidationError, match="keep one"):
        terms((5, "2.00"), (5, "1.00"))


def test_more_is_ordered_where_it_then_ships_for_free() -> None:
    free = terms((1, "8.00"), order_cost=Decimal(10), free_from=Decimal(80))
    order = order_quantity(6, 24, free)
    assert order.quantity == 10
    assert "free shipping" in order.reason


def test_the_supplier_with_whom_the_year_costs_least_counts() -> None:
    near = terms((1, "2.00"), order_cost=Decimal(1), supplier="Near")
    far = terms((1, "1.80"), order_cost=Decimal(30), supplier="Far")
    assert "Near" in order_quantity(3, 5, near, far).reason
    assert "Far" in order_quantity(300, 5000, near, far).reason
    assert "Near" in order_quantity(3, 5, near, near.model_copy(update={"supplier": "Z"})).reason


def test_more_than_a_years_demand_is_not_bought_to_save_orders() -> None:
    penny = terms((1, "0.01"), order_cost=Decimal(8))
    assert order_quantity(2, 12, penny).quantity == 2 + 12


def test_a_years_demand_is_no_limit_where_more_costs_less() -> None:
    order = order_quantity(9, 0, terms((1, "8.20"), (10, "7.1")))
    assert order.quantity == 10
    assert "7.10 CAD each saves" in order.reason


def test_no_more_are_ordered_than_there_are() -> None:
    few = terms((1, "2.00"), (10, "1.00"), available=8)
    assert order_quantity(6, 120, few).quantity == 6
    assert orders.order_quantity(9, 120, [few]) is None
    assert "Full" in order_quantity(9, 120, few, terms((1, "9.00"), supplier="Full")).reason


@given(
    needed=st.integers(1, 300),
    demand=st.floats(0, 5000),
    some=st.lists(any_terms, min_size=1, max_size=4),
)
def test_another_supplier_never_makes_a_year_dearer(
    needed: int, demand: float, some: list[OrderTerms]
) -> None:
    def cost(order: Order) -> tuple[Decimal, int]:
        return order.total, order.quantity

    together = order_quantity(needed, demand, *some)
    assert cost(together) in {cost(order_quantity(needed, demand, one)) for one in some}
