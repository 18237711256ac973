"""Calls of Twilio's REST API, version 2010-04-01."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import quote, urlencode

import httpx
from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.client import ServiceClient
from connectors._http.errors import NeedsReauthError
from connectors._http.paging import Page, items, pages
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.twilio.errors import CURES, TABLE, read_problem
from connectors.twilio.models import Account, Message, MessagePage

SERVICE = "twilio"
_PAGE_SIZE = 200


class TwilioClient:
    """Sends texts. Twilio has no key against repeats: look an unknown outcome up by ``find_sent``.

    Args:
        base_url: root of the API, without its version.
        account_sid: ``AC...``.
        auth_token: its token.
        sender: number (E.164) or messaging service (``MG...``) that sends.
        timeout_seconds: longest wait for an answer.
        shared: with the other processes that use the account.
        retry: when a call is tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        account_sid: str,
        auth_token: SecretStr,
        sender: str,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._account = f"/2010-04-01/Accounts/{account_sid}"
        self._sender = {"MessagingServiceSid" if sender.startswith("MG") else "From": sender}
        self._twilio = ServiceClient(
            SERVICE,
            base_url,
            timeout_seconds=timeout_seconds,
            auth=httpx.BasicAuth(account_sid, auth_token.get_secret_value()),
            table=TABLE,
            cures=CURES,
            read_problem=read_problem,
            redact=Redactor([auth_token]),
            request_id="twilio-request-id",
            shared=shared,
            retry=retry,
        )

    async def send_message(
        self, to: str, body: str, *, status_callback: str = "", send_at: datetime | None = None
    ) -> Message:
        """Send a text; Twilio takes it, and tells later how it went on.

        Args:
            to: number (E.164).
            body: at most 1,600 characters.
            status_callback: URL that is told each new status.
            send_at: when it goes out, by a messaging service; None: now.

        Raises:
            OptedOutError: the person has said STOP.
            UnreachableNumberError: the number takes no texts.
            UnknownOutcomeError: it may be on its way.
            ConnectorError: it was not taken, for the reason that the class says.
        """
        form = {"To": to, "Body": body, **self._sender}
        if status_callback:
            form["StatusCallback"] = status_callback
        if send_at is not None:
            form |= {"SendAt": send_at.isoformat(), "ScheduleType": "fixed"}
        return await self._twilio.fetch(
            Message, "send_message", "POST", f"{self._account}/Messages.json", data=form
        )

    async def get_message(self, sid: str) -> Message:
        """Return a text as it stands now.

        Raises:
            ConnectorError: it can't be read, or there is none.
        """
        return await self._twilio.fetch(Message, "get_message", "GET", self._path(sid))

    def list_messages(self, *, to: str = "") -> AsyncIterator[Message]:
        """Yield texts, the newest first, sent and received.

        Args:
            to: number that got them; empty: all.

        Raises:
            ConnectorError: a page can't be read.
        """
        query = {"PageSize": str(_PAGE_SIZE), **({"To": to} if to else {})}
        first = f"{self._account}/Messages.json?{urlencode(query)}"

        async def fetch(uri: str | None) -> Page[Message]:
            page = await self._twilio.fetch(MessagePage, "list_messages", "GET", uri or first)
            return Page(page.messages, page.next_page_uri)

        return items(pages(SERVICE, "list_messages", fetch))

    async def find_sent(self, to: str, body: str, *, since: datetime) -> Message | None:
        """Look a text up whose outcome is unknown; it is in the list as soon as it is taken.

        The list is not asked by date: Twilio filters by the date of *sending*, which a text that
        waits doesn't have. A trial account puts words before the body, so its end is compared.

        Args:
            to: number (E.164).
            body: that was sent.
            since: shortly before it was sent.

        Raises:
            ConnectorError: the list can't be read.
        """
        async for message in self.list_messages(to=to):
            if message.date_created < since.replace(microsecond=0):
                break
            if message.direction != "inbound" and message.body.endswith(body):
                return message
        return None

    async def cancel_message(self, sid: str) -> Message:
        """Stop a text that has not gone out, one with ``send_at`` above all.

        Raises:
            RejectedError: it has gone out (30409).
            UnknownOutcomeError: ``get_message`` tells whether it was stopped.
            ConnectorError: as the class says.
        """
        return await self._twilio.fetch(
            Message, "cancel_message", "POST", self._path(sid), data={"Status": "canceled"}
        )

    async def redact_message(self, sid: str) -> Message:
        """Empty the body of a text that has arrived or failed, for good.

        Raises:
            RejectedError: it is still on its way (20009).
            ConnectorError: as the class says.
        """
        return await self._twilio.fetch(
            Message, "redact_message", "POST", self._path(sid), data={"Body": ""}, safe=True
        )

    async def ping(self) -> None:
        """Ask for the account.

        Raises:
            NeedsReauthError: Twilio does not take the credentials, or has suspended the account.
            ConnectorError: Twilio is not reached.
        """
        account = await self._twilio.fetch(Account, "ping", "GET", f"{self._account}.json")
        if account.status != "active":
            raise self._twilio.error(NeedsReauthError, "ping", f"the account is {account.status}")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._twilio.aclose()

    def _path(self, sid: str) -> str:
        return f"{self._account}/Messages/{quote(sid, safe='')}.json"
