"""The object store: photos and files by key, in a local folder, S3 or R2."""

from __future__ import annotations

from typing import Protocol

from obstore.store import from_url

from hotrod.settings import Settings


class ObjectStore(Protocol):
    """Bytes by key; keys are paths with forward slashes."""

    async def put(self, key: str, data: bytes) -> None:
        """Write the object; an existing one is replaced."""

    async def get(self, key: str) -> bytes:
        """Return the object's bytes; FileNotFoundError when there is none."""


class ObstoreObjects:
    """The object store over obstore (Apache Arrow's object_store)."""

    def __init__(self, url: str) -> None:
        self._store = from_url(url)

    @classmethod
    def connect(cls, settings: Settings) -> ObstoreObjects:
        """Return the store that the settings name; a local folder is made when missing."""
        if settings.objects.url is not None:
            return cls(settings.objects.url)
        folder = settings.home / "objects"
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder.as_uri())

    async def put(self, key: str, data: bytes) -> None:
        """Write the object; an existing one is replaced."""
        await self._store.put_async(key, data)

    async def get(self, key: str) -> bytes:
        """Return the object's bytes.

        Raises:
            FileNotFoundError: there is no object with this key.
        """
        result = await self._store.get_async(key)
        return bytes(await result.bytes_async())
