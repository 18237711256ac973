"""What is searched for, typed, in the words of the Browse API.

Source: https://developer.ebay.com/api-docs/buy/static/ref-buy-browse-filters.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

LONGEST_PAGE = 200
DEEPEST = 10_000
"""Search ends after so many items, however many match."""

BuyingOption = Literal["FIXED_PRICE", "AUCTION", "BEST_OFFER", "CLASSIFIED_AD"]
Condition = Literal["NEW", "USED", "UNSPECIFIED"]
Sort = Literal["price", "-price", "newlyListed", "endingSoonest", "distance"]
SellerAccount = Literal["BUSINESS", "INDIVIDUAL"]


@dataclass(frozen=True, kw_only=True)
class SearchFilter:
    """What found items must be; what isn't given doesn't matter.

    Args:
        price_from: lowest price, without shipping, in ``currency``.
        price_to: highest price, likewise.
        currency: of the prices; eBay ignores prices without it.
        conditions: kinds of condition.
        condition_ids: exact conditions, e.g. ``3000`` is used.
        buying_options: how it is sold; eBay takes none for fixed prices only, auctions left out.
        delivery_country: two letters; only what is delivered there.
        delivery_postal_code: for exact costs of delivery.
        max_delivery_cost: highest cost of delivery, in ``currency``; 0: free.
        located_in: two letters; where the item is.
        sellers: only theirs.
        exclude_sellers: all but theirs.
        seller_accounts: kinds of sellers.
        returns_accepted: only what is taken back.
        least_bids: bids that an auction must have.
        ends_before: when the listing ends at the latest.
        in_description: words may stand in the description, too.

    Raises:
        ValueError: a price without a currency, or a postal code without a country.
    """

    price_from: Decimal | None = None
    price_to: Decimal | None = None
    currency: str = ""
    conditions: Sequence[Condition] = ()
    condition_ids: Sequence[int] = ()
    buying_options: Sequence[BuyingOption] = ()
    delivery_country: str = ""
    delivery_postal_code: str = ""
    max_delivery_cost: Decimal | None = None
    located_in: str = ""
    sellers: Sequence[str] = ()
    exclude_sellers: Sequence[str] = ()
    seller_accounts: Sequence[SellerAccount] = ()
    returns_accepted: bool = False
    least_bids: int | None = None
    ends_before: datetime | None = None
    in_description: bool = False

    def __post_init__(self) -> None:
        amounts = (self.price_from, self.price_to, self.max_delivery_cost)
        if any(amount is not None for amount in amounts) and not self.currency:
            raise ValueError("an amount needs its currency: give `currency`")
        if self.delivery_postal_code and not self.delivery_country:
            raise ValueError("a postal code needs its country: give `delivery_country`")

    def text(self) -> str:
        """Return the ``filter`` parameter; empty when nothing matters."""
        said = {
            "price": _range(self.price_from, self.price_to),
            "priceCurrency": self.currency,
            "conditions": _set(self.conditions),
            "conditionIds": _set([str(one) for one in self.condition_ids]),
            "buyingOptions": _set(self.buying_options),
            "deliveryCountry": self.delivery_country,
            "deliveryPostalCode": self.delivery_postal_code,
            "maxDeliveryCost": ""
            if self.max_delivery_cost is None
            else f"{self.max_delivery_cost}",
            "itemLocationCountry": self.located_in,
            "sellers": _set(self.sellers),
            "excludeSellers": _set(self.exclude_sellers),
            "sellerAccountTypes": _set(self.seller_accounts),
            "returnsAccepted": "true" if self.returns_accepted else "",
            "bidCount": "" if self.least_bids is None else f"[{self.least_bids}]",
            "itemEndDate": "" if self.ends_before is None else f"[..{_moment(self.ends_before)}]",
            "searchInDescription": "true" if self.in_description else "",
        }
        return ",".join(f"{name}:{value}" for name, value in said.items() if value)


@dataclass(frozen=True, kw_only=True)
class Search:
    """A search: words or a category at least.

    Args:
        words: all must match; ``(one, other)``: any of them. At most 100 characters count.
        category_ids: numbers of categories.
        filter: what found items must be.
        aspects: values by the name of a property; needs exactly one category.
        sort: order; unsaid, eBay's best match.
        page_size: items a call, 200 at most.

    Raises:
        ValueError: nothing is searched for, aspects without one category, or a wrong page size.
    """

    words: str = ""
    category_ids: Sequence[str] = ()
    filter: SearchFilter = field(default_factory=SearchFilter)
    aspects: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sort: Sort | None = None
    page_size: int = LONGEST_PAGE

    def __post_init__(self) -> None:
        if not self.words.strip() and not self.category_ids:
            raise ValueError("give words or categories to search for")
        _check(self.aspects, self.category_ids, self.page_size)

    def parameters(self, offset: int) -> dict[str, str]:
        """Return the query of the page that begins at an offset."""
        said = {
            "q": self.words.strip(),
            **_narrowed(self.category_ids, self.filter, self.aspects),
            "sort": self.sort or "",
            "limit": str(self.page_size),
            "offset": str(offset),
        }
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, kw_only=True)
class ImageSearch:
    """A search for what looks like an image; its arguments are as those of ``Search``."""

    image: bytes
    category_ids: Sequence[str] = ()
    filter: SearchFilter = field(default_factory=SearchFilter)
    aspects: Mapping[str, Sequence[str]] = field(default_factory=dict)
    page_size: int = LONGEST_PAGE

    def __post_init__(self) -> None:
        if not self.image:
            raise ValueError("give an image to search by")
        _check(self.aspects, self.category_ids, self.page_size)

    def parameters(self, offset: int) -> dict[str, str]:
        """Return the query of the page that begins at an offset."""
        said = {
            **_narrowed(self.category_ids, self.filter, self.aspects),
            "limit": str(self.page_size),
            "offset": str(offset),
        }
        return {name: value for name, value in said.items() if value}


def _narrowed(
    category_ids: Sequence[str], wanted: SearchFilter, aspects: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    pairs = [f"categoryId:{category_ids[0]}"] if aspects else []
    pairs += [f"{name}:{_set(values)}" for name, values in aspects.items()]
    return {
        "category_ids": ",".join(category_ids),
        "filter": wanted.text(),
        "aspect_filter": ",".join(pairs),
    }


def _check(
    aspects: Mapping[str, Sequence[str]], category_ids: Sequence[str], page_size: int
) -> None:
    if aspects and len(category_ids) != 1:
        raise ValueError("aspects need exactly one category")
    if not 1 <= page_size <= LONGEST_PAGE:
        raise ValueError(f"a page has 1 to {LONGEST_PAGE} items, not {page_size}")


def _set(values: Sequence[str]) -> str:
    escaped = [value.replace("|", "\\|") for value in values]
    return f"{{{'|'.join(escaped)}}}" if escaped else ""


def _range(low: Decimal | None, high: Decimal | None) -> str:
    if high is not None:
        return f"[{'' if low is None else low}..{high}]"
    return "" if low is None else f"[{low}]"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
