"""Which keys a page of a list holds."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.objects.errors import S3Error

MOST_KEYS = 1000


@dataclass(frozen=True)
class Wanted:
    """What of a bucket is listed.

    Args:
        prefix: keys begin with it.
        delimiter: keys that hold it behind the prefix are shown as one, up to it; empty: none.
        start_after: keys come after this one.
        token: of the page before; empty: it is the first.
        most: keys and shared prefixes at most.
    """

    prefix: str = ""
    delimiter: str = ""
    start_after: str = ""
    token: str = ""
    most: int = MOST_KEYS


@dataclass(frozen=True)
class Listed:
    """A page; ``token`` leads to the next one, and is empty on the last."""

    keys: list[str]
    prefixes: list[str]
    token: str


def list_keys(keys: Iterable[str], wanted: Wanted) -> Listed:
    """Return a page of the keys, in the order of their UTF-8 bytes.

    Raises:
        S3Error: the token is none of ours.
    """
    begin = _read(wanted.token)
    found: list[str] = []
    for key in sorted(keys):
        if not key.startswith(wanted.prefix) or key <= wanted.start_after:
            continue
        shown = _shown(key, wanted)
        if shown <= begin or (found and found[-1] == shown):
            continue
        if len(found) >= wanted.most:
            return _listed(found, wanted, _write(found[-1]) if found else "")
        found.append(shown)
    return _listed(found, wanted, "")


def _shown(key: str, wanted: Wanted) -> str:
    """Return a key, or the prefix that it shares with others."""
    place = key.find(wanted.delimiter, len(wanted.prefix)) if wanted.delimiter else -1
    return key if place < 0 else key[: place + len(wanted.delimiter)]


def _listed(found: list[str], wanted: Wanted, token: str) -> Listed:
    keys, prefixes = list[str](), list[str]()
    for shown in found:
        is_shared = wanted.delimiter and wanted.delimiter in shown[len(wanted.prefix) :]
        (prefixes if is_shared else keys).append(shown)
    return Listed(keys, prefixes, token)


def _write(last: str) -> str:
    return base64.urlsafe_b64encode(f"after:{last}".encode()).decode()


def _read(token: str) -> str:
    if not token:
        return ""
    try:
        word, _, last = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
    except (binascii.Error, UnicodeError, ValueError):
        word = last = ""
    if word != "after":
        raise S3Error("InvalidArgument", "The continuation token provided is incorrect.")
    return last
