"""Who we are at eBay: one keyset, three kinds of tokens; and the headers of every call.

Each kind is got by itself, because eBay refuses a token as a whole when one of its scopes was
not granted: an application without approval for orders still searches.

Source: https://developer.ebay.com/api-docs/static/oauth-tokens.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from pydantic import SecretStr

from connectors._http.auth import OAuthTokens
from connectors._http.calls import Shared
from connectors._http.client import ServiceClient
from connectors._http.errors import Cures
from connectors._http.limits import Limiter
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.ebay.errors import TABLE, read_problem

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


@dataclass(frozen=True, kw_only=True)
class Access:
    """How a client reaches eBay: with the tokens of one scope.

    Args:
        account: name of the tokens in the shared store.
        scope: what they are for.
        base_url: root of the token service.
        client_id: App ID of the keyset.
        client_secret: Cert ID of the keyset.
        refresh_token: a user's grant; None: the application acts by itself.
        timeout_seconds: longest wait for an answer.
        cures: sentences for ops.
        shared: with the other processes.
        retry: when calls are tried again.
    """

    account: str
    scope: str
    base_url: str
    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr | None = None
    timeout_seconds: float
    cures: Cures
    shared: Shared | None
    retry: RetryPolicy | None

    def tokens(self) -> OAuthTokens:
        """Return the tokens."""
        return OAuthTokens(
            self.account,
            self.base_url,
            TOKEN_PATH,
            client_id=self.client_id,
            client_secret=self.client_secret,
            refresh_token=self.refresh_token,
            scope=self.scope,
            by_header=True,
            timeout_seconds=self.timeout_seconds,
            cures=self.cures,
            shared=self.shared,
            retry=self.retry,
        )

    def client(
        self, tokens: OAuthTokens, url: str, limiter: Limiter | None = None
    ) -> ServiceClient:
        """Return a client of the APIs below a URL, at the pace of a limiter."""
        secrets = [self.client_secret, *([self.refresh_token] if self.refresh_token else [])]
        return ServiceClient(
            self.account,
            url,
            timeout_seconds=self.timeout_seconds,
            tokens=tokens,
            table=TABLE,
            cures=self.cures,
            read_problem=read_problem,
            redact=Redactor(secrets),
            request_id="rlogid",
            shared=replace(self.shared or Shared(), limiter=limiter),
            retry=self.retry,
        )
