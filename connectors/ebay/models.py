"""What eBay answers, as far as it is used."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel


class Answer(BaseModel):
    """Base of what eBay answers: its names are ours in camel case; what isn't used is left."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


def _listed(value: object) -> object:
    return [] if value is None else value


class Money(Answer):
    """An amount; in search and items it may be converted from what the seller asks."""

    value: Decimal
    currency: str
    converted_from_value: Decimal | None = None
    converted_from_currency: str | None = None


class Notice(Answer):
    """What eBay ignored in a request that it answered, or warns of."""

    error_id: int
    message: str = ""


class Seller(Answer):
    """Who sells; ``feedback_percentage`` of 0 to 100, ``feedback_score`` counts ratings."""

    username: str = ""
    feedback_percentage: Decimal | None = None
    feedback_score: int | None = None
    seller_account_type: str = ""


class Shipping(Answer):
    """A way of delivery; CALCULATED costs are told at checkout only."""

    shipping_cost: Money | None = None
    shipping_cost_type: str = ""
    min_estimated_delivery_date: datetime | None = None
    max_estimated_delivery_date: datetime | None = None


class Place(Answer):
    """Where an item is."""

    country: str = ""
    city: str = ""


class Image(Answer):
    """Where a picture is."""

    image_url: str = ""


class ItemSummary(Answer):
    """A line of a search; prices may be minutes old. ``price`` of an auction is its bid."""

    item_id: str
    title: str
    legacy_item_id: str = ""
    price: Money | None = None
    current_bid_price: Money | None = None
    bid_count: int | None = None
    buying_options: Annotated[list[str], BeforeValidator(_listed)] = []
    condition: str = ""
    condition_id: str = ""
    seller: Seller = Seller()
    shipping_options: Annotated[list[Shipping], BeforeValidator(_listed)] = []
    item_location: Place = Place()
    item_web_url: str = ""
    item_creation_date: datetime | None = None
    item_end_date: datetime | None = None
    image: Image = Image()


class Availability(Answer):
    """How many there are, as a guess; with a threshold there are more than it says."""

    estimated_availability_status: str = ""
    estimated_available_quantity: int | None = None
    availability_threshold: int | None = None
    estimated_sold_quantity: int | None = None


class ReturnTerms(Answer):
    """Whether it is taken back."""

    returns_accepted: bool = False


class Aspect(Answer):
    """A property of an item, e.g. its brand."""

    name: str
    value: str


class ItemGroupOf(Answer):
    """The group that a variation belongs to."""

    item_group_id: str


class Item(ItemSummary):
    """All that is used of an item."""

    description: str = ""
    brand: str = ""
    mpn: str = ""
    minimum_price_to_bid: Money | None = None
    unique_bidder_count: int | None = None
    reserve_price_met: bool | None = None
    estimated_availabilities: Annotated[list[Availability], BeforeValidator(_listed)] = []
    return_terms: ReturnTerms = ReturnTerms()
    localized_aspects: Annotated[list[Aspect], BeforeValidator(_listed)] = []
    primary_item_group: ItemGroupOf | None = None
    enabled_for_guest_checkout: bool = False


class SearchAnswer(Answer):
    """A page of a search; ``total`` is a guess, ``next`` is there while there are more."""

    item_summaries: list[ItemSummary] = []
    total: int = 0
    limit: int = 0
    offset: int = 0
    next: str | None = None
    warnings: list[Notice] = []


class Items(Answer):
    """The items of a group."""

    items: list[Item] = []


class Compatibility(Answer):
    """Whether a part fits a vehicle; UNDETERMINED, too, when properties are missing."""

    compatibility_status: Literal["COMPATIBLE", "NOT_COMPATIBLE", "UNDETERMINED"]
    warnings: list[Notice] = []


class ProxyBid(Answer):
    """The most that we would pay in an auction."""

    proxy_bid_id: str
    max_amount: Money


class PlacedBid(Answer):
    """A bid that eBay took."""

    proxy_bid_id: str


class Bidding(Answer):
    """How an auction stands for us, who have bid in it."""

    item_id: str
    auction_status: Literal["ACTIVE", "ENDED"]
    auction_end_date: datetime
    bid_count: int
    current_price: Money
    current_proxy_bid: ProxyBid
    high_bidder: bool
    reserve_price_met: bool | None = None


class LineItem(Answer):
    """What of a checkout or an order is bought."""

    item_id: str
    quantity: int
    title: str = ""
    net_price: Money


class Prices(Answer):
    """What a checkout or an order costs."""

    price_subtotal: Money
    delivery_cost: Money
    tax: Money | None = None
    total: Money


class CheckoutSession(Answer):
    """A guest's checkout; it is paid in eBay's widget, which ``security_signature`` opens."""

    checkout_session_id: str
    line_items: list[LineItem]
    pricing_summary: Prices
    warnings: list[Notice] = []
    security_signature: SecretStr = SecretStr("")


class PurchaseOrder(Answer):
    """A guest's order."""

    purchase_order_id: str
    purchase_order_status: str
    purchase_order_payment_status: str
    purchase_order_creation_date: datetime
    line_items: list[LineItem]
    pricing_summary: Prices


class Tree(Answer):
    """A marketplace's category tree."""

    category_tree_id: str
    category_tree_version: str = ""


class Category(Answer):
    """A category."""

    category_id: str
    category_name: str


class Suggestion(Answer):
    """A category that words may mean."""

    category: Category


class Suggestions(Answer):
    """Categories that words may mean, the likeliest first."""

    category_suggestions: list[Suggestion] = []


class Quota(Answer):
    """The calls of a day, of one resource."""

    limit: int
    remaining: int
    reset: datetime
    time_window: int = Field(description="Seconds.")


class Resource(Answer):
    """A resource with its quotas."""

    name: str
    rates: list[Quota] = []


class ApiLimits(Answer):
    """An API's resources."""

    api_name: str = ""
    resources: list[Resource] = []


class RateLimits(Answer):
    """The limits of all APIs that were asked for."""

    rate_limits: list[ApiLimits] = []


class PublicKey(Answer):
    """The key that a delivery is verified with; ``key`` is PEM, often without line breaks."""

    key: str
    algorithm: str = "ECDSA"
    digest: str = "SHA1"
