"""What a checkout asks beyond the listings counts as their shipping."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from hotrod.sourcing.models import OrderTerms, ProposedOrder, Sale
from hotrod.sourcing.plans import Choice, parcel_of
from hotrod.sourcing.proposals import order_of
from hotrod.sourcing.reductions import total_of
from hotrod.sourcing.surcharges import surcharged
from tests.hotrod.sourcing.kit import offer, seller

lines = st.tuples(
    st.integers(1, 20),
    st.decimals("0.01", 200, places=2),
    st.decimals(0, 40, places=2),
    st.sampled_from(["0", "0.13"]),
    st.sampled_from(["1", "1.4"]),
    st.booleans(),
)


def order(
    seller_of: str, *given_lines: tuple[int, Decimal, Decimal, str, str, bool]
) -> ProposedOrder:
    """Return an order of a line for each: pieces, price, shipping, tax, rate, whether sent free."""
    bought = []
    for number, (pieces, price, shipping, tax, rate, is_free) in enumerate(given_lines):
        terms = OrderTerms(shipping=shipping, free_from=Decimal(0) if is_free else None)
        one = offer(
            str(price),
            reference=f"{seller_of}|{number}",
            seller=seller(name=seller_of),
            tax_rate=Decimal(tax),
            terms=terms,
        )
        parcel = parcel_of(one, terms, Decimal(tax), Decimal(rate))
        bought.append((Choice(f"P-{number}", one, parcel, 80, Decimal(0)), pieces))
    return order_of(bought)


def again(one: ProposedOrder, told: dict[tuple[str, str], object]) -> ProposedOrder:
    bought = []
    for line in one.lines:
        new = line.offer.model_copy(update={"terms": told[line.offer.key]})
        assert new.terms is not None
        assert new.tax_rate is not None
        assert line.rate is not None
        parcel = parcel_of(new, new.terms, new.tax_rate, line.rate)
        bought.append((Choice(line.sku, new, parcel, 80, Decimal(0)), line.quantity))
    return order_of(bought)


@given(
    st.lists(lines, min_size=1, max_size=4),
    st.lists(lines, min_size=1, max_size=4),
    st.decimals("0.01", 500, places=2),
)
def test_orders_cost_the_surcharge_more(
    first: list[tuple[int, Decimal, Decimal, str, str, bool]],
    second: list[tuple[int, Decimal, Decimal, str, str, bool]],
    surcharge: Decimal,
) -> None:
    orders = [order("maple", *first), order("oak", *second)]
    told = {one.key: one.terms for one in surcharged(orders, surcharge)}
    dearer = total_of(again(one, told) for one in orders)
    assert abs(dearer - total_of(orders) - surcharge) <= Decimal("0.02") * len(told)
    assert all(one.sale is Sale.FIXED_PRICE for one in surcharged(orders, surcharge))
