"""The part of Gmail's search language that mail automation needs.

Words are joined by "and"; ``-`` turns one around; what is not understood matches nothing, as in
Gmail nothing is ever refused. Source: Gmail Help, "Refine searches in Gmail".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from sandbox.mail.gmail_labels import HIDDEN, is_own, label_ids
from sandbox.mail.store import StoredMail

_TERM = re.compile(r'(?P<no>-?)(?:(?P<field>[a-z_0-9]+):)?(?P<value>"[^"]*"|\S+)', re.IGNORECASE)
_PLACES = {"inbox": "INBOX", "sent": "SENT", "trash": "TRASH", "spam": "SPAM"}
_PLACES |= {"draft": "DRAFT", "drafts": "DRAFT"}
_STATES = {"unread": "UNREAD", "starred": "STARRED", "important": "IMPORTANT"}
_SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1), "m": timedelta(days=30)}
_SPANS["y"] = timedelta(days=365)

Test = Callable[[StoredMail], bool]

_TEXTS: dict[str, Callable[[StoredMail], str]] = {
    "from": lambda stored: str(stored.mail.sender),
    "to": lambda stored: " ".join(map(str, (*stored.mail.to, *stored.mail.cc))),
    "subject": lambda stored: stored.mail.subject,
    "": lambda stored: f"{stored.mail.subject}\n{stored.mail.sender}\n{stored.mail.text}",
}


class Search:
    """A query.

    Args:
        query: as a person types it.
        names: of the mailbox's labels, id to name.
        now: moment that ``newer_than`` counts from.
    """

    def __init__(self, query: str, names: Mapping[str, str], now: datetime | None = None) -> None:
        self._names = {name.lower().replace(" ", "-"): one for one, name in names.items()}
        self._now = now or datetime.now(UTC)
        self.is_everywhere = False
        """Whether the query names a place that lists leave out."""
        self._tests = [self._read(match) for match in _TERM.finditer(query)]

    def finds(self, stored: StoredMail) -> bool:
        """Whether a mail is what the query asks for."""
        return all(test(stored) for test in self._tests)

    def _read(self, match: re.Match[str]) -> Test:
        field, value = (match["field"] or "").lower(), match["value"].strip('"').lower()
        test = self._test(field, value)
        if match["no"]:
            return lambda stored: not test(stored)
        if field == "in" and (value == "anywhere" or _PLACES.get(value) in HIDDEN):
            self.is_everywhere = True
        return test

    def _test(self, field: str, value: str) -> Test:
        if text := _TEXTS.get(field):
            return lambda stored: value in text(stored).lower()
        match field:
            case "rfc822msgid":
                wanted = value.strip("<>")
                return lambda stored: stored.mail.message_id.strip("<>").lower() == wanted
            case "in" | "label":
                return self._place(value)
            case "is":
                return self._state(value)
            case "has":
                return self._having(value)
            case _:
                return self._time(field, value)

    def _place(self, value: str) -> Test:
        if value == "anywhere":
            return lambda _stored: True
        label = _PLACES.get(value) or self._names.get(value, value)
        return lambda stored: label in label_ids(stored)

    def _state(self, value: str) -> Test:
        if value == "read":
            return lambda stored: "UNREAD" not in label_ids(stored)
        label = _STATES.get(value, "")
        return lambda stored: label in label_ids(stored)

    def _having(self, value: str) -> Test:
        if value == "nouserlabels":
            return lambda stored: not any(map(is_own, label_ids(stored)))
        return lambda stored: value == "attachment" and bool(stored.mail.attachments)

    def _time(self, field: str, value: str) -> Test:
        moment = self._moment(value)
        if moment is not None and field in {"after", "newer", "newer_than"}:
            return lambda stored: stored.received_at >= moment
        if moment is not None and field in {"before", "older", "older_than"}:
            return lambda stored: stored.received_at < moment
        return lambda _stored: False

    def _moment(self, value: str) -> datetime | None:
        """Read ``2026/11/21``, seconds since the epoch, or an age as ``7d``; None: neither."""
        try:
            if aged := re.fullmatch(r"(\d{1,4})([hdmy])", value):
                return self._now - int(aged[1]) * _SPANS[aged[2]]
            if re.fullmatch(r"\d{6,11}", value):
                return datetime.fromtimestamp(int(value), UTC)
            year, month, day = (int(part) for part in re.split(r"[/-]", value))
            return datetime(year, month, day, tzinfo=UTC)
        except (ValueError, OverflowError, OSError):
            return None
