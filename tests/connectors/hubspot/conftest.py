from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.retry import RetryPolicy
from connectors.hubspot.client import HubSpotClient

NOW = "2026-11-21T10:00:00.000Z"


@pytest.fixture
async def make(retry: RetryPolicy) -> AsyncIterator[Callable[..., HubSpotClient]]:
    """Make a client for a URL; it keeps no pace, and doesn't wait."""
    made: list[HubSpotClient] = []

    def make(url: str, timeout_seconds: float = 5.0) -> HubSpotClient:
        hubspot = HubSpotClient(
            base_url=f"{url}/",
            access_token=SecretStr("pat-hunter2"),
            timeout_seconds=timeout_seconds,
            shared=Shared(),
            searches=Shared(),
            retry=retry,
        )
        made.append(hubspot)
        return hubspot

    yield make
    for hubspot in made:
        await hubspot.aclose()


@pytest.fixture
def hubspot(server: Any, make: Callable[..., HubSpotClient]) -> HubSpotClient:
    return make(server.url)


@pytest.fixture
def shown() -> Callable[..., dict[str, object]]:
    """Build an object as HubSpot shows it."""

    def show(object_id: str = "1", **more: object) -> dict[str, object]:
        times = {"createdAt": NOW, "updatedAt": NOW}
        return {"id": object_id, "properties": {}, **times, **more}

    return show


@pytest.fixture
def batch() -> Callable[..., dict[str, object]]:
    """Build the answer to a batch."""

    def answer(*results: object, **more: object) -> dict[str, object]:
        times = {"startedAt": NOW, "completedAt": NOW}
        return {"status": "COMPLETE", "results": list(results), **times, **more}

    return answer


@pytest.fixture
def sent(server: Any) -> Callable[[int], Any]:
    """Return the body of a request that arrived, e.g. 0: of the first."""
    return lambda place: json.loads(server.seen[place].body)
