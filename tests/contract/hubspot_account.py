"""An account at HubSpot's stand-in, through our connector."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import SecretStr

from connectors.hubspot.client import HubSpotClient

TOKEN = "sandbox-token"

Kind = TypeVar("Kind")


def hubspot_client(stand_ins: Any, token: str = TOKEN, **more: Any) -> HubSpotClient:
    return HubSpotClient(
        base_url=f"{stand_ins.url}/hubspot",
        access_token=SecretStr(token),
        timeout_seconds=10.0,
        **more,
    )


def store(stand_ins: Any, kind: type[Kind]) -> Kind:
    found: Kind = stand_ins.sandbox.state.store(kind)
    return found


async def calls(stand_ins: Any, part: str) -> int:
    return sum(part in call["path"] for call in await stand_ins.calls("hubspot"))
