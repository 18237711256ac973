"""The Browse API: searches, items, groups, compatibility. Source: Browse API v1, reference."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from sandbox.ebay import shown
from sandbox.ebay.api import body_of, root_of, site_of
from sandbox.ebay.clock import EbayClock
from sandbox.ebay.errors import EbayError, warning
from sandbox.ebay.pictures import color_of, distance, draw, look_at
from sandbox.ebay.quotas import counted
from sandbox.ebay.search import Found, links, narrow, read_window, search
from sandbox.ebay.store import Listing, Listings
from sandbox.ebay.tokens import PUBLIC, needs
from sandbox.state import State

MOST_ITEMS = 20
_NEAR = 3 * 40**2
"""Colors this close are taken for the same thing."""

_VEHICLE = frozenset({"Year", "Make", "Model", "Trim", "Engine", "Submodel"})
_NEEDED = ("Year", "Make", "Model")
_GROUPS = frozenset({"PRODUCT", "COMPACT", "ADDITIONAL_SELLER_DETAILS", "CHARITY_DETAILS"})

router = APIRouter(dependencies=[Depends(needs(PUBLIC)), Depends(counted("buy.browse"))])
bulk = APIRouter(dependencies=[Depends(needs(PUBLIC)), Depends(counted("buy.browse.item.bulk"))])
pictures = APIRouter()


@router.get("/item_summary/search")
async def find_items(request: Request, state: State) -> dict[str, Any]:
    """Search by words, category and filters."""
    query, site = dict(request.query_params), site_of(request)
    read_window(query)
    now = state.store(EbayClock).now()
    found = search(state.store(Listings), query, site.country, now)
    return _page(request, state, found, query)


@router.post("/item_summary/search_by_image")
async def find_by_image(request: Request, state: State) -> dict[str, Any]:
    """Search for what looks like an image, the most alike first."""
    query, site = dict(request.query_params), site_of(request)
    read_window(query)
    color = look_at((await body_of(request, 12501)).get("image"))
    listings = state.store(Listings).searchable(state.store(EbayClock).now())
    kept, warnings = narrow(listings, query, site.country)
    apart = [(distance(color, color_of(one.title)), one.item_id, one) for one in kept]
    alike = [one for far, _, one in sorted(apart, key=lambda a: a[:2]) if far <= _NEAR]
    return _page(request, state, (alike, warnings), query)


@router.get("/item/get_item_by_legacy_id")
async def get_item_by_legacy_id(request: Request, state: State) -> dict[str, Any]:
    """Return an item by its number on the site."""
    query = request.query_params
    if "legacy_variation_id" in query and "legacy_variation_sku" in query:
        raise EbayError(11010)
    found = state.store(Listings).find(legacy_id=query.get("legacy_item_id", ""))
    if variation := query.get("legacy_variation_id"):
        found = [one for one in found if one.variation == variation]
    if not found:
        raise EbayError(11003)
    if len(found) > 1:
        raise EbayError(11006)
    return _item(request, state, found[0])


@router.get("/item/get_items_by_item_group")
async def get_items_by_item_group(request: Request, state: State) -> dict[str, Any]:
    """Return the variations of a listing."""
    found = state.store(Listings).find(group=request.query_params.get("item_group_id", ""))
    if not found:
        raise EbayError(11002)
    ids = [one.item_id for one in found]
    return {
        "items": [_item(request, state, one) for one in found],
        "commonDescriptions": [{"description": found[0].description, "itemIds": ids}],
    }


@bulk.get("/item/")
async def get_items(request: Request, state: State) -> dict[str, Any]:
    """Return up to twenty items; those that aren't there are left out."""
    query = request.query_params
    if "item_ids" in query and "item_group_ids" in query:
        raise EbayError(11014)
    ids = [one.strip() for one in query.get("item_ids", "").split(",") if one.strip()]
    groups = [one.strip() for one in query.get("item_group_ids", "").split(",") if one.strip()]
    if not ids and not groups:
        raise EbayError(11012)
    if len(ids) > MOST_ITEMS or len(groups) > MOST_ITEMS // 2:
        raise EbayError(11015)
    listings = state.store(Listings)
    found = [one for one in map(listings.get, ids) if one]
    found += [one for group in groups for one in listings.find(group=group)]
    return {"items": [_item(request, state, one) for one in found], "total": len(found)}


