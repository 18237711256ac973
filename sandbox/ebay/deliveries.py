"""Sends signed deliveries to whoever listens on this machine."""

from __future__ import annotations

import ipaddress
import ssl
from urllib.parse import urlsplit

import httpx

from sandbox.ebay.notification import SigningKey, new_challenge, right_answer

_SECONDS = 10.0


def is_near(url: str) -> bool:
    """Whether a URL leads to this machine by plain HTTP; nothing leaves it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme == "http" and (
            host == "localhost" or ipaddress.ip_address(host).is_loopback
        )
    except ValueError:
        return False


async def deliver(endpoint: str, body: bytes, key: SigningKey, *, forged: bool) -> int | None:
    """Send a delivery, and return the status of the answer; None: there was none.

    Args:
        endpoint: where to.
        body: what is sent.
        key: what it is signed with.
        forged: whether something else was signed.
    """
    signed = body if not forged else body + b" "
    headers = {"Content-Type": "application/json", "X-EBAY-SIGNATURE": key.sign(signed)}
    try:
        async with _client() as client:
            return (await client.post(endpoint, content=body, headers=headers)).status_code
    except httpx.HTTPError:
        return None


async def challenge(endpoint: str, verification_token: str) -> bool:
    """Ask an endpoint for proof that it knows its token, as eBay does before it delivers."""
    code = new_challenge()
    try:
        async with _client() as client:
            answer = await client.get(endpoint, params={"challenge_code": code})
        given = answer.json().get("challengeResponse")
    except (httpx.HTTPError, ValueError, AttributeError):
        return False
    return bool(given == right_answer(code, verification_token, endpoint))


def _client() -> httpx.AsyncClient:
    trusts_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.AsyncClient(timeout=_SECONDS, trust_env=False, verify=trusts_nobody)
