"""Calls of the Browse, Taxonomy, Analytics and Notification APIs, as an application."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

from pydantic import SecretStr

from connectors._http.batch import Outcome, batch_execute
from connectors._http.cache import AnswerCache
from connectors._http.calls import Shared
from connectors._http.errors import ConnectorError, RateLimitedError, ServiceNotFoundError
from connectors._http.limits import Limiters, MemoryLimiter, Rate
from connectors._http.paging import Page, items, pages
from connectors._http.retry import RetryPolicy
from connectors.ebay.auth import PUBLIC, Access, Buyer, headers_of
from connectors.ebay.errors import CURES
from connectors.ebay.models import (
    Category,
    Compatibility,
    Item,
    Items,
    ItemSummary,
    PublicKey,
    Quota,
    RateLimits,
    SearchAnswer,
    Suggestions,
    Tree,
)
from connectors.ebay.search import DEEPEST, ImageSearch, Search

SERVICE = "ebay"

_HOURS = 24


def share_of(calls_per_day: int) -> Rate:
    """Return the pace of a day's quota: each hour its share.

    As ``Rate(5000, 86400)``, one loop gone wild would take the whole day's calls from everybody;
    so no hour takes more than a day can give, and what one run takes is back within an hour.
    """
    return Rate(max(1, calls_per_day // _HOURS), 3600.0)


RATE = share_of(5000)
"""Browse: 5,000 calls a day. Source: https://developer.ebay.com/develop/get-started/api-call-limits"""

PACE = Rate(5, 1.0)
"""Our own: eBay states no limit by the second, and asks for calls that are spread."""

_BROWSE = "/buy/browse/v1"
_KEY_SECONDS = 3600.0
_RESOURCE = "buy.browse"

Result = TypeVar("Result")


