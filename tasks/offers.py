"""eBay as a source of offers: what it is asked, and its items in the words of the business."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from connectors._http.errors import ServiceNotFoundError
from connectors.ebay.client import EbayClient
from connectors.ebay.models import Item, ItemSummary, Money, Shipping
from connectors.ebay.search import Search, SearchFilter
from hotrod.db.columns import now
from hotrod.outside import outside_url
from hotrod.repairs.devices import DEVICE_TYPES
from hotrod.repairs.vocabulary import fold
from hotrod.sourcing.models import (
    Condition,
    DeliveryWindow,
    Offer,
    OrderTerms,
    PriceBreak,
    Sale,
    Seller,
    Wanted,
)
from hotrod.sourcing.rules import fit_of

SOURCE = "ebay"
_PAGE = 50
_READ_WHOLE = 6
"""Items of a search that are read whole, which costs a call each: the cheapest that may fit."""
_WORD = re.compile(r"[\w-]+")
_PICTURE_SIZE = re.compile(r"/s-l\d+(\.\w+)$")
_CONDITIONS = {
    "1000": Condition.NEW,
    "1500": Condition.NEW,
    "2000": Condition.REFURBISHED,
    "2010": Condition.REFURBISHED,
    "2020": Condition.REFURBISHED,
    "2030": Condition.REFURBISHED,
    "2500": Condition.REFURBISHED,
    "7000": Condition.FOR_PARTS,
}


class EbaySource:
    """eBay's listings as an ``OfferSource``. A search costs up to seven of the day's calls.

    Args:
        client: of the searches.
        country: two letters; only what is delivered there is found.
        tax_rate: share that eBay adds there; None when it isn't known.
    """

    name = SOURCE

    def __init__(self, client: EbayClient, *, country: str, tax_rate: Decimal | None) -> None:
        self._client = client
        self._country = country
        self._tax_rate = tax_rate

    async def search(self, wanted: Wanted) -> list[Offer]:
        """Return the first page of what eBay finds; the cheapest that may fit are read whole.

        Raises:
            RateLimitedError: the day's calls are used up.
            ConnectorError: as the connector classifies it.
        """
        search = Search(
            words=search_words(wanted),
            filter=SearchFilter(
                buying_options=("FIXED_PRICE", "AUCTION"), delivery_country=self._country
            ),
            page_size=_PAGE,
        )
        first = await anext(self._client.search_pages(search))
        offers = [self._offer(item) for item in first.items]
        found = {offer.reference: offer for offer in offers if offer is not None}
        likely = [one for one in found.values() if fit_of(one, wanted)[0] and one.terms]
        likely.sort(key=lambda one: (one.currency, one.prices[0].unit_price))
        for outcome in await self._client.get_items(
            [one.reference for one in likely[:_READ_WHOLE]]
        ):
            if outcome.result is not None and (whole := self._offer(outcome.result)) is not None:
                found[whole.reference] = whole
        return list(found.values())

    async def look_again(self, offer: Offer) -> Offer | None:
        """Return an offer as its listing is now; None: it is gone, or has no price any more.

        Raises:
            ConnectorError: as the connector classifies it.
        """
        try:
            item = await self._client.get_item(offer.reference)
        except ServiceNotFoundError:
            return None
        return self._offer(item)

    def _offer(self, item: ItemSummary) -> Offer | None:
        return ebay_offer(item, seen_at=now(), tax_rate=self._tax_rate)


def search_words(wanted: Wanted) -> str:
    """Return what eBay is asked for: the maker's number, or the part's words and its devices."""
    if wanted.part_numbers:
        return wanted.part_numbers[0]
    devices = [name for name in wanted.fits if fold(name) not in DEVICE_TYPES]
    known = {fold(word) for name in devices for word in _WORD.findall(name)}
    words = [word for word in _WORD.findall(wanted.name) if fold(word) not in known]
    if len(devices) > 1:
        words.append(f"({', '.join(devices)})")
    else:
        words += devices
    return " ".join(words)


def ebay_offer(item: ItemSummary, *, seen_at: datetime, tax_rate: Decimal | None) -> Offer | None:
    """Return what an item offers, or None for one without a price, such as an advertisement.

    A search's line tells neither stock, returns nor the least bid: it counts as one piece until the
    item itself is read. eBay's conditions that aren't listed as new, refurbished or for parts count
    as used. A price that eBay converted is read as the seller asks it. Costs of delivery are those
    of the listing as eBay told them; when they, or their currency, aren't told as the price is,
    they are unknown.

    Args:
        item: as eBay answered; an ``Item`` tells more than a line of a search.
        seen_at: when eBay answered.
        tax_rate: share that eBay adds where we are; None when it isn't known.

    Source: https://developer.ebay.com/api-docs/sell/static/metadata/condition-id-values.html
    """
    is_auction = "AUCTION" in item.buying_options and "FIXED_PRICE" not in item.buying_options
    asked = (item.current_bid_price or item.price) if is_auction else item.price
    if asked is None:
        return None
    price, currency = _as_asked(asked)
    shipping = item.shipping_options[0] if item.shipping_options else None
    whole = item if isinstance(item, Item) else None
    return Offer(
        source=SOURCE,
        reference=item.item_id,
        title=item.title,
        condition=_CONDITIONS.get(item.condition_id, Condition.USED),
        sale=Sale.AUCTION if is_auction else Sale.FIXED_PRICE,
        prices=(PriceBreak(from_quantity=1, unit_price=price),),
        available=_available(whole) if whole else 1,
        currency=currency,
        terms=_terms(shipping, currency),
        tax_rate=tax_rate,
        seller=_seller(item),
        part_number=whole.mpn if whole else "",
        accepts_returns=whole.return_terms.returns_accepted if whole else None,
        delivery=_delivery(shipping),
        picture_url=_picture(item.image.image_url),
        url=item.item_web_url,
        seen_at=seen_at,
        ends_at=item.item_end_date,
        least_bid=_least_bid(whole, currency) if whole and is_auction else None,
    )


def _picture(url: str) -> str:
    """Return where the full picture is; searches tell of small ones, items of large ones."""
    return outside_url(_PICTURE_SIZE.sub(r"/s-l1600\1", url.replace("/thumbs/images/", "/images/")))


def _as_asked(money: Money) -> tuple[Decimal, str]:
    if money.converted_from_value is not None and money.converted_from_currency:
        return money.converted_from_value, money.converted_from_currency
    return money.value, money.currency


def _least_bid(item: Item, currency: str) -> Decimal | None:
    if item.minimum_price_to_bid is None:
        return None
    least, asked_in = _as_asked(item.minimum_price_to_bid)
    return least if asked_in == currency else None


def _terms(shipping: Shipping | None, currency: str) -> OrderTerms | None:
    if shipping is None or shipping.shipping_cost is None:
        return None
    cost, asked_in = _as_asked(shipping.shipping_cost)
    return OrderTerms(shipping=cost) if asked_in == currency else None


def _seller(item: ItemSummary) -> Seller:
    percentage, score = item.seller.feedback_percentage, item.seller.feedback_score
    return Seller(
        name=item.seller.username or "unnamed",
        ratings=None if score is None else max(0, score),
        positive=None if percentage is None else percentage / 100,
        region=item.item_location.country,
    )


def _available(item: Item) -> int:
    """Return how many there are for sure: eBay's threshold when it only says "more than"."""
    for one in item.estimated_availabilities:
        if one.estimated_availability_status == "OUT_OF_STOCK":
            return 0
        known = one.estimated_available_quantity
        if known is None:
            known = one.availability_threshold
        if known is not None:
            return known
    return 1


def _delivery(shipping: Shipping | None) -> DeliveryWindow | None:
    if shipping is None or shipping.max_estimated_delivery_date is None:
        return None
    latest = shipping.max_estimated_delivery_date.date()
    first = shipping.min_estimated_delivery_date
    return DeliveryWindow(earliest=min(first.date(), latest) if first else latest, latest=latest)
