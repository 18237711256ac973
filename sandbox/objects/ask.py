"""A request whose sender is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.objects.errors import S3Error
from sandbox.objects.store import Bucket, Buckets

_KEPT = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-language",
        "content-type",
        "expires",
    }
)
_META = "x-amz-meta-"
_LONGEST_KEY = 1024
_CHUNKED = re.compile(r"\s*aws-chunked\s*,?\s*")


@dataclass(frozen=True)
class Ask:
    """What is asked for.

    Args:
        buckets: of the account.
        name: of the bucket; empty: the account is asked.
        key: of the object; empty: the bucket is asked.
        query: by name.
        headers: by name in lower case.
        body: without the frames of chunks.
    """

    buckets: Buckets
    name: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def bucket(self) -> Bucket:
        """The bucket.

        Raises:
            S3Error: there is none of this name.
        """
        return self.bucket_of(self.name)

    def bucket_of(self, name: str) -> Bucket:
        """Return a bucket.

        Raises:
            S3Error: there is none of this name.
        """
        found = self.buckets.get(name)
        if found is None:
            raise S3Error("NoSuchBucket")
        return found

    @property
    def new_key(self) -> str:
        """The key, under which something may be written.

        Raises:
            S3Error: it is too long.
        """
        if len(self.key.encode()) > _LONGEST_KEY:
            raise S3Error("KeyTooLongError")
        return self.key

    @property
    def kept_headers(self) -> dict[str, str]:
        """The headers that come back with the object."""
        kept = {
            name: value
            for name, value in self.headers.items()
            if name in _KEPT or name.startswith(_META)
        }
        encoding = _CHUNKED.sub("", self.headers.get("content-encoding", ""))
        return {**kept, "content-encoding": encoding} if encoding else kept

    def number(self, name: str, usual: int, most: int) -> int:
        """Return a number of the query, or the usual one.

        Raises:
            S3Error: it is none, or larger.
        """
        text = self.query.get(name, str(usual))
        if not (text.isascii() and text.isdecimal() and len(text) < len(str(most)) + 1):
            raise S3Error("InvalidArgument", f"{name} must be a number from 0 to {most}.")
        if int(text) > most:
            raise S3Error("InvalidArgument", f"{name} must be a number from 0 to {most}.")
        return int(text)
