"""What Gmail answers, and the cursor by which it is read."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from email.utils import getaddresses, parseaddr
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from connectors.mail.models import MailSummary

ORIGINAL_ID = "X-Google-Original-Message-ID"
"""Header in which Gmail keeps a Message-ID that it has replaced."""

SUMMARY_HEADERS = ["Message-ID", ORIGINAL_ID, "From", "To", "Cc", "Subject"]
"""A list: Google's library writes any other sequence as one value."""


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class GmailCursor(BaseModel):
    """Where reading goes on.

    Args:
        history: id after which changes are read.
        page: of the list, or of the history after that id; empty: the first.
        listing: whether the folder's first messages are still listed.
    """

    model_config = ConfigDict(extra="forbid")

    history: str = Field(pattern=r"^\d+$")
    page: str = ""
    listing: bool = False

    def __str__(self) -> str:
        return self.model_dump_json(exclude_defaults=True)


class GmailProfile(_Answer):
    """Whose mailbox it is, and the id of its latest change."""

    history_id: str


class GmailReference(_Answer):
    """A message as lists name it."""

    id: str
    thread_id: str = ""
    label_ids: list[str] = []


class GmailList(_Answer):
    """A page of messages; without ``messages`` there are none."""

    messages: list[GmailReference] = []
    next_page_token: str = ""


class GmailHeader(_Answer):
    """A header, decoded."""

    name: str
    value: str


class GmailPayload(_Answer):
    """The outermost part of a message; only its headers are asked for."""

    headers: list[GmailHeader] = []


class GmailMessage(GmailReference):
    """A message as Gmail describes it: in the form ``minimal`` or ``metadata``."""

    internal_date: int = 0
    payload: GmailPayload = GmailPayload()

    def header(self, name: str) -> str:
        """Return the first header of a name; empty: there is none."""
        wanted = name.lower()
        found = (one.value for one in self.payload.headers if one.name.lower() == wanted)
        return next(found, "")

    def summary(self) -> MailSummary:
        """Return it as a list shows it."""
        people = getaddresses([self.header("To"), self.header("Cc")])
        return MailSummary(
            id=self.id,
            message_id=self.header("Message-ID").strip(),
            thread_id=self.thread_id,
            sender=parseaddr(self.header("From"))[1],
            recipients=tuple(address for _, address in people if address),
            subject=self.header("Subject"),
            received_at=datetime.fromtimestamp(self.internal_date / 1000, UTC),
            is_read="UNREAD" not in self.label_ids,
        )


class GmailOriginal(GmailReference):
    """A message as it was sent: in the form ``raw``."""

    raw: Annotated[bytes, BeforeValidator(lambda text: urlsafe_b64decode(f"{text}=="))]


class GmailThread(_Answer):
    """A conversation."""

    messages: list[GmailMessage] = []


class GmailLabel(_Answer):
    """A label; how much has it is told only of one asked for by itself."""

    id: str
    name: str
    type: str = "user"
    messages_total: int = 0
    messages_unread: int = 0


class GmailLabels(_Answer):
    """All labels of a mailbox."""

    labels: list[GmailLabel] = []


class GmailChange(_Answer):
    """What happened to one message; the labels are those that were given or taken."""

    message: GmailReference
    label_ids: list[str] = []


class GmailRecord(_Answer):
    """What happened at once."""

    messages_added: list[GmailChange] = []
    messages_deleted: list[GmailChange] = []
    labels_added: list[GmailChange] = []
    labels_removed: list[GmailChange] = []


class GmailHistory(_Answer):
    """A page of what happened; without ``history`` it was nothing."""

    history: list[GmailRecord] = []
    history_id: str
    next_page_token: str = ""
