"""Listings as Browse writes them: a line of a search, and all that is known of an item."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.ebay.bidding import least_next
from sandbox.ebay.clock import written
from sandbox.ebay.money import Marketplace
from sandbox.ebay.store import CONDITIONS, Listing

_SHOWN_EXACTLY = 10
"""Of more than these eBay tells "more than 10"."""


def summary(listing: Listing, place: Marketplace, root: str, now: datetime) -> dict[str, Any]:
    """Write a listing as a line of a search."""
    names, ids = listing.category.names.split("|"), listing.category.ids.split("|")
    return {
        **_both(listing, place, root),
        "itemHref": f"{root}/buy/browse/v1/item/{listing.item_id.replace('|', '%7C')}",
        "categories": [
            {"categoryId": number, "categoryName": name}
            for number, name in zip(ids, names, strict=True)
        ],
        "leafCategoryIds": [listing.category.id],
        "availableCoupons": False,
        "itemLocation": {"country": listing.country, "city": listing.city},
        "seller": _seller(listing),
        "shippingOptions": [_shipping(listing, place, now)],
        "thumbnailImages": [{"imageUrl": picture_url(listing, root)}],
    }


def item(listing: Listing, place: Marketplace, root: str, now: datetime) -> dict[str, Any]:
    """Write all that is known of a listing."""
    shown: dict[str, Any] = {
        **_both(listing, place, root),
        "description": listing.description or listing.title,
        "shortDescription": listing.title,
        "categoryId": listing.category.id,
        "categoryIdPath": listing.category.ids,
        "categoryPath": listing.category.names,
        "itemLocation": {"country": listing.country, "city": listing.city},
        "seller": _seller(listing),
        "shippingOptions": [
            {
                **_shipping(listing, place, now),
                "shippingServiceCode": "Expedited International",
                "shippingCarrierCode": "Canada Post",
                "type": "Expedited Shipping",
            }
        ],
        "shipToLocations": {
            "regionIncluded": [
                {"regionName": one, "regionType": "COUNTRY", "regionId": one}
                for one in sorted(listing.ships_to)
            ]
            or [{"regionName": "Worldwide", "regionType": "WORLDWIDE", "regionId": "WORLDWIDE"}]
        },
        "estimatedAvailabilities": [_availability(listing, now)],
        "returnTerms": {"returnsAccepted": listing.returns},
        "localizedAspects": [
            {"type": "STRING", "name": name, "value": value}
            for name, value in listing.aspects.items()
        ],
        "brand": listing.aspects.get("Brand", "Unbranded"),
        "mpn": listing.aspects.get("MPN", "Does not apply"),
        "enabledForGuestCheckout": "FIXED_PRICE" in listing.buying_options,
        "eligibleForInlineCheckout": "FIXED_PRICE" in listing.buying_options,
        "immediatePay": True,
    }
    if listing.is_auction:
        least = least_next(listing.start or listing.standing.price, listing.standing)
        shown["minimumPriceToBid"] = listing.amount(least).shown_in(place.currency)
        shown["uniqueBidderCount"] = len({bid.bidder for bid in listing.bids})
        if listing.reserve is not None:
            shown["reservePriceMet"] = listing.standing.price >= listing.reserve
    if listing.group:
        shown["primaryItemGroup"] = {
            "itemGroupId": listing.group,
            "itemGroupType": "SELLER_DEFINED_VARIATIONS",
            "itemGroupHref": f"{root}/buy/browse/v1/item/get_items_by_item_group"
            f"?item_group_id={listing.group}",
        }
    return shown


def picture_url(listing: Listing, root: str) -> str:
    """Return where its picture is."""
    return f"{root}/pictures/{listing.legacy_id}.png"


def _both(listing: Listing, place: Marketplace, root: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "itemId": listing.item_id,
        "legacyItemId": listing.legacy_id,
        "title": listing.title,
        "price": listing.money.shown_in(place.currency),
        "buyingOptions": listing.buying_options,
        "condition": CONDITIONS[listing.condition_id],
        "conditionId": listing.condition_id,
        "image": {"imageUrl": picture_url(listing, root)},
        "itemWebUrl": f"https://{place.site}/itm/{listing.legacy_id}",
        "itemCreationDate": written(listing.listed_at),
        "itemEndDate": written(listing.ends_at),
        "listingMarketplaceId": place.id,
        "adultOnly": False,
        "priorityListing": False,
        "topRatedBuyingExperience": False,
    }
    if listing.is_auction:
        shown["currentBidPrice"] = listing.amount(listing.standing.price).shown_in(place.currency)
        shown["bidCount"] = len(listing.bids)
    return shown


def _seller(listing: Listing) -> dict[str, Any]:
    return {
        "username": listing.seller.username,
        "feedbackPercentage": f"{listing.seller.feedback:.1f}",
        "feedbackScore": listing.seller.score,
        "sellerAccountType": listing.seller.account,
    }


def _shipping(listing: Listing, place: Marketplace, now: datetime) -> dict[str, Any]:
    is_near = listing.country == place.country
    cost = listing.amount(listing.shipping) if listing.shipping is not None else None
    return {
        "shippingCostType": "FIXED" if cost is not None else "CALCULATED",
        "shippingCost": (cost or listing.amount(listing.money.value * 0)).shown_in(place.currency),
        "minEstimatedDeliveryDate": written(now + timedelta(days=3 if is_near else 9)),
        "maxEstimatedDeliveryDate": written(now + timedelta(days=7 if is_near else 24)),
        "guaranteedDelivery": False,
    }


def _availability(listing: Listing, now: datetime) -> dict[str, Any]:
    left = 0 if listing.is_over(now) else listing.left
    shown: dict[str, Any] = {
        "deliveryOptions": ["SHIP_TO_HOME"],
        "estimatedAvailabilityStatus": "IN_STOCK" if left else "OUT_OF_STOCK",
        "estimatedSoldQuantity": listing.sold,
    }
    if left > _SHOWN_EXACTLY:
        shown |= {"availabilityThreshold": _SHOWN_EXACTLY, "availabilityThresholdType": "MORE_THAN"}
    else:
        shown["estimatedAvailableQuantity"] = left
    return shown
