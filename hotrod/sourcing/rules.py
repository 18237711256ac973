"""How good an offer is, point by point: the same input gives the same score.

Each rule gives up to its weight in points; warnings take some. A cheaper offer never scores lower
while it is above the fraud limit, nor does one that is better rated or delivered earlier.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from hotrod.company.policies import Sourcing
from hotrod.money import unit_figure, unit_price
from hotrod.parts.rules import PartFacts, fits_device, name_words
from hotrod.repairs.devices import DEVICE_TYPES
from hotrod.repairs.facts import DeviceFacts
from hotrod.repairs.vocabulary import fold
from hotrod.sourcing.costs import UnknownCostError, landed_cost, usual_price
from hotrod.sourcing.models import (
    Cost,
    Market,
    Offer,
    PaidPrice,
    Reason,
    Score,
    ScoredOffer,
    Wanted,
    is_over,
)
from hotrod.sourcing.signs import Sign, signs_of
from hotrod.sourcing.words import quoted

_Z = Decimal("1.96")
"""Standard deviations of a two-sided confidence of 95 %."""
_WITHOUT_MODEL = Decimal("0.4")
"""How surely a title fits that names the part, but none of its devices."""


def score(
    offer: Offer,
    wanted: Wanted,
    history: Sequence[PaidPrice],
    market: Market,
    policy: Sourcing,
) -> Score:
    """Score an offer for a wanted part, with a reason for each point given or taken.

    An offer whose cost can't be told is excluded with 0 points, never guessed.
    """
    if over := _outdated(offer, market, policy):
        return Score(points=0, is_excluded=True, why=over)
    try:
        cost = landed_cost(offer, wanted.quantity, market.rates, market.at, policy)
    except UnknownCostError as error:
        return Score(points=0, is_excluded=True, why=str(error))
    signs = signs_of(offer, wanted, cost, market, policy)
    fit, fit_words = fit_of(offer, wanted)
    weights = policy.weights
    reasons = (
        _market_price(offer, cost, market, policy),
        _own_price(cost, history, market, policy),
        _feedback(offer, policy),
        _delivery(offer, wanted, policy),
        _returns(offer, policy),
        Reason(rule="fit", points=int(weights.fit * fit), words=fit_words),
        *(Reason(rule="warning", points=-policy.sign_penalty, words=one.words) for one in signs),
    )
    why = _exclusion(offer, wanted, fit, signs, policy)
    return Score(
        points=max(0, sum(reason.points for reason in reasons)),
        reasons=reasons,
        is_excluded=bool(why),
        why=why,
        cost=cost,
    )


def score_all(
    offers: Sequence[Offer],
    wanted: Wanted,
    history: Sequence[PaidPrice],
    market: Market,
    policy: Sourcing,
) -> list[ScoredOffer]:
    """Score the offers for one part: those not excluded first, the best first."""
    scored = [
        ScoredOffer(
            sku=wanted.sku, offer=offer, score=score(offer, wanted, history, market, policy)
        )
        for offer in offers
    ]
    return sorted(scored, key=rank)


def is_acceptable(one: ScoredOffer, policy: Sourcing) -> bool:
    """Tell whether an offer may be proposed: not excluded, and of the policy's least points."""
    return not one.score.is_excluded and one.score.points >= policy.least_points


def rank(one: ScoredOffer) -> tuple[bool, int, Decimal, tuple[str, str]]:
    """Return what scored offers are sorted by: acceptable, best, cheapest, by name."""
    cost = one.score.cost
    price = cost.per_piece if cost is not None else Decimal(0)
    return one.score.is_excluded, -one.score.points, price, one.offer.key


def proven_share(positive: Decimal, ratings: int) -> Decimal:
    """Return the share of good ratings that is proven at 95 %: the lower Wilson bound.

    100 % of 3 ratings prove 44 %, 99.2 % of 5,000 prove 98.9 %.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    JASA 22 (1927); for ratings, E. Miller, "How not to sort by average rating" (2009).
    """
    if ratings == 0:
        return Decimal(0)
    z2 = _Z * _Z
    center = positive + z2 / (2 * ratings)
    spread = _Z * (positive * (1 - positive) / ratings + z2 / (4 * ratings * ratings)).sqrt()
    return max(Decimal(0), (center - spread) / (1 + z2 / ratings))


def fit_of(offer: Offer, wanted: Wanted) -> tuple[Decimal, str]:
    """Return how surely an offer is the wanted part, 0 to 1, and why.

    The source's own number decides, then the catalogue of compatibility; else the title: the
    share of the part's name that it holds, far less when it names none of the devices.
    """
    if offer.fit == "does not fit":
        return Decimal(0), "the catalogue of compatibility says that it doesn't fit"
    if offer.sku == wanted.sku:
        return Decimal(1), "the supplier's number for this part"
    numbers = {fold(number) for number in wanted.part_numbers}
    if offer.part_number and fold(offer.part_number) in numbers:
        return Decimal(1), f"the maker's number {quoted(offer.part_number)}"
    if offer.fit == "fits":
        return Decimal(1), "the catalogue of compatibility says that it fits"
    named = set(name_words(wanted.name, wanted.fits))
    held = named & set(name_words(offer.title, wanted.fits))
    share = Decimal(len(held)) / len(named) if named else Decimal(1)
    words = f"{quoted(offer.title)} names {len(held)} of {len(named)} words of the part"
    if _names_device(offer.title, wanted):
        return share, words
    return share * _WITHOUT_MODEL, f"{words}, and none of its devices"


