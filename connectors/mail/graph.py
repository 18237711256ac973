"""Mail through Microsoft Graph: sent as MIME, so that threads and headers are kept."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import quote

import structlog
from pydantic import SecretStr

from connectors._http.auth import OAuthTokens
from connectors._http.cache import AnswerCache
from connectors._http.calls import Shared
from connectors._http.client import ServiceClient
from connectors._http.errors import RejectedError, ServiceNotFoundError, TransientError
from connectors._http.limits import Rate
from connectors._http.paging import Page, items, pages
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.mail.errors import (
    GRAPH_CURES,
    GRAPH_TABLE,
    CursorExpiredError,
    SendAsDeniedError,
    read_graph_problem,
)
from connectors.mail.graph_models import (
    SHOWN,
    GraphFolder,
    GraphFolders,
    GraphItem,
    GraphItems,
    GraphMessage,
    GraphMessages,
    GraphSubscription,
)
from connectors.mail.message import read_message, sent_from
from connectors.mail.models import (
    MailFolder,
    MailMessage,
    MailPage,
    MailSubscription,
    MailSummary,
    SentLookup,
)

log = structlog.get_logger(__name__)

SERVICE = "mail"
PAGE = 50
ROLES = {
    "inbox": "inbox",
    "sent": "sentitems",
    "drafts": "drafts",
    "trash": "deleteditems",
    "junk": "junkemail",
    "archive": "archive",
}
"""Our names of folders and Graph's."""
SCOPE = "https://graph.microsoft.com/.default"
RATE = Rate(10_000, 600.0)  # "Microsoft Graph service-specific throttling limits", Outlook

_STABLE = {"Prefer": 'IdType="ImmutableId"'}


