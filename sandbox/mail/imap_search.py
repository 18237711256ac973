"""IMAP's SEARCH keys (RFC 9051, 6.4.4; MODSEQ: RFC 7162, 3.1.5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from sandbox.mail.imap_names import chosen
from sandbox.mail.imap_wire import BadCommandError, RefusedError, Token, text_of
from sandbox.mail.store import StoredMail

MAX_DEPTH = 20

Numbered = tuple[int, StoredMail]
"""A mail with its place in the folder, from 1."""
Test = Callable[[Numbered], bool]

_FLAGS = ("ANSWERED", "DELETED", "DRAFT", "FLAGGED", "SEEN")
_CHARSETS = {"UTF-8", "US-ASCII"}


class Search:
    """Reads search keys, and finds what they ask for.

    Args:
        mails: of the folder, in order.
    """

    def __init__(self, mails: list[Numbered]) -> None:
        self._mails = mails
        self._depth = 0

    def find(self, keys: list[Token]) -> list[Numbered]:
        """Return the mails for which all keys hold.

        Raises:
            RefusedError: a key isn't known or can't be read.
        """
        rest = list(keys)
        if rest and not isinstance(rest[0], list) and rest[0].upper() == b"CHARSET":
            if len(rest) < 2 or text_of(rest[1]).upper() not in _CHARSETS:  # noqa: PLR2004
                raise RefusedError("[BADCHARSET (UTF-8)] Only UTF-8 is searched")
            rest = rest[2:]
        if not rest:
            raise BadCommandError("SEARCH needs a key")
        test = self._all_of(rest)
        return [one for one in self._mails if test(one)]

    def _all_of(self, rest: list[Token]) -> Test:
        tests = []
        while rest:
            tests.append(self._next(rest))
        return lambda one: all(test(one) for test in tests)

    def _next(self, rest: list[Token]) -> Test:
        """Take one key with its arguments off the list."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadCommandError("the keys are nested too deeply")
        test = self._key(rest)
        self._depth -= 1
        return test

    def _key(self, rest: list[Token]) -> Test:
        token = rest.pop(0) if rest else b""
        if isinstance(token, list):
            return self._all_of(list(token))
        key = token.upper().decode("ascii", "replace")
        if key == "NOT":
            refused = self._next(rest)
            return lambda one: not refused(one)
        if key == "OR":
            either, other = self._next(rest), self._next(rest)
            return lambda one: either(one) or other(one)
        return _by_flag(key, rest) or _by_date(key, rest) or self._by_word(key, rest)

    def _by_word(self, key: str, rest: list[Token]) -> Test:
        if key in _TEXTS:
            word = _argument(rest).lower()
            return lambda one: word in _TEXTS[key](one[1]).lower()
        match key:
            case "ALL" | "OLD":
                return lambda _one: True
            case "HEADER":
                name, value = _argument(rest).lower(), _argument(rest).lower()
                return lambda one: any(
                    header.lower() == name and value in text.lower()
                    for header, text in one[1].mail.headers.items()
                )
            case "UID":
                uids = set(chosen(_argument(rest), [stored.uid for _, stored in self._mails]))
                return lambda one: one[1].uid in uids
            case "LARGER" | "SMALLER" | "MODSEQ":
                number = _number(_argument(rest))
                return {
                    "LARGER": lambda one: len(one[1].mail.raw) > number,
                    "SMALLER": lambda one: len(one[1].mail.raw) < number,
                    "MODSEQ": lambda one: one[1].change >= number,
                }[key]
        if key[:1] not in "0123456789*" or not key:
            raise BadCommandError("a search key is not known")
        places = set(chosen(key, [place for place, _ in self._mails]))
        return lambda one: one[0] in places


_TEXTS: dict[str, Callable[[StoredMail], str]] = {
    "FROM": lambda one: str(one.mail.sender),
    "TO": lambda one: ", ".join(map(str, one.mail.to)),
    "CC": lambda one: ", ".join(map(str, one.mail.cc)),
    "BCC": lambda one: ", ".join(map(str, one.mail.bcc)),
    "SUBJECT": lambda one: one.mail.subject,
    "BODY": lambda one: f"{one.mail.text}\n{one.mail.html}",
    "TEXT": lambda one: f"{one.mail.headers}\n{one.mail.text}\n{one.mail.html}",
}


def _by_flag(key: str, rest: list[Token]) -> Test | None:
    if key in ("KEYWORD", "UNKEYWORD"):
        flag, wanted = _argument(rest), key == "KEYWORD"
        return lambda one: (flag in one[1].flags) is wanted
    if key in ("NEW", "RECENT"):
        return lambda _one: False
    name, wanted = key.removeprefix("UN"), not key.startswith("UN")
    if name not in _FLAGS:
        return None
    flag = f"\\{name.title()}"
    return lambda one: (flag in one[1].flags) is wanted


def _by_date(key: str, rest: list[Token]) -> Test | None:
    sent, relation = key.startswith("SENT"), key.removeprefix("SENT")
    if relation not in ("BEFORE", "ON", "SINCE"):
        return None
    day = _day(_argument(rest))

    def test(one: Numbered) -> bool:
        when = (one[1].mail.sent_at if sent else one[1].received_at).date()
        return {"BEFORE": when < day, "ON": when == day, "SINCE": when >= day}[relation]

    return test


def _argument(rest: list[Token]) -> str:
    if not rest:
        raise BadCommandError("a search key lacks its argument")
    return text_of(rest.pop(0))


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise BadCommandError("a number is expected")
    return int(text)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%d-%b-%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise BadCommandError("a date is expected, as in 1-Feb-2026") from None
