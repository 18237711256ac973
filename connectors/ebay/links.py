"""Links to eBay's own pages, for people who buy and bid there by hand."""

from __future__ import annotations

import re
from urllib.parse import urlencode

SITES = {
    "EBAY_AT": "www.ebay.at",
    "EBAY_AU": "www.ebay.com.au",
    "EBAY_CA": "www.ebay.ca",
    "EBAY_CH": "www.ebay.ch",
    "EBAY_DE": "www.ebay.de",
    "EBAY_ES": "www.ebay.es",
    "EBAY_FR": "www.ebay.fr",
    "EBAY_GB": "www.ebay.co.uk",
    "EBAY_IE": "www.ebay.ie",
    "EBAY_IT": "www.ebay.it",
    "EBAY_US": "www.ebay.com",
}
"""The site of each marketplace."""

_REST_ID = re.compile(r"v1\|(?P<number>[0-9]+)\|(?P<variation>[0-9]+)", re.ASCII)


def item_link(item_id: str, marketplace: str) -> str:
    """Return the page on which an item is bought or bid for.

    Args:
        item_id: e.g. ``v1|265123456789|0``; the last number is the variation, 0: there is none.
        marketplace: e.g. ``EBAY_CA``; one without a known site gets the one of the US.

    Raises:
        ValueError: it is no item's id.
    """
    parts = _REST_ID.fullmatch(item_id)
    if parts is None:
        raise ValueError(f"no item id of eBay's REST APIs: {item_id!r}")
    link = f"https://{SITES.get(marketplace, SITES['EBAY_US'])}/itm/{parts['number']}"
    variation = parts["variation"]
    return link if variation == "0" else f"{link}?{urlencode({'var': variation})}"
