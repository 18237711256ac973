"""Keeps secrets and personal data out of what is logged and raised."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import SecretStr

_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")
_BEARER = re.compile(r"\b(Bearer|Basic)\s+\S+", re.IGNORECASE)
_LONGEST = 300


class Redactor:
    """Masks known secrets, authorization headers and mail addresses in a vendor's text."""

    def __init__(self, secrets: Sequence[SecretStr] = ()) -> None:
        self._secrets = [s.get_secret_value() for s in secrets if s.get_secret_value()]

    def __call__(self, text: str) -> str:
        """Return the text masked, on one line, and at most 300 characters long."""
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        text = _BEARER.sub(r"\1 [secret]", text)
        text = _ADDRESS.sub("[address]", text)
        return " ".join(text.split())[:_LONGEST]
