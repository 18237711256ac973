"""eBay's refusals: a status, and numbered errors in the words of its reference."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

BROWSE, OFFER, ORDER = "API_BROWSE", "API_OFFER", "API_ORDER"
TAXONOMY, NOTIFICATION, OAUTH, ACCESS = "API_TAXONOMY", "API_NOTIFICATION", "OAuth", "ACCESS"

Refusal = tuple[int, str, str]
"""HTTP status, domain, message."""

REFUSALS: dict[int, Refusal] = {
    1001: (401, OAUTH, "Invalid access token"),
    1002: (400, OAUTH, "Missing access token"),
    1100: (403, ACCESS, "Access denied"),
    2001: (429, ACCESS, "Too many requests."),
    2002: (404, ACCESS, "Resource not found"),
    11001: (404, BROWSE, "The specified item ID was not found."),
    11002: (404, BROWSE, "The specified item group was not found."),
    11003: (404, BROWSE, "The specified legacy item ID was not found."),
    11006: (400, BROWSE, "The legacy ID is invalid. Use the item group to get the details."),
    11010: (400, BROWSE, "A variation's SKU and its ID cannot be given in the same request."),
    11012: (400, BROWSE, "The specified item IDs are invalid."),
    11014: (400, BROWSE, "Item IDs and item group IDs cannot be used at the same time."),
    11015: (400, BROWSE, "The maximum number of item IDs has been exceeded; 20 are allowed."),
    11019: (400, BROWSE, "The quantity_for_shipping_estimate value is invalid."),
    11501: (400, BROWSE, "The 'fieldgroups' value(s) are invalid."),
    11503: (400, BROWSE, "The request is either empty or incomplete."),
    11505: (400, BROWSE, "The item is not valid for compatibility validation."),
    11506: (400, BROWSE, "A 'name' appears more than once in the request."),
    11507: (400, BROWSE, "A name in the request is not supported."),
    12001: (400, BROWSE, "The call must have a valid 'q', 'category_ids', 'epid' or 'gtin'."),
    12004: (400, BROWSE, "The 'offset' value cannot be negative."),
    12005: (400, BROWSE, "The 'offset' value must be an integer."),
    12006: (400, BROWSE, "The 'limit' value should be between 1 and 200 (inclusive)."),
    12007: (400, BROWSE, "The 'limit' value must be an integer value."),
    12029: (400, BROWSE, "The 'offset' value must be less than 10,000."),
    12501: (400, BROWSE, "The image data is empty, is not Base64 encoded, or is invalid."),
    12515: (400, BROWSE, "The 'offset' value must be zero or a multiple of the 'limit' value."),
    15001: (400, ORDER, "Missing field. Add the field and resubmit the call."),
    15002: (400, ORDER, "Invalid field. Correct the value and resubmit the call."),
    15003: (400, ORDER, "The checkout session requested does not exist."),
    15011: (409, ORDER, "You have exceeded the maximum number of line items."),
    15013: (409, ORDER, "The item is out of stock, or the quantity exceeds what is available."),
    15014: (409, ORDER, "The quantity submitted for this item is invalid."),
    15018: (409, ORDER, "The item is not available for purchase."),
    15026: (409, ORDER, "The item is not shippable to the specified shipping address."),
    15029: (400, ORDER, "The marketplace is not the one of this checkout session."),
    16002: (400, ORDER, "The purchase order ID was not found."),
    62002: (400, TAXONOMY, "Missing marketplace ID."),
    62003: (400, TAXONOMY, "The specified marketplace ID was not found."),
    62004: (404, TAXONOMY, "The specified category tree ID was not found."),
    62007: (400, TAXONOMY, "Missing keyword 'q'."),
    120001: (404, OFFER, "The item ID was not found. Check that this is an active auction."),
    120002: (409, OFFER, "The auction was ended because the item was purchased."),
    120003: (409, OFFER, "A seller cannot place a bid."),
    120005: (409, OFFER, "The bid price cannot be greater than the Buy It Now price."),
    120006: (409, OFFER, "You are not eligible to bid on this item due to seller restrictions."),
    120008: (409, OFFER, "The bid amount is too low."),
    120009: (409, OFFER, "The bid currency needs to match the item price currency."),
    120010: (409, OFFER, "You cannot lower your proxy bid."),
    120011: (400, OFFER, "The bid amount exceeds the limit."),
    120012: (409, OFFER, "The auction has ended."),
    120013: (400, OFFER, "The bid amount is missing or invalid."),
    120014: (400, OFFER, "The bid currency is invalid."),
    120015: (400, OFFER, "The X-EBAY-C-MARKETPLACE-ID header is missing."),
    120016: (400, OFFER, "The maximum bid amount is missing."),
    120017: (400, OFFER, "The Marketplace is not supported."),
    120033: (404, OFFER, "There is no bidding activity for this auction."),
    195001: (404, NOTIFICATION, "The specified key id is invalid."),
}
"""The refusals that are played; the numbers are those of each API's reference."""

WARNINGS: dict[int, str] = {
    11504: "Some compatibilityProperties are missing.",
    12002: "The filter value is invalid.",
    12008: "The 'sort' value is invalid.",
    12009: "The 'category_ids' query parameter is invalid.",
    12012: "To filter by price, a valid 'price' and a valid 'priceCurrency' are needed.",
    12017: "The 'aspect_filter' query parameter must include a categoryId.",
    12018: "The aspect_filter value is invalid.",
}

_LIMITED = "The request limit has been reached for the resource."


class EbayError(Exception):
    """A refusal by its number; ``parameters`` say what it is about."""

    def __init__(self, error_id: int, **parameters: str) -> None:
        self.error_id = error_id
        self.parameters = parameters
        super().__init__(error_id)


def warning(error_id: int, **parameters: str) -> dict[str, Any]:
    """Describe what was ignored in a request that was answered all the same."""
    return _detail(error_id, BROWSE, WARNINGS[error_id], parameters)


def error_answer(_request_id: str, error: EbayError) -> Response:
    """Build eBay's answer to a call that is refused."""
    status, domain, message = REFUSALS[error.error_id]
    return _answer(status, _detail(error.error_id, domain, message, error.parameters))


def fault_answer(
    _request_id: str, status: int | None, code: str | None, retry_after: str | None
) -> Response:
    """Answer a call that a fault was ordered for; its code is a number."""
    status = status or 500
    usual = {401: 1001, 403: 1100, 404: 2002, 429: 2001}.get(status, 2003)
    number = int(code) if code and code.isdecimal() else usual
    text = REFUSALS.get(number, (0, ACCESS, "Internal error"))
    answer = _answer(status, _detail(number, text[1], text[2], {}))
    if retry_after is not None:
        answer.headers["Retry-After"] = retry_after
    return answer


def _answer(status: int, detail: dict[str, Any]) -> Response:
    return JSONResponse({"errors": [detail]}, status_code=status)


def _detail(number: int, domain: str, message: str, parameters: dict[str, str]) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "errorId": number,
        "domain": domain,
        "category": "REQUEST" if number in REFUSALS or number in WARNINGS else "APPLICATION",
        "message": message,
        "longMessage": _LIMITED if number == 2001 else message,  # noqa: PLR2004
    }
    if parameters:
        detail["parameters"] = [{"name": n, "value": v} for n, v in parameters.items()]
    return detail