class GraphMail:
    """A ``MailTransport`` over Graph, as an application (no user signs in).

    Ids of messages are immutable ones, which stay when a message is moved.

    Source: Graph v1.0, "user: sendMail" in MIME format, "message: delta", "Immutable identifiers",
    and "Create subscription".

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
        self._root = base_url.rstrip("/")
        self._roles: AnswerCache[dict[str, str]] = AnswerCache(seconds=3600)
        self._graph = ServiceClient(
            SERVICE,
            base_url,
            timeout_seconds=timeout_seconds,
            tokens=self._tokens,
            table=GRAPH_TABLE,
            cures=GRAPH_CURES,
            read_problem=read_graph_problem,
            redact=Redactor([client_secret]),
            request_id="request-id",
            has_one_limit=False,  # each mailbox has its own
            shared=shared,
            retry=retry,
        )

    async def send(
        self,
        mime: bytes,
        *,
        mailbox: str,
        sender: str,
        recipients: Sequence[str],  # noqa: ARG002 - Graph reads them in the message
    ) -> None:
        """Send a message; Graph takes the addresses from its headers, Bcc included.

        An alias needs the right Send As. Where Exchange denies it, the message goes from the
        mailbox itself, and answers to it go to the alias (Reply-To).
        """
        try:
            await self._send(mime, mailbox)
        except SendAsDeniedError:
            if sender.lower() == mailbox.lower():
                raise
            log.warning("mail.sent_without_alias")
            await self._send(sent_from(mime, mailbox), mailbox)

    async def find_sent(self, message_id: str, *, mailbox: str) -> SentLookup:
        """Look in Sent Items; a copy may appear some seconds after Graph took the message."""
        literal = message_id.replace("'", "''")
        page = await self._graph.fetch(
            GraphItems,
            "find_sent",
            "GET",
            f"{_user(mailbox)}/mailFolders/sentitems/messages",
            params={"$filter": f"internetMessageId eq '{literal}'", "$select": "id", "$top": "1"},
        )
        return SentLookup.FOUND if page.value else SentLookup.ABSENT

    async def create_draft(self, mime: bytes, *, mailbox: str) -> str:
        """Keep a message in Drafts, and return its id.

        Raises:
            UnknownOutcomeError: it may have been kept.
        """
        draft = await self._graph.fetch(
            GraphItem,
            "create_draft",
            "POST",
            f"{_user(mailbox)}/messages",
            content=b64encode(mime),
            headers={**_STABLE, "Content-Type": "text/plain"},
        )
        return draft.id

    async def send_draft(self, draft: str, *, mailbox: str) -> None:
        """Send a draft as it is; it moves to Sent Items.

        Raises:
            UnknownOutcomeError: it may have been sent; look with ``find_sent``.
        """
        await self._graph.send(
            "send_draft", "POST", f"{_message(mailbox, draft)}/send", headers=_STABLE
        )

    async def folders(self, *, mailbox: str) -> list[MailFolder]:
        """List the folders of the highest level; who is who is asked for once in an hour."""
        roles = await self._roles.get(mailbox, lambda: self._ask_roles(mailbox))

        async def fetch(link: str | None) -> Page[GraphFolder]:
            path = link or f"{_user(mailbox)}/mailFolders?$top=100"
            page = await self._graph.fetch(GraphFolders, "folders", "GET", path)
            return Page(page.value, self._below_root("folders", page.next_link))

        return [
            one.read(roles.get(one.id, "")) async for one in items(pages(SERVICE, "folders", fetch))
        ]

    async def fetch(
        self, *, mailbox: str, folder: str = "inbox", cursor: str | None = None
    ) -> MailPage:
        """Return what came into a folder, changed or left since a cursor (delta query).

        With a cursor, the folder is the one that the cursor is of.
        """
        if cursor is not None and not cursor.startswith("/users"):
            raise self._graph.error(CursorExpiredError, "fetch", "the cursor is none of Graph's")
        path = f"{_user(mailbox)}/mailFolders/{_folder(folder)}/messages/delta?$select={SHOWN}"
        page = await self._graph.fetch(
            GraphMessages,
            "fetch",
            "GET",
            cursor or path,
            headers={"Prefer": f"odata.maxpagesize={PAGE}, {_STABLE['Prefer']}"},
        )
        link = self._below_root("fetch", page.next_link or page.delta_link)
        if link is None:
            raise self._graph.error(TransientError, "fetch", "its answer leads to no next page")
        here = [one for one in page.value if one.removed is None]
        return MailPage(
            messages=tuple([await self._summary(one, mailbox) for one in here]),
            removed=tuple(one.id for one in page.value if one.removed is not None),
            cursor=link,
            is_last=page.next_link is None,
        )

    async def read(self, message: str, *, mailbox: str) -> MailMessage:
        """Return a whole message, and leave it unread."""
        path = f"{_message(mailbox, message)}/$value"
        answer = await self._graph.send("read", "GET", path, headers=_STABLE)
        return read_message(answer.content)

    async def thread(self, thread_id: str, *, mailbox: str) -> list[MailSummary]:
        """Return the messages of a conversation in all folders, the oldest first."""
        literal = quote(thread_id.replace("'", "''"), safe="'")
        begin = (
            f"{_user(mailbox)}/messages?$filter=conversationId%20eq%20'{literal}'"
            f"&$select={SHOWN}&$top=100"
        )

        async def fetch(link: str | None) -> Page[GraphMessage]:
            page = await self._graph.fetch(
                GraphMessages, "thread", "GET", link or begin, headers=_STABLE
            )
            return Page(page.value, self._below_root("thread", page.next_link))

        found = [
            await self._summary(one, mailbox)
            async for one in items(pages(SERVICE, "thread", fetch))
        ]
        return sorted(found, key=lambda one: one.received_at)

    async def move(self, message: str, *, mailbox: str, folder: str) -> None:
        """Move a message to another folder; its id stays.

        Raises:
            UnknownOutcomeError: it may have been moved; doing it again changes nothing.
        """
        await self._graph.send(
            "move",
            "POST",
            f"{_message(mailbox, message)}/move",
            json={"destinationId": ROLES.get(folder, folder)},
            headers=_STABLE,
        )

    async def create_subscription(
        self,
        *,
        mailbox: str,
        folder: str = "inbox",
        url: str,
        client_state: SecretStr,
        expires_at: datetime,
    ) -> MailSubscription:
        """Have a URL told of what comes into a folder; it must echo a token first.

        Args:
            mailbox: whose mail.
            folder: role or id.
            url: answers by ``webhook.echo`` and ``webhook.verify``.
            client_state: secret that each notification carries, at most 128 characters.
            expires_at: when it ends, at most seven days from now.

        Raises:
            RejectedError: the URL didn't echo the token, or the date is too far away.
            UnknownOutcomeError: it may have been made; notifications may come twice then.
        """
        made = await self._graph.fetch(
            GraphSubscription,
            "create_subscription",
            "POST",
            "/subscriptions",
            json={
                "changeType": "created",
                "notificationUrl": url,
                "resource": f"users/{mailbox}/mailFolders('{ROLES.get(folder, folder)}')/messages",
                "expirationDateTime": _time(expires_at),
                "clientState": client_state.get_secret_value(),
            },
            headers=_STABLE,
        )
        return made.read()

    async def renew_subscription(
        self, subscription: str, *, expires_at: datetime
    ) -> MailSubscription:
        """Let a subscription end later.

        Raises:
            ServiceNotFoundError: it has ended; make another.
        """
        renewed = await self._graph.fetch(
            GraphSubscription,
            "renew_subscription",
            "PATCH",
            _subscription(subscription),
            safe=True,
            json={"expirationDateTime": _time(expires_at)},
        )
        return renewed.read()

    async def delete_subscription(self, subscription: str) -> None:
        """End a subscription; one that has ended is fine."""
        with suppress(ServiceNotFoundError):
            await self._graph.send(
                "delete_subscription", "DELETE", _subscription(subscription), safe=True
            )

    async def ping(self) -> None:
        """Get a token and ask for the API's root; what is there does not matter."""
        with suppress(ServiceNotFoundError):
            await self._graph.send("ping", "GET", "/")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._graph.aclose()
        await self._tokens.aclose()

    async def _send(self, mime: bytes, mailbox: str) -> None:
        await self._graph.send(
            "send",
            "POST",
            f"{_user(mailbox)}/sendMail",
            content=b64encode(mime),
            headers={"Content-Type": "text/plain"},
        )

    async def _ask_roles(self, mailbox: str) -> dict[str, str]:
        """Return the roles of folders by their ids; Graph tells them one by one only."""
        roles = {}
        for role, name in ROLES.items():
            path = f"{_user(mailbox)}/mailFolders/{name}?$select=id"
            with suppress(ServiceNotFoundError):  # not every mailbox has an archive
                roles[(await self._graph.fetch(GraphItem, "folders", "GET", path)).id] = role
        return roles

    async def _summary(self, told: GraphMessage, mailbox: str) -> MailSummary:
        """Return a message of a list; delta may tell only what of it has changed."""
        if told.received_date_time is None:
            path = f"{_message(mailbox, told.id)}?$select={SHOWN}"
            told = await self._graph.fetch(GraphMessage, "fetch", "GET", path, headers=_STABLE)
        return told.read(told.received_date_time or datetime.now(UTC))

    def _below_root(self, operation: str, link: str | None) -> str | None:
        """Return a link as a path: our token goes to nobody but Graph.

        Raises:
            RejectedError: it leads elsewhere.
        """
        if link is None:
            return None
        if not link.startswith(f"{self._root}/"):
            raise self._graph.error(RejectedError, operation, "its answer leads to another host")
        return link.removeprefix(self._root)


def _user(mailbox: str) -> str:
    return f"/users/{quote(mailbox, safe='@')}"


def _message(mailbox: str, message: str) -> str:
    return f"{_user(mailbox)}/messages/{quote(message, safe='')}"


def _folder(folder: str) -> str:
    return quote(ROLES.get(folder, folder), safe="")


def _subscription(subscription: str) -> str:
    return f"/subscriptions/{quote(subscription, safe='')}"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
