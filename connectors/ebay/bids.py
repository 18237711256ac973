"""Calls of the Offer API: proxy bids of the user who granted us to bid.

Source: https://developer.ebay.com/api-docs/buy/offer/overview.html (Limited Release: eBay must
have approved the application).
"""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from urllib.parse import quote

from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.errors import ServiceNotFoundError
from connectors._http.retry import RetryPolicy
from connectors.ebay.auth import AUCTION, Access, Buyer, headers_of
from connectors.ebay.errors import BID_CURES, NoBidsError
from connectors.ebay.models import Bidding, PlacedBid, ProxyBid

ACCOUNT = "ebay.user"

_NOWHERE = "v1|0|0"


class EbayBids:
    """Bids as a user. eBay has no key against repeats: look an unknown outcome up.

    Args:
        base_url: root of the APIs and of the token service.
        client_id: App ID of the keyset.
        client_secret: Cert ID of the keyset.
        refresh_token: the user's grant, with ``buy.offer.auction``.
        marketplace: where the user buys, e.g. ``EBAY_CA``.
        timeout_seconds: longest wait for an answer.
        shared: with the other processes that bid as this user; its limiter is not used, bids don't
            wait for searches.
        retry: when lookups are tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        client_id: str,
        client_secret: SecretStr,
        refresh_token: SecretStr,
        marketplace: str,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        access = Access(
            account=ACCOUNT,
            scope=AUCTION,
            base_url=base_url,
            client_id=client_id,
            client_secret=client_secret,
            refresh_token=refresh_token,
            timeout_seconds=timeout_seconds,
            cures=BID_CURES,
            shared=shared,
            retry=retry,
        )
        self._tokens = access.tokens()
        self._offer = access.client(self._tokens, base_url)
        self._headers = headers_of(marketplace, Buyer())

    async def get_bidding(self, item_id: str) -> Bidding:
        """Return how an auction stands in which we have bid.

        Raises:
            NoBidsError: we have not bid in it.
            ServiceNotFoundError: there is no such auction.
            ConnectorError: as classified, see ``errors``.
        """
        return await self._offer.fetch(
            Bidding, "get_bidding", "GET", _path(item_id), headers=self._headers
        )

    async def place_proxy_bid(self, item_id: str, most: Decimal, currency: str) -> PlacedBid:
        """Let eBay bid for us up to a maximum; it can be raised later, never lowered.

        Args:
            item_id: of the auction.
            most: what we would pay at most, without shipping.
            currency: the seller's, not the marketplace's.

        Raises:
            UnknownOutcomeError: it may stand; ``find_proxy_bid`` tells.
            AuctionEndedError: it is too late.
            BidTooLowError: it is below the next step, or below our maximum so far.
            MayNotBidError: this user can't bid here.
            ConnectorError: it was not placed, for the reason that the class says.
        """
        return await self._offer.fetch(
            PlacedBid,
            "place_proxy_bid",
            "POST",
            f"{_path(item_id)}/place_proxy_bid",
            headers=self._headers,
            json={"maxAmount": {"value": f"{most:.2f}", "currency": currency}},
        )

    async def find_proxy_bid(self, item_id: str, most: Decimal) -> ProxyBid | None:
        """Look up whether a bid stands; None: no bid of ours is that high.

        Raises:
            ConnectorError: it can't be told, for the reason that the class says.
        """
        try:
            ours = (await self.get_bidding(item_id)).current_proxy_bid
        except NoBidsError:
            return None
        return ours if ours.max_amount.value >= most else None

    async def ping(self) -> None:
        """Ask for an auction that can't be: only who may bid is told that it isn't there.

        Raises:
            ConnectorError: eBay is not reached, or does not take the user's grant.
        """
        with suppress(ServiceNotFoundError):
            await self._offer.send("ping", "GET", _path(_NOWHERE), headers=self._headers)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._offer.aclose()
        await self._tokens.aclose()


def _path(item_id: str) -> str:
    return f"/buy/offer/v1_beta/bidding/{quote(item_id, safe='')}"
