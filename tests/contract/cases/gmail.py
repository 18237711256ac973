from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from pydantic import SecretStr

from connectors._http.retry import RetryPolicy
from connectors.mail.gmail import GmailMail
from sandbox.mail.store import MailStore
from tests.contract.cases import Case

HUB = "hub@example.com"
ANN = "ann@example.com"


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> GmailMail:
    return GmailMail(
        base_url=f"{stand_ins.url}/google",
        login_url=f"{stand_ins.url}/google/oauth2",
        client_id="sandbox",
        client_secret=SecretStr("sandbox-secret"),
        refresh_token=SecretStr("sandbox-refresh"),
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def send(mail: GmailMail) -> None:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Message-ID"] = HUB, ANN, "<one@example.com>"
    message.set_content("Hello.\n")
    await mail.send(bytes(message), mailbox=HUB, sender=HUB, recipients=[ANN])


async def written(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(MailStore).find(mailbox=ANN))


CASES = {
    "mail gmail": Case(
        service="gmail",
        make=make,
        read=lambda mail: mail.find_sent("<one@example.com>", mailbox=HUB),
        read_path="/messages",
        write=send,
        write_path="/messages/send",
        written=written,
        # A refused token is renewed, once.
        read_tries={"expired token": 2},
        write_fails={"expired token": None},
        write_tries={"expired token": 2},
    )
}
