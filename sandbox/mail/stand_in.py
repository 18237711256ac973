"""Mail, played: Graph, SMTP and IMAP over the same mailboxes."""

from __future__ import annotations

from sandbox.mail import (
    control,
    graph,
    graph_call,
    graph_folders,
    graph_subscriptions,
    login,
    pages,
)
from sandbox.mail.graph_subscriptions import Subscriptions
from sandbox.mail.imap import serving_imap
from sandbox.mail.smtp import serving_smtp
from sandbox.mail.store import MailStore
from sandbox.mail.tokens import Tokens
from sandbox.stand_in import Api, Listener, StandIn
from sandbox.state import SandboxState


def _summary(state: SandboxState) -> str:
    mail = state.store(MailStore)
    return f"{len(mail.find(folders=['inbox']))} mails in {len(mail.mailboxes())} mailboxes"


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
                ("/v1.0", graph_call.elsewhere),
            ),
            error=graph_call.GraphError,
            error_answer=graph_call.error_answer,
            fault_answer=graph_call.fault_answer,
            id_header="request-id",
            spared=("/graph/login/",),
        ),
    ),
    stores=lambda: (MailStore(), Tokens(), Subscriptions()),
    pages=pages.router,
    control=control.router,
    summary=_summary,
    listeners=(
        Listener(name="smtp", serve=serving_smtp),
        Listener(name="imap", serve=serving_imap),
    ),
)
