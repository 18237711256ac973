"""The error table of eBay, with cures for ops."""

from __future__ import annotations

import httpx
from pydantic import BaseModel, Field

from connectors._http.errors import (
    Cures,
    ErrorTable,
    NeedsReauthError,
    Problem,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    UnknownOutcomeError,
)


class NoBidsError(ServiceNotFoundError):
    """We have not bid in this auction."""

    default_cure = "Place a bid first; only then eBay tells how the auction stands for us."


class AuctionEndedError(RejectedError):
    """The auction is over, by its time or by a sale."""

    default_cure = "Look for another listing of the same part; this one takes no more bids."


class BidTooLowError(RejectedError):
    """The bid is below the next step, or below our own maximum."""

    default_cure = "Bid more than the item's minimumPriceToBid and our own maximum, or let it go."


class MayNotBidError(RejectedError):
    """The seller, eBay, or a missing consent keeps this account from bidding."""

    default_cure = "Open the listing on eBay as the bidding user, and do what it asks for."


class NotForSaleError(RejectedError):
    """It is sold out, ended, or not sold in this way."""

    default_cure = "Look for another listing of the same part."


_MAY_NOT_BID = ("120003", "120004", "120006", *map(str, range(120019, 120033)))

TABLE: ErrorTable = {
    "1001": NeedsReauthError,
    "1002": NeedsReauthError,
    "1100": NeedsReauthError,
    "2001": RateLimitedError,
    "2002": ServiceNotFoundError,
    "11001": ServiceNotFoundError,
    "11002": ServiceNotFoundError,
    "11003": ServiceNotFoundError,
    "11004": NotForSaleError,
    "15003": ServiceNotFoundError,
    "15013": NotForSaleError,
    "15018": NotForSaleError,
    "15053": NotForSaleError,
    "15025": NeedsReauthError,
    "16002": ServiceNotFoundError,
    "16003": NeedsReauthError,
    "62003": ServiceNotFoundError,
    "62004": ServiceNotFoundError,
    "195001": ServiceNotFoundError,
    **dict.fromkeys(_MAY_NOT_BID, MayNotBidError),
    "120001": ServiceNotFoundError,
    "120002": AuctionEndedError,
    "120008": BidTooLowError,
    "120010": BidTooLowError,
    "120012": AuctionEndedError,
    "120024": NotForSaleError,
    "120033": NoBidsError,
}
"""Numbers of eBay's errors; all others go by their status, and 400 and 409 are refusals.

Source: the error tables of each API's reference, and "Using eBay RESTful APIs", common errors
(1001, 1002, 1100, 2001, 2002). The same thing missing is 400 from one API and 404 from another:
the number says which it is.
"""

CURES: Cures = {
    NeedsReauthError: (
        "Check HOTROD_EBAY__CLIENT_ID and HOTROD_EBAY__CLIENT_SECRET against the keyset at "
        "developer.ebay.com, and that the keyset is enabled there."
    ),
    RateLimitedError: (
        "It goes on when the day's calls begin anew; for more calls a day, ask eBay for an "
        "application growth check and set HOTROD_EBAY__CALLS_PER_DAY."
    ),
    ServiceNotFoundError: (
        "The listing may be over; otherwise check HOTROD_EBAY__BASE_URL and "
        "HOTROD_EBAY__MARKETPLACE."
    ),
}

BID_CURES: Cures = {
    **CURES,
    NeedsReauthError: (
        "Let the bidding user grant buy.offer.auction again and set HOTROD_EBAY__REFRESH_TOKEN; "
        "eBay must have approved the application for the Offer API."
    ),
    UnknownOutcomeError: (
        "Look on eBay, or by find_proxy_bid, whether the bid stands before it is placed again."
    ),
}

ORDER_CURES: Cures = {
    **CURES,
    NeedsReauthError: (
        "Check HOTROD_EBAY__CLIENT_ID and HOTROD_EBAY__CLIENT_SECRET; eBay must have approved the "
        "application for the Order API (buy.guest.order). Until then, buy by the item's link."
    ),
    UnknownOutcomeError: "Begin another checkout: nothing is bought before the buyer has paid.",
}


class _Detail(BaseModel):
    errorId: int = 0  # noqa: N815 - eBay's name
    message: str = ""


class _Errors(BaseModel):
    errors: list[_Detail] = Field(min_length=1)


def read_problem(response: httpx.Response) -> Problem:
    """Read number and text of the first error; its parameters repeat what was sent."""
    try:
        first = _Errors.model_validate_json(response.content).errors[0]
    except ValueError:
        return Problem()
    return Problem(str(first.errorId) if first.errorId else "", first.message)
