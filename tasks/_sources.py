"""Where offers are looked for: eBay, suppliers' price lists, and what is plugged in.

A plug-in is an entry point of the group ``hotrod.offer_sources`` that names a function from
``Resources`` to an ``OfferSource``.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from importlib.metadata import entry_points

from hotrod.company.models import Business
from hotrod.db.columns import now
from hotrod.purchasing.track import measured_lists
from hotrod.quoting.taxes import TAXES
from hotrod.sourcing.sources import OfferSource
from tasks._resources import Resources
from tasks.offers import EbaySource

GROUP = "hotrod.offer_sources"
COUNTRY = "CA"


async def sources(kit: Resources, business: Business) -> dict[str, OfferSource]:
    """Return all sources by name.

    Args:
        kit: what they reach for.
        business: that buys; its province decides the tax.
    """
    async with kit.database.transaction() as session:
        found: list[OfferSource] = [*await measured_lists(session, kit.company, now())]
    if kit.ebay is not None:
        found.append(EbaySource(kit.ebay, country=COUNTRY, tax_rate=tax_rate(business)))
    for plugged in entry_points(group=GROUP):
        make: Callable[[Resources], OfferSource] = plugged.load()
        found.append(make(kit))
    return {source.name: source for source in found}


def tax_rate(business: Business) -> Decimal:
    """Return the share that eBay adds to what a business buys."""
    return sum((tax.rate for tax in TAXES[business.province]), Decimal(0))