def _names_device(title: str, wanted: Wanted) -> bool:
    if all(fold(name) in DEVICE_TYPES for name in wanted.fits):
        return True
    part = PartFacts(wanted.sku, wanted.name, "", wanted.fits, 0)
    return fits_device(part, DeviceFacts("other", model=title))


def _outdated(offer: Offer, market: Market, policy: Sourcing) -> str:
    if is_over(offer, market.at):
        return f"ended on {offer.ends_at:%Y-%m-%d %H:%M}"
    age = market.at - offer.seen_at
    if not offer.seller.is_vetted and age > timedelta(hours=policy.listing_hours):
        return f"last seen {age.days} days ago: look again"
    return ""


def _market_price(offer: Offer, cost: Cost, market: Market, policy: Sourcing) -> Reason:
    weight = policy.weights.market_price
    median = market.medians.get(offer.condition)
    name = f"the market's median of {offer.condition} ones"
    return _price("market price", cost, median, name, weight, policy)


def _own_price(
    cost: Cost, history: Sequence[PaidPrice], market: Market, policy: Sourcing
) -> Reason:
    usual = usual_price(history, market.at, policy)
    return _price("own price", cost, usual, "what we paid", policy.weights.own_price, policy)


def _price(
    rule: str, cost: Cost, usual: Decimal | None, name: str, weight: int, policy: Sourcing
) -> Reason:
    price = f"{unit_price(cost.per_piece, cost.currency)} a piece at the door"
    if not usual:
        return Reason(rule=rule, points=weight // 2, words=f"{price}; {name} isn't known")
    share = cost.per_piece / usual
    points = _points(weight, policy.bad_price - share, policy.bad_price - policy.good_price)
    return Reason(
        rule=rule,
        points=points,
        words=f"{price}: {share * 100:.0f} % of {unit_figure(usual)}, {name}",
    )


def _feedback(offer: Offer, policy: Sourcing) -> Reason:
    seller = offer.seller
    if seller.ratings is None or seller.positive is None:
        return Reason(rule="feedback", points=0, words="the seller's ratings aren't known")
    proven = proven_share(seller.positive, seller.ratings)
    best = policy.good_feedback - policy.bad_feedback
    return Reason(
        rule="feedback",
        points=_points(policy.weights.feedback, proven - policy.bad_feedback, best),
        words=f"{seller.positive * 100:.1f} % of {seller.ratings:,} ratings are good: at least"
        f" {proven * 100:.1f} % is proven",
    )


def _delivery(offer: Offer, wanted: Wanted, policy: Sourcing) -> Reason:
    weight = policy.weights.delivery
    if offer.delivery is None:
        return Reason(rule="delivery", points=0, words="the day of delivery isn't known")
    latest = offer.delivery.latest
    if wanted.stock_out_on is None:
        return Reason(rule="delivery", points=weight, words=f"by {latest}, and there is no hurry")
    early = (wanted.stock_out_on - latest).days
    points = _points(
        weight, Decimal(early + policy.late_days), Decimal(policy.buffer_days + policy.late_days)
    )
    side = f"{early} days before" if early >= 0 else f"{-early} days after"
    return Reason(
        rule="delivery",
        points=points,
        words=f"by {latest}, {side} the stock-out on {wanted.stock_out_on}",
    )


def _returns(offer: Offer, policy: Sourcing) -> Reason:
    weight = policy.weights.returns
    if not offer.accepts_returns:
        said = "not accepted" if offer.accepts_returns is False else "not told"
        return Reason(rule="returns", points=0, words=f"returns are {said}")
    if offer.return_days is None:
        return Reason(rule="returns", points=weight // 2, words="returns are accepted")
    points = _points(weight, Decimal(offer.return_days), Decimal(policy.return_days))
    return Reason(rule="returns", points=points, words=f"returns within {offer.return_days} days")


def _points(weight: int, value: Decimal, best: Decimal) -> int:
    """Return points in proportion, full ones only: none at 0, all at the best value."""
    return int(weight * min(Decimal(1), max(Decimal(0), value / best)))


def _exclusion(
    offer: Offer, wanted: Wanted, fit: Decimal, signs: Sequence[Sign], policy: Sourcing
) -> str:
    """Return why an offer isn't to be bought, or nothing."""
    if offer.condition not in wanted.conditions:
        return f"it is {offer.condition}, and {' or '.join(wanted.conditions)} is wanted"
    if fit < policy.least_fit:
        return "it probably isn't the part"
    fatal = [sign.words for sign in signs if sign.is_fatal]
    if fatal:
        return fatal[0]
    if len(signs) > policy.most_signs:
        return f"too many warnings: {', '.join(sign.words for sign in signs)}"
    return ""
