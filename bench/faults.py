"""Faults of the services that we depend on, played by the stand-ins for some seconds."""

from __future__ import annotations

import random
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict

_SHARE = 0.5  # of the calls that fail while a window is open
_SLOW_SECONDS = 1.0
_DRAWN: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # Mail matters most: a mail whose acceptance is lost must not be sent again.
    ("graph", "drop_after_accept", {}),
    ("graph", "drop_after_accept", {}),
    ("graph", "reset", {}),
    ("graph", "slow", {"seconds": _SLOW_SECONDS}),
    ("graph", "rate_limit", {"retry_after": 2}),
    ("graph", "error", {"status": 500}),
    ("graph", "error", {"status": 503}),
    ("claude", "rate_limit", {"retry_after": 2}),
    ("claude", "error", {"status": 529}),
    ("claude", "slow", {"seconds": _SLOW_SECONDS}),
    ("slack", "drop_after_accept", {}),
    ("slack", "error", {"status": 500}),
)


class Fault(BaseModel):
    """What the stand-ins' control API is told; see ``POST /_control/faults``."""

    model_config = ConfigDict(frozen=True)

    service: str
    kind: str
    probability: float
    seed: int
    seconds: float | None = None
    status: int | None = None
    retry_after: float | None = None

    def __str__(self) -> str:
        return f"{self.service} {self.kind}" + (f" {self.status}" if self.status else "")


def draw_fault(dice: random.Random) -> Fault:
    """Return a fault that strikes half of a service's calls."""
    service, kind, details = dice.choice(_DRAWN)
    return Fault(
        service=service,
        kind=kind,
        probability=_SHARE,
        seed=dice.randrange(1_000_000),
        **details,
    )


async def order_fault(client: httpx.AsyncClient, fault: Fault) -> bool:
    """Order a fault; False when the stand-ins can't be reached, which is a fault by itself."""
    try:
        answer = await client.post("/_control/faults", json=fault.model_dump(exclude_none=True))
    except httpx.TransportError:
        return False
    answer.raise_for_status()
    return True


async def clear_faults(client: httpx.AsyncClient) -> bool:
    """Let nothing fail any more; False when the stand-ins can't be reached: they forget all."""
    try:
        answer = await client.delete("/_control/faults")
    except httpx.TransportError:
        return False
    answer.raise_for_status()
    return True
