"""How API keys are made and read, and what they allow."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from hotrod.access.models import Scope
from hotrod.errors import InvalidInputError

LONGEST_NAME = 80
_FORM = re.compile(r"hrf_([0-9a-f]{10})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class NewKey:
    """A key just made: the whole of it is shown once and kept nowhere."""

    plaintext: str
    prefix: str
    secret_hash: str


def make_key() -> NewKey:
    """Make a key ``hrf_<prefix>_<secret>`` with 256 random bits."""
    prefix = secrets.token_hex(5)
    plaintext = f"hrf_{prefix}_{secrets.token_urlsafe(32)}"
    return NewKey(plaintext, prefix, hash_key(plaintext))


def key_prefix(plaintext: str) -> str | None:
    """Return the prefix of a key, or None for anything that isn't a key of ours."""
    match = _FORM.fullmatch(plaintext)
    return match[1] if match else None


def check_key_name(name: str) -> None:
    """Refuse a name that can't be listed in one line.

    Raises:
        InvalidInputError: it is empty, longer than 80 characters, or holds control characters.
    """
    if len(name) > LONGEST_NAME:
        reason = f"It has {len(name)} characters."
        raise InvalidInputError("name", reason, f"Give one of {LONGEST_NAME} at most.")
    if not name.strip() or not name.isprintable():
        reason = "It is empty, or holds control characters."
        raise InvalidInputError("name", reason, "Say who will use the key, e.g. website.")


def hash_key(plaintext: str) -> str:
    """Return the hash under which a key is stored; its randomness makes salt needless."""
    return hashlib.sha256(plaintext.encode()).hexdigest()


def allows(scopes: Collection[str], wanted: Scope) -> bool:
    """Tell whether scopes include the wanted one; ADMIN includes all."""
    return wanted in scopes or Scope.ADMIN in scopes
