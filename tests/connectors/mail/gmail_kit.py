"""Gmail as a server of a test answers it, and the connector that asks."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.retry import RetryPolicy
from connectors.mail.gmail import GmailMail

HUB = "hub@example.com"
MIME = b"From: repairs@example.com\r\nTo: ann@example.com\r\nMessage-ID: <1@x.com>\r\n\r\nHello\r\n"
ROOT = "/gmail/v1/users/hub%40example.com"


def client(url: str, retry: RetryPolicy, shared: Shared | None = None) -> GmailMail:
    return GmailMail(
        base_url=url,
        login_url=f"{url}/oauth2",
        client_id="us",
        client_secret=SecretStr("hunter2"),
        refresh_token=SecretStr("granted"),
        timeout_seconds=2.0,
        shared=shared,
        retry=retry,
    )


def fault(status: int, reason: str, message: str = "") -> dict[str, object]:
    errors = [{"domain": "global", "reason": reason, "message": message}]
    return {"error": {"code": status, "message": message, "errors": errors}}


def message(mail_id: str, *labels: str, **headers: str) -> dict[str, object]:
    told = {"Message-ID": f"<{mail_id}@x.com>", **headers}
    return {
        "id": mail_id,
        "threadId": f"t{mail_id}",
        "labelIds": labels,
        "internalDate": "1790000000123",
        "payload": {"headers": [{"name": name, "value": told[name]} for name in told]},
    }


def asked(server: Any, number: int = -1) -> tuple[str, dict[str, list[str]]]:
    """Return path and query of a request, without what the library adds by itself."""
    url = urlsplit(server.seen[number].target)
    query = parse_qs(url.query)
    query.pop("alt", None)
    return url.path, query
