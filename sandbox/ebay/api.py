"""What the APIs read of a request: its site, its body; and what they answer when nothing fits."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request

from sandbox.ebay.errors import EbayError
from sandbox.ebay.money import MARKETPLACES, USUAL, Marketplace

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
SITE_HEADER = "x-ebay-c-marketplace-id"

rest = APIRouter()


@rest.api_route("/{_path:anything}", methods=METHODS)
async def unknown(_path: str) -> None:
    """Refuse what is not played here."""
    raise EbayError(2002)


def site_of(request: Request) -> Marketplace:
    """Return the site that is asked; where none is named, or an unknown one, it is the US's."""
    return MARKETPLACES.get(request.headers.get(SITE_HEADER, ""), USUAL)


def root_of(request: Request) -> str:
    """Return the URL below which eBay is played."""
    return f"{request.base_url}ebay"


async def body_of(request: Request, error: int) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        EbayError: with this number, the body isn't one.
    """
    try:
        body = json.loads(await request.body(), parse_constant=_refuse_constant)
        json.dumps(body, ensure_ascii=False).encode()  # halves of characters can't be answered
    except (ValueError, RecursionError):
        raise EbayError(error) from None
    if not isinstance(body, dict):
        raise EbayError(error)
    return body


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def whole_number(value: object, least: int, most: int) -> int | None:
    """Return a whole number of a range; None: it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if least <= value <= most and value == int(value) else None
