"""eBay, played."""

from __future__ import annotations

from sandbox.ebay import (
    api,
    browse,
    control,
    errors,
    notification,
    offer,
    order,
    pages,
    quotas,
    taxonomy,
    tokens,
    widget,
)
from sandbox.ebay.clock import EbayClock
from sandbox.ebay.orders import Checkouts
from sandbox.ebay.quotas import Quotas
from sandbox.ebay.seed import seed
from sandbox.ebay.store import Listings
from sandbox.stand_in import Api, StandIn

EBAY = StandIn(
    name="ebay",
    title="eBay",
    apis=(
        Api(
            service="ebay",
            prefix="/ebay",
            routers=(
                ("", tokens.router),
                ("", browse.pictures),
                ("/buy/browse/v1", browse.bulk),
                ("/buy/browse/v1", browse.router),
                ("/buy/offer/v1_beta", offer.router),
                ("/buy/order/v2", order.router),
                ("", widget.router),
                ("/commerce/taxonomy/v1", taxonomy.router),
                ("/commerce/notification/v1", notification.router),
                ("/developer/analytics/v1_beta", quotas.router),
                ("", api.rest),
            ),
            error=errors.EbayError,
            error_answer=errors.error_answer,
            fault_answer=errors.fault_answer,
            id_header="rlogid",
            spared=("/oauth2/token",),
            reads=("/search_by_image", "/check_compatibility"),
        ),
    ),
    stores=lambda: (
        EbayClock(),
        Listings(),
        Checkouts(),
        Quotas(),
        tokens.EbayTokens(),
        notification.SigningKeys(),
    ),
    pages=pages.router,
    control=control.router,
    summary=lambda state: f"{len(state.store(Listings).all())} listings",
    seed=seed,
)
