"""Signs that an offer isn't what it seems. Each is a warning; some speak for themselves.

Source: eBay, "Avoiding seller fraud", and the Canadian Anti-Fraud Centre, "Merchandise": a price
too good to be true, a new account, a picture that isn't of the thing, a text that says "box only".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from hotrod.company.policies import Sourcing
from hotrod.money import unit_figure
from hotrod.repairs.vocabulary import Text, phrases
from hotrod.sourcing.models import Condition, Cost, Market, Offer, Wanted

_NOT_THE_PART = phrases(
    "box only", "empty box", "packaging only", "picture only", "photo only", "manual only",
    "sticker only", "case only", "no part included", gap=0,
)  # fmt: skip
_BROKEN = phrases(
    "for parts", "spares or repair*", "spares repair*", "not working", "doesn't work", "broken",
    "faulty", "defective", "dead", "cracked", gap=0,
)  # fmt: skip
_DOUBTFUL = phrases(
    "read description", "see description", "please read", "as is", "as-is", "untested",
    "not tested", "parts only", gap=0,
)  # fmt: skip


@dataclass(frozen=True)
class Sign:
    """A sign of fraud or of a misunderstanding; a fatal one excludes the offer alone."""

    words: str
    is_fatal: bool = False


def signs_of(
    offer: Offer, wanted: Wanted, cost: Cost, market: Market, policy: Sourcing
) -> list[Sign]:
    """Return what speaks against an offer, the fatal first.

    A seller whom we have chosen isn't suspected for age or region, and a price of theirs is held
    against what our stock has cost: their list may be wrong.
    """
    found = _words_of(offer, wanted)
    if offer.seller.is_vetted:
        found += _list_price(cost, wanted, policy)
    else:
        found += _price(offer, cost, market, policy)
        found += _seller(offer, market, policy)
    if offer.has_stock_photos:
        found.append(Sign("the pictures are stock photos"))
    elif offer.picture_url in market.shared_pictures:
        found.append(Sign("another seller shows the same picture: it isn't of this piece"))
    return sorted(found, key=lambda sign: not sign.is_fatal)


def is_too_cheap(per_piece: Decimal, median: Decimal | None, policy: Sourcing) -> bool:
    """Tell whether a price is so far below the market's median that it is a sign of fraud."""
    return median is not None and per_piece < median * policy.fraud_price


def _words_of(offer: Offer, wanted: Wanted) -> list[Sign]:
    title = Text.read(offer.title)
    found = []
    if title.mentions(_NOT_THE_PART):
        found.append(Sign("the title says that the part itself isn't sold", is_fatal=True))
    if title.says(_BROKEN) and Condition.FOR_PARTS not in wanted.conditions:
        found.append(Sign("the title says that it doesn't work", is_fatal=True))
    if title.mentions(_DOUBTFUL):
        found.append(Sign("the title hints at a catch in the description"))
    return found


def _price(offer: Offer, cost: Cost, market: Market, policy: Sourcing) -> list[Sign]:
    median = market.medians.get(offer.condition)
    if median is None or not is_too_cheap(cost.per_piece, median, policy):
        return []
    share = int(cost.per_piece * 100 / median)
    return [Sign(f"far too cheap: {share} % of the market's median {unit_figure(median)}")]


def _list_price(cost: Cost, wanted: Wanted, policy: Sourcing) -> list[Sign]:
    usual = wanted.book_cost
    if not usual or not is_too_cheap(cost.per_piece, usual, policy):
        return []
    share = int(cost.per_piece * 100 / usual)
    return [Sign(f"far too cheap: {share} % of {usual:.2f}, which our stock has cost a piece")]


def _seller(offer: Offer, market: Market, policy: Sourcing) -> Sequence[Sign]:
    seller = offer.seller
    found = []
    youngest = market.at.date() - timedelta(days=policy.new_seller_days)
    if seller.joined_on is not None and seller.joined_on > youngest:
        found.append(Sign(f"a new seller, since {seller.joined_on}"))
    elif seller.ratings is None or seller.ratings < policy.few_ratings:
        found.append(Sign(f"a seller with {seller.ratings or 'no known'} ratings"))
    if seller.region not in policy.regions:
        found.append(Sign("ships from outside the regions we buy from"))
    return found
