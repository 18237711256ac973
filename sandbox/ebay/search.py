"""Browse's searches: what matches, in which order, and which page of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.ebay.errors import EbayError, warning
from sandbox.ebay.filters import read_aspects, read_filters
from sandbox.ebay.store import Listing, Listings

LONGEST_PAGE = 200
USUAL_PAGE = 50
DEEPEST = 10_000

Found = tuple[list[Listing], list[dict[str, Any]]]

_INTEGER = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True)
class Window:
    """Which part of a result is asked for."""

    offset: int
    limit: int


def read_window(query: Mapping[str, str]) -> Window:
    """Read ``limit`` and ``offset``.

    Raises:
        EbayError: they are no numbers, out of range, or don't fit together.
    """
    limit = _integer(query.get("limit"), USUAL_PAGE, 12007)
    offset = _integer(query.get("offset"), 0, 12005)
    if not 1 <= limit <= LONGEST_PAGE:
        raise EbayError(12006)
    if offset < 0:
        raise EbayError(12004)
    if offset >= DEEPEST:
        raise EbayError(12029)
    if offset % limit:
        raise EbayError(12515)
    return Window(offset, limit)


def search(listings: Listings, query: Mapping[str, str], country: str, now: datetime) -> Found:
    """Return what matches a search, and what of the search was ignored.

    Raises:
        EbayError: it says neither words nor categories.
    """
    words, category_ids = query.get("q", "").strip()[:100], _ids(query.get("category_ids", ""))
    if not (words or category_ids or query.get("epid") or query.get("gtin")):
        raise EbayError(12001)
    found, warnings = narrow(listings.searchable(now), query, country, words)
    for name in {"epid", "gtin"} & query.keys():
        found = [one for one in found if one.aspects.get(name) == query[name]]
    return _sorted(found, query.get("sort", ""), warnings), warnings


def narrow(
    found: Iterable[Listing], query: Mapping[str, str], country: str, words: str = ""
) -> Found:
    """Keep what has the words, is delivered to a buyer, and passes the filters of a search."""
    filters = read_filters(query.get("filter", ""))
    warnings = filters.warnings
    country = filters.used.get("deliveryCountry", country)
    in_description = filters.used.get("searchInDescription") == "true"
    matches = _matcher(words, in_description=in_description)
    kept = [o for o in found if matches(o) and o.reaches(country) and filters.keep(o)]
    category_ids = _ids(query.get("category_ids", ""))
    if category_ids and not all(one.isdecimal() for one in category_ids):
        warnings.append(warning(12009))
    elif category_ids:
        wanted = set(category_ids)
        kept = [one for one in kept if wanted & set(one.category.ids.split("|"))]
    if aspects := query.get("aspect_filter"):
        by_aspect = read_aspects(aspects, category_ids)
        warnings += by_aspect.warnings
        kept = [one for one in kept if by_aspect.keep(one)]
    return kept, warnings


def links(url: str, query: Mapping[str, str], window: Window, total: int) -> dict[str, Any]:
    """Return what a page says about itself, the one before and the one after."""

    def at(offset: int) -> str:
        return f"{url}?{urlencode({**query, 'limit': window.limit, 'offset': offset})}"

    after, before = window.offset + window.limit, window.offset - window.limit
    shown: dict[str, Any] = {
        "href": at(window.offset),
        "total": total,
        "limit": window.limit,
        "offset": window.offset,
    }
    if after < min(total, DEEPEST):
        shown["next"] = at(after)
    if before >= 0:
        shown["prev"] = at(before)
    return shown


def _integer(text: str | None, usual: int, error: int) -> int:
    if text is None:
        return usual
    if _INTEGER.fullmatch(text) is None:
        raise EbayError(error)
    return int(text)


def _ids(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _matcher(words: str, *, in_description: bool) -> Callable[[Listing], bool]:
    """Match all words, or any of ``(one, other)``."""
    any_of = words.startswith("(") and words.endswith(")")
    parts = words[1:-1].split(",") if any_of else words.split()
    wanted = [part.strip().casefold() for part in parts if part.strip()]

    def matches(one: Listing) -> bool:
        text = f"{one.title} {one.description if in_description else ''}".casefold()
        hits = [word in text for word in wanted]
        return any(hits) if any_of and hits else all(hits)

    return matches


_ORDERS: dict[str, tuple[Callable[[Listing], Any], bool]] = {
    "price": (lambda one: one.total.to("USD").value, False),
    "-price": (lambda one: one.total.to("USD").value, True),
    "newlyListed": (lambda one: one.listed_at, True),
    "endingSoonest": (lambda one: one.ends_at, False),
}


def _sorted(found: Sequence[Listing], sort: str, warnings: list[dict[str, Any]]) -> list[Listing]:
    if sort and sort not in _ORDERS:
        warnings.append(warning(12008, sort=sort[:40]))
    if sort in _ORDERS:
        key, reverse = _ORDERS[sort]
        return sorted(found, key=key, reverse=reverse)
    return list(found)
