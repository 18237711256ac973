"""Texts: sent, under way, received; and who wants none."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlencode

from sandbox.credentials import CREDENTIALS
from sandbox.deliveries import Delivery, Outbox
from sandbox.twilio.signature import signature
from sandbox.windows import RateLimit

Status = Literal[
    "accepted",
    "scheduled",
    "queued",
    "sending",
    "sent",
    "delivered",
    "undelivered",
    "failed",
    "received",
    "canceled",
]
Fate = Literal["sending", "sent", "delivered", "undelivered", "failed"]

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
FINAL = frozenset({"delivered", "undelivered", "failed", "received", "canceled"})
MAX_KEPT = 5000
CALLS_PER_SECOND = 100
"""Ours: Twilio limits how many calls it works on at a time, and doesn't tell the number."""


@dataclass(kw_only=True)
class Text:
    """One message; a sender is a number, a service (``MG...``), or both."""

    sid: str
    to: str
    sender: str | None
    service: str | None
    body: str
    status: Status
    media: int = 0
    callback: str = ""
    error_code: int | None = None
    is_reply: bool = False
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    sent_at: datetime | None = None

    @property
    def is_incoming(self) -> bool:
        """Whether it came to us."""
        return self.status == "received"

    @property
    def line(self) -> str:
        """What a person opts out of: a service, or a number."""
        return self.service or self.sender or ""


class Texts:
    """All texts of the account, the oldest first."""

    def __init__(self) -> None:
        self._kept: dict[str, Text] = {}
        self.opted_out: set[tuple[str, str]] = set()
        self.incoming_url = ""
        self.outbox = Outbox()
        self.limit = RateLimit(CALLS_PER_SECOND, 1.0)

    def all(self) -> list[Text]:
        """Return the texts, the oldest first."""
        return list(self._kept.values())

    def get(self, sid: str) -> Text | None:
        """Return a text."""
        return self._kept.get(sid)

    def add(self, text: Text) -> None:
        """Keep a text; the oldest leave."""
        self._kept[text.sid] = text
        while len(self._kept) > MAX_KEPT:
            del self._kept[next(iter(self._kept))]

    def remove(self, sid: str) -> None:
        """Forget a text."""
        del self._kept[sid]

    def move(self, text: Text, status: Fate | Literal["canceled"], error: int | None) -> None:
        """Let a text get on, and owe the callback that tells it."""
        text.status = status
        text.error_code = error
        text.updated_at = datetime.now(UTC)
        if status != "canceled":
            text.sent_at = text.sent_at or text.updated_at
        if text.callback:
            self._owe(f"{text.sid} is {status}", text.callback, _callback(text))

    def receive(self, sender: str, body: str, to: str) -> Text:
        """Take a text from a person; STOP and START are heard, as Twilio does by itself."""
        word = body.strip().upper()
        if word in STOP_WORDS:
            self.opted_out |= {(line, sender) for line in _lines(to)}
        if word in START_WORDS:
            self.opted_out -= {(line, sender) for line in _lines(to)}
        sid = new_sid("SM")
        text = Text(sid=sid, to=to, sender=sender, service=None, body=body, status="received")
        self.add(text)
        if self.incoming_url:
            self._owe(f"{text.sid} has arrived", self.incoming_url, _arrival(text))
        return text

    def _owe(self, name: str, url: str, told: Mapping[str, str]) -> None:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "X-Twilio-Signature": signature(CREDENTIALS.twilio_auth_token, url, told),
        }
        body = urlencode(told).encode()
        self.outbox.add(Delivery(name=name, url=url, body=body, headers=lambda: headers))

    def clear(self) -> None:
        """Forget it all."""
        self._kept.clear()
        self.opted_out.clear()
        self.incoming_url = ""
        self.outbox.clear()
        self.limit.clear()


def new_sid(prefix: str) -> str:
    """Make an id of Twilio's form."""
    return prefix + uuid.uuid4().hex


def _lines(number: str) -> tuple[str, ...]:
    """Return what a STOP to a number is for: the number, and the service that it belongs to."""
    return (number, CREDENTIALS.twilio_service)


def _callback(text: Text) -> dict[str, str]:
    told = {
        "AccountSid": CREDENTIALS.twilio_account,
        "ApiVersion": "2010-04-01",
        "MessageSid": text.sid,
        "MessageStatus": text.status,
        "SmsSid": text.sid,
        "SmsStatus": text.status,
        "To": text.to,
    }
    if text.sender:
        told["From"] = text.sender
    if text.service:
        told["MessagingServiceSid"] = text.service
    if text.error_code:
        told["ErrorCode"] = str(text.error_code)
    return told


def _arrival(text: Text) -> dict[str, str]:
    return {
        "AccountSid": CREDENTIALS.twilio_account,
        "ApiVersion": "2010-04-01",
        "Body": text.body,
        "From": text.sender or "",
        "MessageSid": text.sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": text.sid,
        "SmsSid": text.sid,
        "SmsStatus": "received",
        "To": text.to,
    }
