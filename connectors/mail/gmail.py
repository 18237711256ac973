"""Mail through the Gmail API, by Google's own library."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterable, Sequence
from email.parser import BytesHeaderParser
from email.policy import default
from typing import Any, TypeVar

from googleapiclient.http import HttpRequest
from pydantic import ValidationError

from connectors._http.batch import batch_execute
from connectors._http.errors import ConnectorError, RejectedError, ServiceNotFoundError
from connectors._http.google_client import GoogleClient
from connectors._http.limits import Rate
from connectors.mail.errors import GMAIL_CURES, GMAIL_TABLE, CursorExpiredError
from connectors.mail.gmail_models import (
    ORIGINAL_ID,
    SUMMARY_HEADERS,
    GmailCursor,
    GmailHistory,
    GmailLabel,
    GmailLabels,
    GmailList,
    GmailMessage,
    GmailOriginal,
    GmailProfile,
    GmailThread,
)
from connectors.mail.gmail_places import GIVEN_BY_GMAIL, Place, folder_of, is_folder, left_for
from connectors.mail.message import read_message
from connectors.mail.models import MailFolder, MailMessage, MailPage, MailSummary, SentLookup

SERVICE = "mail"
Result = TypeVar("Result")
RATE = Rate(100, 100.0)
"""Our share. Gmail itself counts units: 100 for a mail sent, and 6,000 a minute for each user.

