"""What to buy where: several parts become one proposal, grouped by seller.

Every acceptable offer may be bought in part, and several may cover a part together. Among all
ways, the one that leaves the fewest pieces missing is taken, then the cheapest at the door, then
the one with the fewest pieces, then with the most points. Shipping is paid once per parcel.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from hotrod.company.policies import Sourcing
from hotrod.errors import InvalidInputError
from hotrod.money import figure, money, unit_price
from hotrod.sourcing.auctions import plan_with_bids
from hotrod.sourcing.costs import UnknownCostError, rate_of
from hotrod.sourcing.models import (
    ExchangeRates,
    Missing,
    Offer,
    Proposal,
    ProposedLine,
    ProposedOrder,
    Sale,
    ScoredOffer,
    Wanted,
)
from hotrod.sourcing.plans import Choice, Parcel, Plan, parcel_of
from hotrod.sourcing.rules import is_acceptable, rank
from hotrod.sourcing.words import quoted


def propose(
    scored: Sequence[ScoredOffer],
    needs: Sequence[Wanted],
    rates: ExchangeRates,
    at: datetime,
    policy: Sourcing,
    bids: Sequence[ScoredOffer] = (),
) -> Proposal:
    """Return the cheapest acceptable way to cover what is needed, with its alternatives.

    Acceptable is what isn't excluded, and has the policy's least points. Auctions, which one can
    lose, stay among the alternatives, but for the bids that pay. A listing found for several parts
    is taken for the one that it scores best for.

    Args:
        scored: what is offered.
        needs: what is wanted.
        rates: of today.
        at: today.
        policy: of the company.
        bids: auctions as ``bids_for`` returns them; none where the company may not bid.

    Raises:
        InvalidInputError: a part is needed twice.
    """
    doubled = [sku for sku, count in Counter(need.sku for need in needs).items() if count > 1]
    if doubled:
        raise InvalidInputError(
            "needs", f"{', '.join(doubled)} is named twice.", "Add up its quantities."
        )
    plan, placed = plan_with_bids(
        {need.sku: need.quantity for need in needs},
        _choices((one for one in scored if _is_for_sale(one, policy)), rates, at, policy),
        _choices(bids, rates, at, policy),
        policy,
    )
    orders = _orders(plan) + tuple(order_of([(bid, 1)]) for bid in placed)
    scores = {(one.sku, one.offer.key): one for one in (*scored, *bids)}
    orders = tuple(_warned(order, scores) for order in orders)
    taken = {(line.sku, line.offer.key) for order in orders for line in order.lines}
    total = sum((order.total for order in orders), Decimal(0))
    missing = tuple(_missing(needs, orders, scored, policy))
    covered = _covered(orders)
    surplus = {need.sku: covered[need.sku] - need.quantity for need in needs}
    return Proposal(
        currency=rates.currency,
        orders=orders,
        total=total,
        missing=missing,
        taken=tuple(scores[line.sku, line.offer.key] for order in orders for line in order.lines),
        alternatives=tuple(
            one
            for one in sorted(scored, key=lambda one: (one.sku, rank(one)))
            if not one.score.is_excluded and (one.sku, one.offer.key) not in taken
        ),
        reasons=tuple(_reasons(orders, missing, surplus, rates.currency, is_exact=plan.is_exact)),
        is_exact=plan.is_exact,
    )


def _warned(
    order: ProposedOrder, scores: Mapping[tuple[str, tuple[str, str]], ScoredOffer]
) -> ProposedOrder:
    """Return an order whose lines say what speaks against their offers."""

    def warned(line: ProposedLine) -> ProposedLine:
        reasons = scores[line.sku, line.offer.key].score.reasons
        against = [reason.words for reason in reasons if reason.rule == "warning"]
        words = "; ".join([*(f"careful, {one}" for one in against), line.words])
        return line.model_copy(update={"words": words})

    return order.model_copy(update={"lines": tuple(map(warned, order.lines))})


def _choices(
    scored: Iterable[ScoredOffer], rates: ExchangeRates, at: datetime, policy: Sourcing
) -> list[Choice]:
    best: dict[tuple[str, str], Choice] = {}
    for one in scored:
        choice = _choice(one, rates, at, policy)
        known = best.get(one.offer.key)
        if choice is not None and (known is None or choice.points > known.points):
            best[one.offer.key] = choice
    return list(best.values())


def _is_for_sale(one: ScoredOffer, policy: Sourcing) -> bool:
    return is_acceptable(one, policy) and one.offer.sale is not Sale.AUCTION


def _choice(
    one: ScoredOffer, rates: ExchangeRates, at: datetime, policy: Sourcing
) -> Choice | None:
    offer, cost = one.offer, one.score.cost
    if offer.terms is None or offer.tax_rate is None or cost is None:
        return None
    try:
        rate = rate_of(offer.currency, rates, at, policy)
    except UnknownCostError:
        return None
    parcel = parcel_of(offer, offer.terms, offer.tax_rate, rate)
    return Choice(one.sku, offer, parcel, one.score.points, cost.per_piece)


def _orders(plan: Plan) -> tuple[ProposedOrder, ...]:
    by_seller: dict[tuple[str, str], list[tuple[Choice, int]]] = defaultdict(list)
    for choice, quantity in plan.bought:
        by_seller[choice.seller].append((choice, quantity))
    return tuple(order_of(bought) for _, bought in sorted(by_seller.items()))


def order_of(bought: Sequence[tuple[Choice, int]]) -> ProposedOrder:
    """Return all that is bought of a seller, or bid in one auction, as one order."""
    source, seller = bought[0][0].seller
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
    price = unit_price(offer.unit_price(quantity), offer.currency)
    how = bid_words(offer) or f"{quantity} at {price}"
    return ProposedLine(
        sku=choice.sku,
        offer=offer,
        quantity=quantity,
        amount=choice.goods(quantity),
        rate=choice.parcel.rate,
        points=choice.points,
        words=f"{how}, {offer.condition}, {choice.points} points: {quoted(offer.title)}",
    )


def bid_words(offer: Offer) -> str:
    """Return how far is bid and when the auction ends; nothing of what is bought at once."""
    if offer.sale is not Sale.AUCTION:
        return ""
    return f"bid up to {money(offer.unit_price(1), offer.currency)}, ends {_end(offer)}"


def _end(offer: Offer) -> str:
    return f"{offer.ends_at:%Y-%m-%d %H:%M} UTC"


def _covered(orders: Iterable[ProposedOrder]) -> Counter[str]:
    covered: Counter[str] = Counter()
    for line in (line for order in orders for line in order.lines):
        covered[line.sku] += line.quantity
    return covered


def _missing(
    needs: Iterable[Wanted],
    orders: Iterable[ProposedOrder],
    scored: Sequence[ScoredOffer],
    policy: Sourcing,
) -> Iterable[Missing]:
    covered = _covered(orders)
    for need in needs:
        quantity = need.quantity - covered[need.sku]
        if quantity > 0:
            offers = [one for one in scored if one.sku == need.sku]
            yield Missing(sku=need.sku, quantity=quantity, why=_lack(offers, policy))


def _lack(offers: Sequence[ScoredOffer], policy: Sourcing) -> str:
    """Return why a part isn't covered: by the best of its offers, or that there are none."""
    if not offers:
        return "nobody offers it"
    if any(_is_for_sale(one, policy) for one in offers):
        return "the acceptable offers don't hold more, or their minimum order isn't reached"
    best = min(offers, key=rank)
    if best.score.is_excluded:
        return f"all {len(offers)} offers are excluded; the first: {best.score.why}"
    if best.offer.sale is Sale.AUCTION and best.score.points >= policy.least_points:
        return "it is sold by auction only, and no bid may be made or would pay"
    return f"the best offer has {best.score.points} points, and {policy.least_points} are needed"


def _reasons(
    orders: Sequence[ProposedOrder],
    missing: Sequence[Missing],
    surplus: Mapping[str, int],
    currency: str,
    *,
    is_exact: bool,
) -> Iterable[str]:
    bought = [order for order in orders if not order.is_bid]
    for order in bought:
        parts = len({line.sku for line in order.lines})
        yield (
            f"{quoted(order.seller)}: {parts} {'part' if parts == 1 else 'parts'} for"
            f" {money(order.total, currency)}, {figure(order.shipping)} of it shipping"
        )
    for order in orders:
        for line in order.lines if order.is_bid else ():
            yield (
                f"{quoted(order.seller)}: a bid for one {line.sku}, {money(order.total, currency)}"
                f" at the door at most, ends {_end(line.offer)}; it may be lost"
            )
    for row in missing:
        yield f"{row.quantity} of {row.sku} can't be bought: {row.why}"
    for sku, pieces in surplus.items():
        if pieces > 0:
            why = ": with fewer, all this would cost more or not be sold" if is_exact else ""
            yield f"{pieces} of {sku} more than needed{why}"
    if bought and is_exact:
        yield "no other way to buy all this from acceptable offers costs less"
    elif bought:
        yield "the cheapest way found; there were too many to compare them all"
