"""What Graph answers, with the fields that are used."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from connectors.mail.models import MailFolder, MailSubscription, MailSummary

SHOWN = (
    "internetMessageId,conversationId,from,toRecipients,ccRecipients,"
    "subject,receivedDateTime,isRead"
)
"""The properties that make a summary; the id comes anyway."""


class _GraphModel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class GraphItem(_GraphModel):
    """Anything of Graph's, by its id."""

    id: str


class GraphItems(_GraphModel):
    """A page of things of which only the ids are asked for."""

    value: list[GraphItem]


class GraphAddress(_GraphModel):
    """The inside of a recipient."""

    address: str = ""


class GraphRecipient(_GraphModel):
    """Graph wraps each address once more."""

    email_address: GraphAddress = GraphAddress()


class GraphMessage(_GraphModel):
    """A message as lists show it; of a changed one delta may tell the changed properties only."""

    id: str
    internet_message_id: str = ""
    conversation_id: str = ""
    sender: GraphRecipient | None = Field(None, alias="from")
    to_recipients: list[GraphRecipient] = []
    cc_recipients: list[GraphRecipient] = []
    subject: str | None = None
    received_date_time: AwareDatetime | None = None
    is_read: bool = False
    removed: object = Field(None, alias="@removed")

    def read(self, received_at: datetime) -> MailSummary:
        """Return it as all services' are."""
        return MailSummary(
            id=self.id,
            message_id=self.internet_message_id,
            thread_id=self.conversation_id,
            sender=self.sender.email_address.address if self.sender else "",
            recipients=tuple(
                one.email_address.address for one in (*self.to_recipients, *self.cc_recipients)
            ),
            subject=self.subject or "",
            received_at=received_at,
            is_read=self.is_read,
        )


class GraphMessages(_GraphModel):
    """A page of messages, with where the next one is, or what comes later."""

    value: list[GraphMessage]
    next_link: str | None = Field(None, alias="@odata.nextLink")
    delta_link: str | None = Field(None, alias="@odata.deltaLink")


class GraphFolder(_GraphModel):
    """A folder."""

    id: str
    display_name: str
    total_item_count: int = 0
    unread_item_count: int = 0

    def read(self, role: str) -> MailFolder:
        """Return it as all services' are."""
        return MailFolder(
            self.id, self.display_name, role, self.total_item_count, self.unread_item_count
        )


class GraphFolders(_GraphModel):
    """A page of folders."""

    value: list[GraphFolder]
    next_link: str | None = Field(None, alias="@odata.nextLink")


class GraphSubscription(_GraphModel):
    """A subscription."""

    id: str
    expiration_date_time: AwareDatetime

    def read(self) -> MailSubscription:
        """Return it as all services' are."""
        return MailSubscription(self.id, self.expiration_date_time)


class GraphFault(BaseModel):
    """The inside of Graph's error body."""

    code: str = ""
    message: str = ""


class GraphFaultBody(BaseModel):
    """Graph's error body, ``{"error": {"code", "message", ...}}``."""

    error: GraphFault