Source: Gmail API, "Usage limits".
"""

PAGE_SIZE = 25
"""Messages on a page: each is a call of its own, and a page shall not use up our pace."""

_MESSAGE_ID = re.compile(r"<[^<>\s]+>")


class GmailMail(GoogleClient):
    """A ``MailTransport`` and ``MailReader`` over Gmail.

    A mailbox is named to Gmail by its address, never as ``me``: a grant reaches the mailbox of
    the person who gave it, and Gmail refuses any other ("Delegation denied") instead of sending
    from the wrong one. It is the account's own address, not an alias; an alias in From must be
    one that the mailbox may "send mail as", otherwise Gmail puts the account's address there.

    Labels are folders here, and the archive is the lack of any label that is a place.

    Source: Gmail API v1, "Sending email", "Synchronize clients with Gmail", "Manage labels".

    The mailbox's owner grants the scope ``mail.google.com`` or ``gmail.modify``.
    """

    _service, _name, _version = SERVICE, "gmail", "v1"
    _table, _cures = GMAIL_TABLE, GMAIL_CURES
    _has_one_limit = False  # "Usage limits": sending and downloading each have their own

    async def send(
        self,
        mime: bytes,
        *,
        mailbox: str,
        sender: str,  # noqa: ARG002 - Gmail reads the addresses in the message
        recipients: Sequence[str],  # noqa: ARG002 - likewise
    ) -> None:
        """Send a message; Gmail takes sender and recipients from its headers, Bcc included.

        A reply is put into the conversation of the message that it answers, if that is there.
        """
        message = {"raw": urlsafe_b64encode(mime).decode()}
        if answered := _answered(mime):
            found = await self._search("send", mailbox, f"rfc822msgid:{answered}")
            if found.messages:
                message["threadId"] = found.messages[0].thread_id
        await self._google.send(
            "send", lambda api: _messages(api).send(userId=mailbox, body=message), safe=False
        )

    async def find_sent(self, message_id: str, *, mailbox: str) -> SentLookup:
        """Look among the sent messages.

        Gmail replaces a Message-ID that is not well formed: if it does, the original one is
        looked for in the latest messages, and an older one can't be found.
        """
        if _MESSAGE_ID.fullmatch(message_id):
            query = f"rfc822msgid:{message_id}"
            if (await self._search("find_sent", mailbox, query, "SENT")).messages:
                return SentLookup.FOUND
        latest = await self._search("find_sent", mailbox, "", "SENT")
        sent = await self._messages("find_sent", mailbox, [one.id for one in latest.messages])
        replaced = [one.header(ORIGINAL_ID).strip() for one in sent if one.header(ORIGINAL_ID)]
        if message_id in replaced:
            return SentLookup.FOUND
        return SentLookup.UNKNOWABLE if replaced and latest.next_page_token else SentLookup.ABSENT

    async def folders(self, *, mailbox: str) -> list[MailFolder]:
        """List the labels that are places: Gmail's own, and those that somebody made."""
        known = await self._google.fetch(
            GmailLabels, "folders", lambda api: _labels(api).list(userId=mailbox), safe=True
        )
        places = [one.id for one in known.labels if is_folder(one)]

        async def counted(label: str) -> GmailLabel:
            return await self._google.fetch(
                GmailLabel,
                "folders",
                lambda api: _labels(api).get(userId=mailbox, id=label),
                safe=True,
            )

        return [folder_of(label) for label in await _each(places, counted)]

    async def fetch(
        self, *, mailbox: str, folder: str = "inbox", cursor: str | None = None
    ) -> MailPage:
        """Return a page of a folder's messages, the newest first; then of what changed since.

        Gmail keeps its history for a week at least, as a rule.
        """
        place = Place.of(folder)
        if cursor is None:
            profile = await self._profile("fetch", mailbox)
            begin = GmailCursor(history=profile.history_id, listing=True)
        else:
            begin = self._read_cursor(cursor)
        try:
            if begin.listing:
                return await self._first(mailbox, place, begin)
            return await self._since(mailbox, place, begin)
        except RejectedError as refusal:
            if begin.page:
                raise self._expired(refusal.message) from None
            raise self._refused("fetch", refusal) from None

    async def read(self, message: str, *, mailbox: str) -> MailMessage:
        """Return a whole message."""
        found = await self._google.fetch(
            GmailOriginal, "read", _asking(mailbox, message, "raw"), safe=True
        )
        return read_message(found.raw)

    async def thread(self, thread_id: str, *, mailbox: str) -> list[MailSummary]:
        """Return the messages of a conversation; none if Gmail doesn't know it."""
        found = await self._google.find(
            GmailThread,
            "thread",
            lambda api: (
                api.users()
                .threads()
                .get(
                    userId=mailbox,
                    id=thread_id,
                    format="metadata",
                    metadataHeaders=SUMMARY_HEADERS,
                )
            ),
        )
        messages = found.messages if found else []
        return [one.summary() for one in sorted(messages, key=lambda one: one.internal_date)]

    async def move(self, message: str, *, mailbox: str, folder: str) -> None:
        """Give a message the folder's label, and take those of other places from it."""
        target = Place.of(folder)
        if target.label in GIVEN_BY_GMAIL:
            text = f"only Gmail itself gives the label {target.label}"
            raise self._google.error(RejectedError, "move", text)
        stored = await self._google.fetch(
            GmailMessage, "move", _asking(mailbox, message, "minimal"), safe=True
        )
        has = stored.label_ids
        change = {
            "addLabelIds": [target.label] if target.label and not target.holds(has) else [],
            "removeLabelIds": left_for(target, has),
        }
        if not any(change.values()):
            return
        try:
            await self._google.send(
                "move",
                lambda api: _messages(api).modify(userId=mailbox, id=message, body=change),
                safe=True,
            )
        except RejectedError as refusal:
            raise self._refused("move", refusal) from None

    async def ping(self) -> None:
        """Ask whose mailbox the grant is for."""
        await self._profile("ping", "me")

    async def _first(self, mailbox: str, place: Place, begin: GmailCursor) -> MailPage:
        listed = await self._search("fetch", mailbox, place.query, place.label, begin.page)
        found = await self._messages("fetch", mailbox, [one.id for one in listed.messages])
        following = GmailCursor(
            history=begin.history, page=listed.next_page_token, listing=bool(listed.next_page_token)
        )
        messages = tuple(one.summary() for one in found if place.holds(one.label_ids))
        return MailPage(messages, (), str(following), is_last=not following.listing)

    async def _since(self, mailbox: str, place: Place, begin: GmailCursor) -> MailPage:
        try:
            told = await self._google.fetch(
                GmailHistory,
                "fetch",
                lambda api: (
                    api.users()
                    .history()
                    .list(
                        userId=mailbox,
                        startHistoryId=begin.history,
                        maxResults=PAGE_SIZE,
                        **({"pageToken": begin.page} if begin.page else {}),
                    )
                ),
                safe=True,
            )
        except ServiceNotFoundError as gone:
            raise self._expired(gone.message) from None
        touched = place.touched(told)
        found = await self._messages("fetch", mailbox, touched)
        here = {one.id: one for one in found if place.holds(one.label_ids)}
        following = GmailCursor(
            history=begin.history if told.next_page_token else told.history_id,
            page=told.next_page_token,
        )
        return MailPage(
            messages=tuple(one.summary() for one in here.values()),
            removed=tuple(one for one, has_left in touched.items() if has_left and one not in here),
            cursor=str(following),
            is_last=not following.page,
        )

    async def _search(
        self, operation: str, mailbox: str, query: str, label: str = "", page: str = ""
    ) -> GmailList:
        options = {"q": query, "labelIds": label, "pageToken": page}
        return await self._google.fetch(
            GmailList,
            operation,
            lambda api: _messages(api).list(
                userId=mailbox,
                maxResults=PAGE_SIZE,
                includeSpamTrash=True,
                **{name: value for name, value in options.items() if value},
            ),
            safe=True,
        )

    async def _messages(
        self, operation: str, mailbox: str, wanted: Iterable[str]
    ) -> list[GmailMessage]:
        """Return the headers of messages; those that are gone meanwhile are left out."""

        async def found(message: str) -> GmailMessage | None:
            asking = _asking(mailbox, message, "metadata", metadataHeaders=SUMMARY_HEADERS)
            return await self._google.find(GmailMessage, operation, asking)

        return await _each(list(wanted), found)

    async def _profile(self, operation: str, user: str) -> GmailProfile:
        return await self._google.fetch(
            GmailProfile, operation, lambda api: api.users().getProfile(userId=user), safe=True
        )

    def _refused(self, operation: str, refusal: RejectedError) -> ConnectorError:
        """Tell a label that is not there from other refusals; Gmail gives both one reason."""
        if "label" not in refusal.message.lower():
            return refusal
        return self._google.error(ServiceNotFoundError, operation, refusal.message)

    def _read_cursor(self, cursor: str) -> GmailCursor:
        try:
            return GmailCursor.model_validate_json(cursor)
        except ValidationError:
            raise self._expired("it is no cursor of Gmail's") from None

    def _expired(self, why: str) -> CursorExpiredError:
        return CursorExpiredError(SERVICE, "fetch", f"the cursor can't be used: {why}")


def _messages(api: Any) -> Any:  # noqa: ANN401 - made from a description at run time
    return api.users().messages()


def _asking(mailbox: str, message: str, form: str, **more: object) -> Callable[[Any], HttpRequest]:
    return lambda api: _messages(api).get(userId=mailbox, id=message, format=form, **more)


def _labels(api: Any) -> Any:  # noqa: ANN401 - likewise
    return api.users().labels()


def _answered(mime: bytes) -> str | None:
    """Return the Message-ID of the message that a reply answers."""
    headers = BytesHeaderParser(policy=default).parsebytes(mime)
    named = _MESSAGE_ID.findall(str(headers["In-Reply-To"]))
    named += _MESSAGE_ID.findall(str(headers["References"]))[::-1]
    return named[0] if named else None


async def _each(
    items: Sequence[str], act: Callable[[str], Awaitable[Result | None]]
) -> list[Result]:
    """Act on all, a few at a time, and return what isn't None; the first error ends it."""
    outcomes = await batch_execute(items, act, continue_on_error=False)
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
    return [outcome.result for outcome in outcomes if outcome.result is not None]
