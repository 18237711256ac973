"""The object store as the business sees it; ``connectors.objects`` reaches it."""

from __future__ import annotations

from typing import Protocol


class ObjectStore(Protocol):
    """Bytes by key; keys are paths with forward slashes."""

    async def put(self, key: str, data: bytes) -> None:
        """Write the object; an existing one is replaced."""

    async def get(self, key: str) -> bytes:
        """Return the object's bytes; an error of the store when there is none."""