class EbayClient:
    """Searches eBay and reads items, as an application: no user is needed.

    Args:
        base_url: root of the APIs and of the token service.
        client_id: App ID of the keyset.
        client_secret: Cert ID of the keyset.
        marketplace: that is searched, e.g. ``EBAY_CA``.
        timeout_seconds: longest wait for an answer.
        buyer: where things are delivered to.
        shared: with the other processes; its limiter keeps Browse's quota, see ``RATE``.
        retry: when calls are tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        client_id: str,
        client_secret: SecretStr,
        marketplace: str,
        timeout_seconds: float,
        buyer: Buyer | None = None,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        shared = shared or Shared()
        access = Access(
            account=SERVICE,
            scope=PUBLIC,
            base_url=base_url,
            client_id=client_id,
            client_secret=client_secret,
            timeout_seconds=timeout_seconds,
            cures=CURES,
            shared=shared,
            retry=retry,
        )
        self._limiter = Limiters(shared.limiter or MemoryLimiter(RATE), MemoryLimiter(PACE))
        self._tokens = access.tokens()
        self._browse = access.client(self._tokens, base_url, self._limiter)
        self._ebay = access.client(self._tokens, base_url)
        self._headers = headers_of(marketplace, buyer or Buyer())
        self._marketplace = marketplace
        self._keys = AnswerCache[PublicKey](seconds=_KEY_SECONDS)

    def search(self, search: Search) -> AsyncIterator[ItemSummary]:
        """Yield what a search finds, up to 10,000 items; pages are asked for when needed.

        Raises:
            RateLimitedError: the day's calls are used up; it says when they begin anew.
            ConnectorError: as classified, see ``errors``.
        """
        return items(self.search_pages(search))

    def search_pages(self, search: Search) -> AsyncIterator[Page[ItemSummary]]:
        """Yield a search page by page, see ``search``; each page costs a call."""

        async def fetch(offset: int) -> SearchAnswer:
            return await self._browse.fetch(
                SearchAnswer,
                "search",
                "GET",
                f"{_BROWSE}/item_summary/search",
                params=search.parameters(offset),
                headers=self._headers,
            )

        return self._pages("search", fetch, search.page_size)

    def search_by_image(self, search: ImageSearch) -> AsyncIterator[ItemSummary]:
        """Yield what looks like an image, the most alike first; raises as ``search``."""
        body = {"image": b64encode(search.image).decode()}

        async def fetch(offset: int) -> SearchAnswer:
            return await self._browse.fetch(
                SearchAnswer,
                "search_by_image",
                "POST",
                f"{_BROWSE}/item_summary/search_by_image",
                params=search.parameters(offset),
                headers=self._headers,
                json=body,
                safe=True,
            )

        return items(self._pages("search_by_image", fetch, search.page_size))

    async def get_item(self, item_id: str) -> Item:
        """Return an item by its id, e.g. ``v1|265123456789|0``.

        Raises:
            ServiceNotFoundError: there is no such item.
            ConnectorError: as classified.
        """
        return await self._within_quota(
            lambda: self._browse.fetch(
                Item,
                "get_item",
                "GET",
                f"{_BROWSE}/item/{quote(item_id, safe='')}",
                headers=self._headers,
            )
        )

    async def get_items(self, item_ids: Sequence[str]) -> list[Outcome[str, Item]]:
        """Return many items by their ids; each costs a call, and succeeds or fails by itself."""
        return await batch_execute(item_ids, self.get_item)

    async def get_item_by_legacy_id(self, legacy_item_id: str, variation_id: str = "") -> Item:
        """Return an item by its number on the site; raises as ``get_item``.

        Args:
            legacy_item_id: the number in the item's address.
            variation_id: of a listing with variations; without it, eBay refuses those.
        """
        query = {"legacy_item_id": legacy_item_id}
        if variation_id:
            query["legacy_variation_id"] = variation_id
        return await self._within_quota(
            lambda: self._browse.fetch(
                Item,
                "get_item_by_legacy_id",
                "GET",
                f"{_BROWSE}/item/get_item_by_legacy_id",
                params=query,
                headers=self._headers,
            )
        )

    async def get_items_by_item_group(self, item_group_id: str) -> list[Item]:
        """Return the variations of a listing; raises as ``get_item``."""
        answer = await self._within_quota(
            lambda: self._browse.fetch(
                Items,
                "get_items_by_item_group",
                "GET",
                f"{_BROWSE}/item/get_items_by_item_group",
                params={"item_group_id": item_group_id},
                headers=self._headers,
            )
        )
        return answer.items

    async def check_compatibility(
        self, item_id: str, properties: Mapping[str, str]
    ) -> Compatibility:
        """Tell whether a part fits a vehicle; eBay knows it of no other things.

        Args:
            item_id: of the part.
            properties: of the vehicle, e.g. Year, Make, Model.

        Raises:
            RejectedError: the part is none of a vehicle, or a property has no such name.
            ConnectorError: as classified.
        """
        pairs = [{"name": name, "value": value} for name, value in properties.items()]
        return await self._within_quota(
            lambda: self._browse.fetch(
                Compatibility,
                "check_compatibility",
                "POST",
                f"{_BROWSE}/item/{quote(item_id, safe='')}/check_compatibility",
                headers=self._headers,
                json={"compatibilityProperties": pairs},
                safe=True,
            )
        )

    async def suggest_categories(self, words: str) -> list[Category]:
        """Return the categories that words may mean, the likeliest first.

        Raises:
            ConnectorError: as classified.
        """
        taxonomy = "/commerce/taxonomy/v1"
        tree = await self._ebay.fetch(
            Tree,
            "suggest_categories",
            "GET",
            f"{taxonomy}/get_default_category_tree_id",
            params={"marketplace_id": self._marketplace},
        )
        path = f"{taxonomy}/category_tree/{quote(tree.category_tree_id, safe='')}"
        response = await self._ebay.send(
            "suggest_categories", "GET", f"{path}/get_category_suggestions", params={"q": words}
        )
        if not response.content:
            return []
        found = self._ebay.read(Suggestions, "suggest_categories", response)
        return [one.category for one in found.category_suggestions]

    async def get_quota(self) -> Quota:
        """Return what is left of the day's Browse calls; our pace goes by its limit from now on.

        Raises:
            ServiceNotFoundError: eBay tells no limit for this application.
            ConnectorError: as classified.
        """
        limits = await self._rate_limits("get_quota")
        found = [
            rate
            for api in limits.rate_limits
            for resource in api.resources
            if resource.name == _RESOURCE
            for rate in resource.rates
        ]
        if not found:
            raise self._ebay.error(ServiceNotFoundError, "get_quota", "it told no limit of Browse")
        quota = min(found, key=lambda rate: rate.remaining)
        await self._limiter.learn(share_of(quota.limit))
        return quota

    async def get_public_key(self, key_id: str) -> PublicKey:
        """Return the key that a delivery is verified with, see ``webhook``; kept for an hour.

        Raises:
            ServiceNotFoundError: eBay has no such key: the delivery isn't eBay's.
            ConnectorError: as classified.
        """

        async def ask() -> PublicKey:
            return await self._ebay.fetch(
                PublicKey,
                "get_public_key",
                "GET",
                f"/commerce/notification/v1/public_key/{quote(key_id, safe='')}",
            )

        return await self._keys.get(key_id, ask)

    async def ping(self) -> None:
        """Ask for our limits, which costs none of Browse's calls.

        Raises:
            ConnectorError: eBay is not reached, or does not take the keyset.
        """
        await self._rate_limits("ping")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._browse.aclose()
        await self._ebay.aclose()
        await self._tokens.aclose()

    async def _rate_limits(self, operation: str) -> RateLimits:
        response = await self._ebay.send(
            operation,
            "GET",
            "/developer/analytics/v1_beta/rate_limit/",
            params={"api_context": "buy", "api_name": "browse"},
        )
        if not response.content:
            return RateLimits()
        return self._ebay.read(RateLimits, operation, response)

    def _pages(
        self, operation: str, fetch: Callable[[int], Awaitable[SearchAnswer]], page_size: int
    ) -> AsyncIterator[Page[ItemSummary]]:
        async def page(cursor: str | None) -> Page[ItemSummary]:
            offset = int(cursor or 0)
            answer = await self._within_quota(lambda: fetch(offset))
            after = offset + page_size
            more = answer.next is not None and after < DEEPEST
            return Page(answer.item_summaries, str(after) if more else None)

        return pages(SERVICE, operation, page)

    async def _within_quota(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """Make a call; when it is one too many, find out until when.

        eBay's 429 has no Retry-After: Analytics tells when the quota begins anew.
        """
        try:
            return await call()
        except RateLimitedError as error:
            if error.retry_after_seconds is not None:
                raise
            raise await self._with_wait(error) from None

    async def _with_wait(self, error: RateLimitedError) -> ConnectorError:
        try:
            quota = await self.get_quota()
        except ConnectorError:
            return error
        if quota.remaining > 0:
            return error
        wait = max((quota.reset - datetime.now(UTC)).total_seconds(), 0.0)
        await self._limiter.pause(wait)
        return self._ebay.error(
            RateLimitedError,
            error.operation,
            f"the day's {quota.limit} calls are used up until {quota.reset:%H:%M} UTC",
            wait,
        )
