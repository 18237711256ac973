"""Which keys may be asked for, and where a store is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from connectors._http.network import is_loopback

_UNFIT = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_LONGEST_BYTES = 1024


def fault_of_key(key: str) -> str:
    """Say what is wrong with a key; empty: nothing.

    A key is a path with forward slashes that stays within the store.
    """
    if not key:
        return "the key is empty"
    if _UNFIT.search(key):
        return "the key holds a backslash, a control character, or half of a character"
    if len(key.encode()) > _LONGEST_BYTES:
        return f"the key is longer than {_LONGEST_BYTES} bytes"
    if not {"", ".", ".."}.isdisjoint(key.split("/")):
        return "the key leaves the store, or holds an empty part"
    return ""


class Place(NamedTuple):
    """Where a store is.

    Args:
        bucket: its name; empty: it is a local folder.
        prefix: of all keys in the bucket; empty: none.
        folder: where the local folder is.
    """

    bucket: str = ""
    prefix: str = ""
    folder: Path = Path()


def read_place(url: str, endpoint: str) -> Place:
    """Read where a store is.

    Raises:
        ValueError: with what is wrong, as a sentence begins.
    """
    parts, server = urlsplit(url), urlsplit(endpoint)
    if parts.scheme == "file" and parts.path and not parts.netloc:
        return Place(folder=Path(url2pathname(parts.path)))
    if parts.scheme != "s3" or not parts.netloc:
        raise ValueError("the URL is neither file:///folder nor s3://bucket/prefix")
    if endpoint and server.scheme != "https" and not is_loopback(server.hostname):
        raise ValueError("the endpoint is not https://, and not on this machine")
    return Place(bucket=parts.netloc, prefix=parts.path.strip("/"))
