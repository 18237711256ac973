"""SMTP refuses with codes of its own, and until the message is sent, a fault loses nothing.

A refusal names no wait, and a reply has no content type and no length at which it could be cut:
these three faults don't exist, so "truncated" and "another content type" pass unnoticed. Nothing
is read but a NOOP, which no fault strikes; the IMAP beside it has a case of its own.
"""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors._http.errors import RejectedError, TransientError
from connectors._http.retry import RetryPolicy
from connectors.mail.smtp import SmtpMail
from sandbox.mail.store import MailStore
from tests.contract.cases import Case

HUB = "hub@example.com"
ANN = "ann@example.com"
MIME = b"From: hub@example.com\r\nTo: ann@example.com\r\nMessage-ID: <1@x>\r\n\r\nHello.\r\n"

BEFORE_THE_MESSAGE = ("429 with Retry-After", "429 without", "503", "time-out", "reset")


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> SmtpMail:
    return SmtpMail(
        host="127.0.0.1",
        port=stand_ins.smtp_port,
        username="sandbox",
        password=SecretStr("sandbox-secret"),
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def send(mail: SmtpMail) -> None:
    await mail.send(MIME, mailbox=HUB, sender=HUB, recipients=[ANN])


async def written(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(MailStore).find(mailbox=ANN))


CASES = {
    "mail smtp": Case(
        service="smtp",
        make=make,
        write=send,
        written=written,
        orders={
            "500": {"status": 554},  # transaction failed: for good
            "503": {"status": 421},  # not available, closing
            "expired token": {"status": 535},
        },
        write_fails={
            **dict.fromkeys(BEFORE_THE_MESSAGE, TransientError),
            "500": RejectedError,
            "truncated": None,
            "another content type": None,
        },
    )
}
