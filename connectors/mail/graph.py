"""Mail through Microsoft Graph: MIME sendMail, so that threads and headers are kept."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import quote

from pydantic import SecretStr

from connectors._http.auth import OAuth, OAuthTokens
from connectors._http.calls import Shared
from connectors._http.client import ServiceClient
from connectors._http.errors import ServiceNotFoundError
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.mail.errors import GRAPH_CURES, GRAPH_TABLE, read_graph_problem
from connectors.mail.models import SentItems, SentLookup

SERVICE = "mail"
SCOPE = "https://graph.microsoft.com/.default"


class GraphMail:
    """A ``MailTransport`` over Graph, as an application (no user signs in).

    Source: Graph v1.0, "user: sendMail" in MIME format, and "List messages".

    Args:
        base_url: root of the API, with its version.
        login_url: root of the token service.
        tenant: directory id.
        client_id: application id.
        client_secret: its secret.
        timeout_seconds: longest wait for an answer.
        shared: with the other processes that use the account.
        retry: when lookups are tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        login_url: str,
        tenant: str,
        client_id: str,
        client_secret: SecretStr,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._tokens = OAuthTokens(
            SERVICE,
            login_url,
            f"/{quote(tenant, safe='')}/oauth2/v2.0/token",
            client_id=client_id,
            client_secret=client_secret,
            scope=SCOPE,
            timeout_seconds=timeout_seconds,
            cures=GRAPH_CURES,
            shared=shared,
            retry=retry,
        )
        self._graph = ServiceClient(
            SERVICE,
            base_url,
            timeout_seconds=timeout_seconds,
            auth=OAuth(self._tokens),
            table=GRAPH_TABLE,
            cures=GRAPH_CURES,
            read_problem=read_graph_problem,
            redact=Redactor([client_secret]),
            request_id="request-id",
            shared=shared,
            retry=retry,
        )

    async def send(
        self,
        mime: bytes,
        *,
        mailbox: str,
        sender: str,  # noqa: ARG002 - Graph reads the addresses in the message
        recipients: Sequence[str],  # noqa: ARG002 - likewise
    ) -> None:
        """Send a message; Graph takes sender and recipients from its headers, Bcc included."""
        await self._graph.send(
            "send",
            "POST",
            f"{_user(mailbox)}/sendMail",
            content=b64encode(mime),
            headers={"Content-Type": "text/plain"},
        )

    async def find_sent(self, message_id: str, *, mailbox: str) -> SentLookup:
        """Look in Sent Items; a copy may appear some seconds after Graph took the message."""
        literal = message_id.replace("'", "''")
        page = await self._graph.fetch(
            SentItems,
            "find_sent",
            "GET",
            f"{_user(mailbox)}/mailFolders/sentitems/messages",
            params={
                "$filter": f"internetMessageId eq '{literal}'",
                "$select": "id",
                "$top": "1",
            },
        )
        return SentLookup.FOUND if page.value else SentLookup.ABSENT

    async def ping(self) -> None:
        """Get a token and ask for the API's root; what is there does not matter."""
        with suppress(ServiceNotFoundError):
            await self._graph.send("ping", "GET", "/")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._graph.aclose()
        await self._tokens.aclose()


def _user(mailbox: str) -> str:
    return f"/users/{quote(mailbox, safe='@')}"
