"""Buckets and the objects in them."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

FIRST_BUCKET = "sandbox"


def etag_of(content: bytes) -> str:
    """Return the entity tag of what was uploaded at once, without quotes."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class StoredObject:
    """Bytes under a key.

    Args:
        content: the bytes.
        headers: that come back with them, content type and user metadata among them.
        etag: their entity tag, without quotes.
        modified_at: when they were written.
    """

    content: bytes
    headers: Mapping[str, str]
    etag: str
    modified_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def content_type(self) -> str:
        """What the bytes are."""
        return self.headers.get("content-type", "binary/octet-stream")


@dataclass(slots=True)
class Upload:
    """An object that arrives in parts, which become visible together."""

    key: str
    headers: Mapping[str, str]
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Bucket:
    """Objects by key, and what is still under way."""

    name: str
    objects: dict[str, StoredObject] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def put(self, key: str, content: bytes, headers: Mapping[str, str]) -> StoredObject:
        """Write an object; one that is there is replaced."""
        stored = StoredObject(content, headers, etag_of(content))
        self.objects[key] = stored
        return stored


class Buckets:
    """The buckets of the account; the first one is always there."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}
        self._serial = itertools.count(1)
        self.clear()

    def get(self, name: str) -> Bucket | None:
        """Return a bucket; None: there is none of this name."""
        return self._buckets.get(name)

    def create(self, name: str) -> Bucket:
        """Add an empty bucket, under a name that none has yet."""
        self._buckets[name] = Bucket(name)
        return self._buckets[name]

    def remove(self, name: str) -> None:
        """Remove a bucket with all that is in it."""
        del self._buckets[name]

    def all(self) -> list[Bucket]:
        """Return all buckets, ordered by name."""
        return [self._buckets[name] for name in sorted(self._buckets)]

    def new_upload_id(self) -> str:
        """Return an id that no other upload has."""
        return f"upload-{next(self._serial):08d}"

    def clear(self) -> None:
        """Forget all, and begin with one empty bucket."""
        self._buckets = {FIRST_BUCKET: Bucket(FIRST_BUCKET)}
