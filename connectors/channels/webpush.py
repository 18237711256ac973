"""Web Push (RFC 8030), as one more scheme of apprise.

Apprise's own ``vapid`` sends to its vendors' addresses in place of the subscription's endpoint,
signs for these, and takes the standard's 201 for a failure (apprise 1.13.1).
"""

from __future__ import annotations

import base64
import time
from typing import Any
from urllib.parse import unquote, urlsplit

import http_ece
from apprise import AppriseAsset, NotifyBase
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from connectors.channels.delivery import post

SCHEME = "webpush"
TTL_SECONDS = 86_400
"""How long a push service keeps a message for a browser that is off."""

_Base: Any = NotifyBase  # its own types forbid to set what it asks for
_VAPID_SECONDS = 12 * 60 * 60
_AUTH_BYTES = 16
_LONGEST_TEXT = 3993 // 4  # bytes that fit into a message, in characters of up to four


class WebPush(_Base):  # type: ignore[misc]
    """Tells one browser, which has subscribed.

    Its URL is the subscription's endpoint, with the keys of the subscription and two parameters:
    ``webpush://p256dh:auth@host/path?vapid=private_key&contact=you@example.com``. Keys are
    written as browsers write them, the private key as PEM's Base64 or as its 32 bytes.

    Raises:
        ValueError: the URL lacks something, or a key is none.
    """

    service_name = "Web Push"
    secure_protocol = SCHEME
    title_maxlen = 0
    body_maxlen = _LONGEST_TEXT

    def __init__(self, url: str, asset: AppriseAsset) -> None:
        super().__init__(asset=asset)
        parts = urlsplit(url)
        keys, _, place = parts.netloc.rpartition("@")
        key, _, auth = keys.partition(":")
        self._key, self._auth = _decode(key), _decode(auth)
        ours, theirs = _split(parts.query)
        self._sender = Vapid02.from_string(ours["vapid"])
        self._contact = ours["contact"]
        self.root = f"https://{place}"
        self._path = parts.path + (f"?{theirs}" if theirs else "")
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self._key)
        if len(self._auth) != _AUTH_BYTES or not place:
            raise ValueError("not a subscription")

    def url(self, *_args: object, **_more: object) -> str:
        """Return where it leads, without its keys."""
        return f"{SCHEME}://{urlsplit(self.root).netloc}"

    def send(self, body: str, **_more: object) -> bool:
        """Encrypt a message for the browser, and hand it to its push service.

        Raises:
            StoppedError: the push service did not take it, or may not have.
        """
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.root))
        claims = {
            "aud": origin,
            "exp": int(time.time()) + _VAPID_SECONDS,
            "sub": f"mailto:{self._contact}",
        }
        content = http_ece.encrypt(
            body.encode(),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=self._key,
            auth_secret=self._auth,
        )
        headers = {
            **self._sender.sign(claims),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(TTL_SECONDS),
        }
        timeout = self.socket_read_timeout
        return post(self.root + self._path, content=content, headers=headers, timeout=timeout)


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(unquote(text) + "=" * (-len(text) % 4))


def _split(query: str) -> tuple[dict[str, str], str]:
    """Take our parameters out of a query; the rest is the endpoint's, to the letter."""
    pieces = [piece.partition("=") for piece in query.split("&") if piece]
    ours = {name: unquote(value) for name, _, value in pieces if name in ("vapid", "contact")}
    return ours, "&".join("".join(piece) for piece in pieces if piece[0] not in ours)
