from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from pydantic import SecretStr

from connectors._http.retry import RetryPolicy
from connectors.mail.ews import EwsMail
from sandbox.mail.store import MailStore
from tests.contract.cases import Case

HUB = "hub@example.com"
ANN = "ann@example.com"


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> EwsMail:
    return EwsMail(
        base_url=f"{stand_ins.url}/ews/EWS/Exchange.asmx",
        username="sandbox",
        password=SecretStr("sandbox-secret"),
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def send(mail: EwsMail) -> None:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Message-ID"] = HUB, ANN, "<one@example.com>"
    message.set_content("Hello.\n")
    await mail.send(bytes(message), mailbox=HUB, sender=HUB, recipients=[ANN])


async def written(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(MailStore).find(mailbox=ANN))


CASES = {
    "mail ews": Case(
        service="ews",
        make=make,
        read=lambda mail: mail.find_sent("<one@example.com>", mailbox=HUB),
        read_path="/Exchange.asmx",
        write=send,
        write_path="/Exchange.asmx",
        written=written,
        # What is no SOAP comes from a server in between, and may have gone the next time.
        read_tries={"another content type": 3},
    )
}
