"""What to buy where: several parts become one proposal, grouped by seller.

Every acceptable offer may be bought in part, and several may cover a part together. Among all
ways, the one that leaves the fewest pieces missing is taken, then the cheapest at the door, then
the one with the most points. Shipping is paid once per parcel.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from hotrod.company.policies import Sourcing
from hotrod.errors import InvalidInputError
from hotrod.sourcing.costs import UnknownCostError, rate_of
from hotrod.sourcing.models import (
    ExchangeRates,
    Missing,
    Offer,
    OrderTerms,
    Proposal,
    ProposedLine,
    ProposedOrder,
    Sale,
    ScoredOffer,
    Wanted,
)
from hotrod.sourcing.plans import Choice, Parcel, Plan, cheapest_plan
from hotrod.sourcing.rules import rank
from hotrod.sourcing.words import quoted


def propose(
    scored: Sequence[ScoredOffer],
    needs: Sequence[Wanted],
    rates: ExchangeRates,
    at: datetime,
    policy: Sourcing,
) -> Proposal:
    """Return the cheapest acceptable way to cover what is needed, with its alternatives.

    Acceptable is what isn't excluded, has the policy's least points, and isn't an auction, which
    one can lose; auctions stay among the alternatives. A listing found for several parts is taken
    for the one that it scores best for.

    Raises:
        InvalidInputError: a part is needed twice.
    """
    doubled = [sku for sku, count in Counter(need.sku for need in needs).items() if count > 1]
    if doubled:
        raise InvalidInputError(
            "needs", f"{', '.join(doubled)} is named twice.", "Add up its quantities."
        )
    plan = cheapest_plan(
        {need.sku: need.quantity for need in needs}, _choices(scored, rates, at, policy)
    )
    orders = _orders(plan)
    taken = {(choice.sku, choice.offer.key) for choice, _ in plan.bought}
    total = sum((order.total for order in orders), Decimal(0))
    missing = tuple(_missing(needs, plan, scored, policy))
    return Proposal(
        currency=rates.currency,
        orders=orders,
        total=total,
        missing=missing,
        alternatives=tuple(
            one
            for one in sorted(scored, key=lambda one: (one.sku, rank(one)))
            if not one.score.is_excluded and (one.sku, one.offer.key) not in taken
        ),
        reasons=tuple(_reasons(orders, missing, rates.currency, is_exact=plan.is_exact)),
        is_exact=plan.is_exact,
    )


def _choices(
    scored: Iterable[ScoredOffer], rates: ExchangeRates, at: datetime, policy: Sourcing
) -> list[Choice]:
    best: dict[tuple[str, str], Choice] = {}
    for one in scored:
        choice = _choice(one, rates, at, policy) if _is_acceptable(one, policy) else None
        known = best.get(one.offer.key)
        if choice is not None and (known is None or choice.points > known.points):
            best[one.offer.key] = choice
    return list(best.values())


def _is_acceptable(one: ScoredOffer, policy: Sourcing) -> bool:
    return (
        not one.score.is_excluded
        and one.score.points >= policy.least_points
        and one.offer.sale is not Sale.AUCTION
    )


def _choice(
    one: ScoredOffer, rates: ExchangeRates, at: datetime, policy: Sourcing
) -> Choice | None:
    offer, cost = one.offer, one.score.cost
    if offer.terms is None or offer.tax_rate is None or cost is None:
        return None
    try:
        rate = rate_of(offer, rates, at, policy)
    except UnknownCostError:
        return None
    parcel = parcel_of(offer, offer.terms, offer.tax_rate, rate)
    return Choice(one.sku, offer, parcel, one.score.points, cost.per_piece)


def parcel_of(offer: Offer, terms: OrderTerms, tax_rate: Decimal, rate: Decimal) -> Parcel:
    """Return what an offer ships in, and with what else."""
    listing = offer.reference if terms.is_per_listing else ""
    return Parcel(offer.source, offer.seller.name, listing, terms, rate, tax_rate)


def _orders(plan: Plan) -> tuple[ProposedOrder, ...]:
    by_seller: dict[tuple[str, str], list[tuple[Choice, int]]] = defaultdict(list)
    for choice, quantity in plan.bought:
        by_seller[choice.seller].append((choice, quantity))
    return tuple(order_of(*seller, bought) for seller, bought in sorted(by_seller.items()))


def order_of(source: str, seller: str, bought: Sequence[tuple[Choice, int]]) -> ProposedOrder:
    """Return all that is bought of a seller as one order."""
    lines = tuple(_line(choice, quantity) for choice, quantity in bought)
    values: dict[Parcel, Decimal] = defaultdict(Decimal)
    for choice, quantity in bought:
        values[choice.parcel] += choice.value(quantity)
    goods = sum((line.amount for line in lines), Decimal(0))
    shipping = sum((parcel.shipping(value) for parcel, value in values.items()), Decimal(0))
    total = sum((choice.taxed_goods(quantity) for choice, quantity in bought), Decimal(0)) + sum(
        (parcel.taxed_shipping(value) for parcel, value in values.items()), Decimal(0)
    )
    return ProposedOrder(
        source=source,
        seller=seller,
        lines=lines,
        goods=goods,
        shipping=shipping,
        tax=total - goods - shipping,
        total=total,
    )


def _line(choice: Choice, quantity: int) -> ProposedLine:
    offer = choice.offer
    unit_price = f"{offer.unit_price(quantity).normalize():f} {offer.currency}"
    return ProposedLine(
        sku=choice.sku,
        offer=offer,
        quantity=quantity,
        amount=choice.goods(quantity),
        points=choice.points,
        words=f"{quantity} at {unit_price}, {offer.condition}, {choice.points} points:"
        f" {quoted(offer.title)}",
    )


def _missing(
    needs: Iterable[Wanted], plan: Plan, scored: Sequence[ScoredOffer], policy: Sourcing
) -> Iterable[Missing]:
    covered: Counter[str] = Counter()
    for choice, quantity in plan.bought:
        covered[choice.sku] += quantity
    for need in needs:
        quantity = need.quantity - covered[need.sku]
        if quantity > 0:
            offers = [one for one in scored if one.sku == need.sku]
            yield Missing(sku=need.sku, quantity=quantity, why=_lack(offers, policy))


def _lack(offers: Sequence[ScoredOffer], policy: Sourcing) -> str:
    """Return why a part isn't covered: by the best of its offers, or that there are none."""
    if not offers:
        return "nobody offers it"
    if any(_is_acceptable(one, policy) for one in offers):
        return "the acceptable offers don't hold more, or their minimum order isn't reached"
    best = min(offers, key=rank)
    if best.score.is_excluded:
        return f"all {len(offers)} offers are excluded; the first: {best.score.why}"
    if best.offer.sale is Sale.AUCTION and best.score.points >= policy.least_points:
        return "it is sold by auction only, which one can lose"
    return f"the best offer has {best.score.points} points, and {policy.least_points} are needed"


def _reasons(
    orders: Sequence[ProposedOrder], missing: Sequence[Missing], currency: str, *, is_exact: bool
) -> Iterable[str]:
    for order in orders:
        parts = len({line.sku for line in order.lines})
        yield (
            f"{quoted(order.seller)}: {parts} {'part' if parts == 1 else 'parts'} for"
            f" {order.total:.2f} {currency}, {order.shipping:.2f} of it shipping"
        )
    for row in missing:
        yield f"{row.quantity} of {row.sku} can't be bought: {row.why}"
    if orders and is_exact:
        yield "no other way to buy all this from acceptable offers costs less"
    elif orders:
        yield "the cheapest way found; there were too many to compare them all"
