"""How Twilio signs what it delivers."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping


def signature(auth_token: str, url: str, told: Mapping[str, str]) -> str:
    """Sign a form: the URL, then each name and value, sorted by name, nothing between them."""
    signed = url + "".join(name + told[name] for name in sorted(told))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
