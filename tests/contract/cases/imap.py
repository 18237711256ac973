from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors._http.errors import RateLimitedError, TransientError
from connectors._http.retry import RetryPolicy
from connectors.mail.imap import ImapMail
from sandbox.mail.store import MailStore
from tests.contract.cases import Case

HUB = "hub@example.com"
MIME = b"From: hub@example.com\r\nTo: ann@example.com\r\nMessage-ID: <1@x>\r\n\r\nHello.\r\n"


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> ImapMail:
    return ImapMail(
        host="127.0.0.1",
        port=stand_ins.sandbox.imap_port,
        security="auto",
        username="sandbox",
        password=SecretStr("sandbox-secret"),
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def written(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(MailStore).find(mailbox=HUB))


CASES = {
    "mail imap": Case(
        service="imap",
        make=make,
        read=lambda mail: mail.find_sent("<1@x>", mailbox=HUB),
        read_path="SEARCH",
        write=lambda mail: mail.file_sent(MIME, mailbox=HUB),
        write_path="APPEND",
        written=written,
        # IMAP names no wait, has no content types, and a refusal is an answer: nothing was done.
        read_fails={"another content type": None},
        read_tries={"429 with Retry-After": 3, "another content type": 1},
        write_fails={
            "429 with Retry-After": RateLimitedError,
            "500": TransientError,
            "503": TransientError,
            "another content type": None,
        },
    )
}
