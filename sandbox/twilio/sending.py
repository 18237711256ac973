"""What a form to send a text must hold, and the numbers by which Twilio refuses it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from sandbox.credentials import CREDENTIALS
from sandbox.twilio.errors import TwilioError
from sandbox.twilio.store import Status, Text, Texts, new_sid

LONGEST_BODY = 1600
EARLIEST, LATEST = timedelta(minutes=5), timedelta(days=35)
MOST_MEDIA = 10

_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_URL = re.compile(r"https?://[^\s/_?#]+([/?#]\S*)?", re.ASCII)
_MAGIC = {
    "+15005550001": (21211, "Invalid 'To' Phone Number: {}"),
    "+15005550002": (21612, "The 'To' phone number {} is not currently reachable via SMS"),
    "+15005550003": (21408, "Permission to send an SMS has not been enabled for the region"),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient"),
    "+15005550009": (21614, "'To' number {} is not a valid mobile number"),
}
"""Numbers that Twilio keeps for trying out its refusals; source: "Test Credentials"."""


@dataclass(frozen=True)
class Form:
    """A form's values; of a name that comes often, ``get`` returns the last one."""

    pairs: Sequence[tuple[str, str]]
    _last: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_last", dict(self.pairs))

    def get(self, name: str) -> str | None:
        """Return a value; None: it wasn't sent."""
        return self._last.get(name)

    def count(self, name: str) -> int:
        """Return how often a name was sent."""
        return sum(one == name for one, _ in self.pairs)


def read_form(body: bytes) -> Form:
    """Read a form as Twilio does, leniently."""
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    except ValueError:
        raise TwilioError(20001, "The form can't be read.") from None
    return Form(pairs)


def text_from(form: Form, texts: Texts) -> Text:
    """Make the text that a form asks for.

    Raises:
        TwilioError: by the number of what is wrong.
    """
    to = _to(form.get("To") or "")
    sender, service = _sender(form)
    body, media = form.get("Body") or "", form.count("MediaUrl")
    if not (body or media):
        raise TwilioError(21602, "Message body is required.")
    if len(body) > LONGEST_BODY:
        text = f"The concatenated message body exceeds the {LONGEST_BODY} character limit."
        raise TwilioError(21617, text)
    if media > MOST_MEDIA:
        raise TwilioError(21623, "Number of media files exceeds allowed limit")
    callback = form.get("StatusCallback") or ""
    if callback and not _URL.fullmatch(callback):
        raise TwilioError(21609, f"The 'StatusCallback' URL {callback} is not a valid URL.")
    status = _status(form, service)
    if (service or sender, to) in texts.opted_out:
        raise TwilioError(*_MAGIC["+15005550004"])
    return Text(
        sid=new_sid("MM" if media else "SM"),
        to=to,
        sender=sender,
        service=service,
        body=body,
        media=media,
        callback=callback,
        status=status,
    )


def _to(to: str) -> str:
    if not to:
        raise TwilioError(21604, "A 'To' phone number is required.")
    if not _NUMBER.fullmatch(to):
        raise TwilioError(21211, f"Invalid 'To' Phone Number: {to[:40]}")
    if to in _MAGIC:
        code, text = _MAGIC[to]
        raise TwilioError(code, text.format(to))
    return to


def _sender(form: Form) -> tuple[str | None, str | None]:
    sender, service = form.get("From") or None, form.get("MessagingServiceSid") or None
    if service is not None and service != CREDENTIALS.twilio_service:
        raise TwilioError(21701, "The Messaging Service does not exist")
    if sender is None and service is None:
        raise TwilioError(21603, "A 'From' phone number is required.")
    if sender is not None and not _NUMBER.fullmatch(sender):
        raise TwilioError(21212, f"Invalid 'From' Phone Number: {sender[:40]}")
    if sender not in (None, CREDENTIALS.twilio_number):
        text = f"The 'From' phone number {sender} is not a valid, SMS-capable number of yours."
        raise TwilioError(21606, text)
    return sender, service


def _status(form: Form, service: str | None) -> Status:
    when, kind = form.get("SendAt"), form.get("ScheduleType")
    if when is None and kind is None:
        return "accepted" if service else "queued"
    if kind != "fixed":
        raise TwilioError(35112, "ScheduleType must be 'fixed'.")
    if service is None:
        raise TwilioError(35118, "MessagingServiceSid is required to schedule a message")
    try:
        moment = datetime.fromisoformat(when or "")
    except ValueError:
        raise TwilioError(35111, "SendAt is missing, or no moment of ISO 8601") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if not EARLIEST <= moment - datetime.now(UTC) <= LATEST:
        raise TwilioError(35114, "SendAt is too early or too late")
    return "scheduled"
