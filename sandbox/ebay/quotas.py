"""How many calls a day each of eBay's APIs takes, and Developer Analytics that tells it.

Source: eBay, "API call limits" and Analytics API, getRateLimits. The days begin at midnight of
the West Coast; daylight saving is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from sandbox.ebay.clock import EbayClock, written
from sandbox.ebay.errors import EbayError
from sandbox.ebay.tokens import PUBLIC, needs
from sandbox.state import State

DAY = timedelta(days=1)
_MIDNIGHT_UTC = timedelta(hours=7)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC) + _MIDNIGHT_UTC

_RESOURCES = {
    ("buy", "browse", "v1"): ("buy.browse", "buy.browse.item.bulk"),
    ("buy", "offer", "v1_beta"): ("buy.offer",),
    ("buy", "order", "v2"): ("buy.order",),
    ("commerce", "taxonomy", "v1"): ("commerce.taxonomy",),
    ("commerce", "notification", "v1"): ("commerce.notification",),
}
LIMITS = {name: 5000 for names in _RESOURCES.values() for name in names}

router = APIRouter(dependencies=[Depends(needs(PUBLIC))])


class Quotas:
    """The calls of the day, by resource."""

    def __init__(self) -> None:
        self.limits = dict(LIMITS)
        self._used = Counter[str]()
        self._day = 0

    def take(self, resource: str, now: datetime) -> None:
        """Count a call.

        Raises:
            EbayError: the day's calls are used up.
        """
        if self.left(resource, now) < 1:
            raise EbayError(2001)
        self._used[resource] += 1

    def left(self, resource: str, now: datetime) -> int:
        """Return how many calls are left today."""
        if (day := (now - _EPOCH) // DAY) != self._day:
            self._used.clear()
            self._day = day
        return max(0, self.limits[resource] - self._used[resource])

    def use_up(self, resource: str, left: int, now: datetime) -> None:
        """Leave so many calls of the day."""
        self.left(resource, now)
        self._used[resource] = self.limits[resource] - left

    def clear(self) -> None:
        """Begin the day anew, with the usual limits."""
        self._used.clear()
        self.limits = dict(LIMITS)


def counted(resource: str) -> Callable[[State], Awaitable[None]]:
    """Return a dependency that counts a call."""

    async def count(state: State) -> None:
        state.store(Quotas).take(resource, state.store(EbayClock).now())

    return count


@router.get("/rate_limit/")
async def get_rate_limits(request: Request, state: State) -> Response:
    """Tell what is left of the day's calls."""
    now, quotas = state.store(EbayClock).now(), state.store(Quotas)
    name, context = (request.query_params.get(key) for key in ("api_name", "api_context"))
    found = [
        {
            "apiContext": api[0],
            "apiName": api[1],
            "apiVersion": api[2],
            "resources": [_resource(quotas, one, now) for one in resources],
        }
        for api, resources in _RESOURCES.items()
        if context in (None, api[0]) and (name is None or name.lower() == api[1])
    ]
    return JSONResponse({"rateLimits": found}) if found else Response(status_code=204)


def _resource(quotas: Quotas, name: str, now: datetime) -> dict[str, Any]:
    left, limit = quotas.left(name, now), quotas.limits[name]
    rate = {
        "count": limit - left,
        "limit": limit,
        "remaining": left,
        "reset": written(_EPOCH + ((now - _EPOCH) // DAY + 1) * DAY),
        "timeWindow": int(DAY.total_seconds()),
    }
    return {"name": name, "rates": [rate]}
