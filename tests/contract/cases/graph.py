from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from pydantic import SecretStr

from connectors._http.retry import RetryPolicy
from connectors.mail.graph import GraphMail
from sandbox.mail.store import MailStore
from tests.contract.cases import Case

HUB = "hub@example.com"
ANN = "ann@example.com"


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> GraphMail:
    return GraphMail(
        base_url=f"{stand_ins.url}/graph/v1.0",
        login_url=f"{stand_ins.url}/graph/login",
        tenant="sandbox",
        client_id="sandbox",
        client_secret=SecretStr("sandbox-secret"),
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def send(mail: GraphMail) -> None:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Message-ID"] = HUB, ANN, "<one@example.com>"
    message.set_content("Hello.\n")
    await mail.send(bytes(message), mailbox=HUB, sender=HUB, recipients=[ANN])


async def written(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(MailStore).find(mailbox=ANN))


CASES = {
    "mail graph": Case(
        service="graph",
        make=make,
        read=lambda mail: mail.find_sent("<one@example.com>", mailbox=HUB),
        read_path="/messages",
        write=send,
        write_path="/sendMail",
        written=written,
        # sendMail's answer has no body: nothing in it could be spoiled. A refused token is
        # renewed, once.
        read_tries={"expired token": 2},
        write_fails=dict.fromkeys(("another content type", "truncated", "expired token")),
        write_tries={"expired token": 2},
    )
}
