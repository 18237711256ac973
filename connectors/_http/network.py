"""Trust and reach: which certificates count, and what is on this machine."""

from __future__ import annotations

import ipaddress
import ssl
from functools import lru_cache
from urllib.parse import urlsplit

import httpx


@lru_cache(maxsize=1)
def trusted_tls() -> ssl.SSLContext:
    """Return the context that trusts the public authorities; built once, it is costly."""
    return httpx.create_ssl_context()


def tls_for(url: str) -> ssl.SSLContext:
    """Return the context for a client of this URL; plain http:// gets one that trusts nobody."""
    if urlsplit(url).scheme == "http":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return trusted_tls()


def is_loopback(host: str | None) -> bool:
    """Tell whether a host name or address is this machine itself."""
    if host is None or host == "localhost":
        return host is not None
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def may_use_proxy(url: str) -> bool:
    """Tell whether the proxy of the environment applies: never for this machine itself."""
    return not is_loopback(urlsplit(url).hostname)
