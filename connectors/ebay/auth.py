"""Who we are at eBay: one keyset, three kinds of tokens; and the headers of every call.

Each kind is got by itself, because eBay refuses a token as a whole when one of its scopes was
not granted: an application without approval for orders still searches.

Source: https://developer.ebay.com/api-docs/static/oauth-tokens.html
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from pydantic import SecretStr

from connectors._http.auth import OAuthTokens
from connectors._http.calls import Shared
from connectors._http.client import Cures
from connectors._http.retry import RetryPolicy

PUBLIC = "https://api.ebay.com/oauth/api_scope"
AUCTION = f"{PUBLIC}/buy.offer.auction"
GUEST_ORDER = f"{PUBLIC}/buy.guest.order"

TOKEN_PATH = "/identity/v1/oauth2/token"  # noqa: S105


@dataclass(frozen=True)
class Buyer:
    """Where the buyer is and what they read; eBay estimates delivery by it.

    Args:
        country: two letters; empty: the marketplace's own.
        postal_code: of the delivery.
        language: e.g. ``fr-CA``; empty: the marketplace's own.
    """

    country: str = ""
    postal_code: str = ""
    language: str = ""


def headers_of(marketplace: str, buyer: Buyer) -> dict[str, str]:
    """Return the headers that say who buys where."""
    headers = {"X-EBAY-C-MARKETPLACE-ID": marketplace}
    if buyer.country:
        zip_code = f",zip={buyer.postal_code}" if buyer.postal_code else ""
        place = quote(f"country={buyer.country}{zip_code}", safe="")
        headers["X-EBAY-C-ENDUSERCTX"] = f"contextualLocation={place}"
    if buyer.language:
        headers["Accept-Language"] = buyer.language
    return headers


def tokens_for(
    account: str,
    scope: str,
    *,
    base_url: str,
    client_id: str,
    client_secret: SecretStr,
    refresh_token: SecretStr | None,
    timeout_seconds: float,
    cures: Cures,
    shared: Shared | None,
    retry: RetryPolicy | None,
) -> OAuthTokens:
    """Return the tokens of a scope: a user's with a refresh token, else the application's."""
    return OAuthTokens(
        account,
        base_url,
        TOKEN_PATH,
        client_id=client_id,
        client_secret=client_secret,
        refresh_token=refresh_token,
        scope=scope,
        by_header=True,
        timeout_seconds=timeout_seconds,
        cures=cures,
        shared=shared,
        retry=retry,
    )