@router.get("/item/{item_id}")
async def get_item(item_id: str, request: Request, state: State) -> dict[str, Any]:
    """Return an item by its id."""
    return _item(request, state, _listing(state, item_id))


@router.post("/item/{item_id}/check_compatibility")
async def check_compatibility(item_id: str, request: Request, state: State) -> dict[str, Any]:
    """Tell whether a part fits a vehicle."""
    pairs = _properties(await body_of(request, 11503))
    listing = _listing(state, item_id)
    if not listing.fits:
        raise EbayError(11505)
    names = Counter(name for name, _ in pairs)
    if repeated := [name for name, times in names.items() if times > 1]:
        raise EbayError(11506, compatibilityNames=",".join(repeated))
    if unknown := sorted(names.keys() - _VEHICLE):
        raise EbayError(11507, attributes=",".join(unknown)[:200])
    if missing := [name for name in _NEEDED if name not in names]:
        told = warning(11504, attributes=",".join(missing))
        return {"compatibilityStatus": "UNDETERMINED", "warnings": [told]}
    vehicle = dict(pairs)
    fits = any(all(vehicle.get(n) == v for n, v in one.items()) for one in listing.fits)
    return {"compatibilityStatus": "COMPATIBLE" if fits else "NOT_COMPATIBLE"}


@pictures.get("/pictures/{legacy_id}.png")
async def picture(legacy_id: str, state: State) -> Response:
    """Hand out a picture."""
    found = state.store(Listings).find(legacy_id=legacy_id)
    if not found:
        raise EbayError(2002)
    return Response(draw(found[0].title), media_type="image/png")


def _page(request: Request, state: State, found: Found, query: dict[str, str]) -> dict[str, Any]:
    (listings, warnings), window = found, read_window(query)
    root, site, now = root_of(request), site_of(request), state.store(EbayClock).now()
    answer = links(f"{root}{_path(request)}", query, window, len(listings))
    if lines := listings[window.offset : window.offset + window.limit]:
        answer["itemSummaries"] = [shown.summary(one, site, root, now) for one in lines]
    if warnings:
        answer["warnings"] = warnings
    return answer


def _path(request: Request) -> str:
    return request.url.path.removeprefix("/ebay")


def _item(request: Request, state: State, listing: Listing) -> dict[str, Any]:
    query = request.query_params
    if not set(filter(None, query.get("fieldgroups", "").split(","))) <= _GROUPS:
        raise EbayError(11501)
    quantity = query.get("quantity_for_shipping_estimate", "1")
    if re.fullmatch("[0-9]{1,6}", quantity, re.ASCII) is None or int(quantity) < 1:
        raise EbayError(11019)
    now = state.store(EbayClock).now()
    return shown.item(listing, site_of(request), root_of(request), now)


def _properties(body: dict[str, Any]) -> list[tuple[str, str]]:
    given = body.get("compatibilityProperties")
    if not isinstance(given, list) or not given:
        raise EbayError(11503)
    pairs = []
    for one in given:
        name, value = (one.get("name"), one.get("value")) if isinstance(one, dict) else ("", "")
        if not (isinstance(name, str) and name and isinstance(value, str) and value):
            raise EbayError(11503)
        pairs.append((name, value))
    return pairs


def _listing(state: State, item_id: str) -> Listing:
    listing = state.store(Listings).get(item_id)
    if listing is None:
        raise EbayError(11001)
    return listing
