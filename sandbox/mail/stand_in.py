"""Mail, played: Graph, EWS, Gmail, SMTP and IMAP over the same mailboxes."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import formataddr

from sandbox.mail import (
    control,
    ews,
    graph,
    graph_call,
    graph_elsewhere,
    graph_folders,
    graph_subscriptions,
    login,
    pages,
)
from sandbox.mail.gmail_mailbox import GMAIL_APIS
from sandbox.mail.gmail_wire import GmailQuota
from sandbox.mail.graph_limits import MailboxLimits
from sandbox.mail.graph_subscriptions import Subscriptions
from sandbox.mail.imap import serving_imap
from sandbox.mail.smtp import serving_smtp
from sandbox.mail.store import MailStore
from sandbox.mail.tokens import Tokens
from sandbox.stand_in import Api, Listener, StandIn
from sandbox.state import SandboxState
from sandbox.story import Story

WORKSHOP = "hub@hotrod.example.com"
"""The mailbox that customers write to in the story; the sample company's."""


def _summary(state: SandboxState) -> str:
    mail = state.store(MailStore)
    return f"{len(mail.find(folders=['inbox']))} mails in {len(mail.mailboxes())} mailboxes"


def _seed(state: SandboxState, story: Story) -> None:
    """Let customers write to the workshop, the oldest mail first."""
    for number, repair in enumerate(story.repairs, 1):
        mail = EmailMessage()
        mail["From"] = formataddr((repair.customer.name, repair.customer.email))
        mail["To"] = WORKSHOP
        mail["Subject"] = repair.subject
        mail["Date"] = repair.asked_at
        mail["Message-ID"] = f"<repair.{number}.{repair.asked_at:%Y%m%d%H%M}@example.org>"
        mail.set_content(repair.text)
        state.store(MailStore).append(
            mail.as_bytes(),
            mailbox=WORKSHOP,
            folder="inbox",
            via="outside",
            received_at=repair.asked_at,
        )


MAIL = StandIn(
    name="mail",
    title="Mail",
    apis=(
        Api(
            service="graph",
            prefix="/graph",
            routers=(
                ("/login", login.router),
                ("/v1.0", graph.router),
                ("/v1.0", graph_folders.router),
                ("/v1.0", graph_subscriptions.router),
                ("/v1.0", graph_elsewhere.router),
            ),
            error=graph_call.GraphError,
            error_answer=graph_call.error_answer,
            fault_answer=graph_call.fault_answer,
            id_header="request-id",
            spared=("/graph/login/",),
        ),
        ews.API,
        *GMAIL_APIS,
    ),
    stores=lambda: (
        MailStore(),
        Tokens(),
        Subscriptions(),
        MailboxLimits(),
        ews.EwsBudget(),
        GmailQuota(),
    ),
    pages=pages.router,
    control=control.router,
    summary=_summary,
    listeners=(
        Listener(name="smtp", serve=serving_smtp),
        Listener(name="imap", serve=serving_imap),
    ),
    seed=_seed,
)
