"""What is known of stored objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ObjectInfo:
    """An object without its bytes.

    Args:
        key: by which it is found, below the store's prefix.
        size_bytes: how large it is.
        modified_at: when it was written.
        etag: changes with the bytes; it isn't always their MD5.
    """

    key: str
    size_bytes: int
    modified_at: datetime
    etag: str


@dataclass(frozen=True)
class ObjectHead(ObjectInfo):
    """An object without its bytes, asked for by itself.

    Args:
        content_type: as it was written; a folder tells it by the end of the key.
    """

    content_type: str
