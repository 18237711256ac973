"""Whom Anymail Finder can find, what it was asked, and the credits that are left."""

from __future__ import annotations

import unicodedata
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Status = Literal["valid", "risky", "blacklisted"]
STATUSES: tuple[Status, ...] = ("valid", "risky", "blacklisted")
CREDITS = 1000
MAX_QUERIES = 500
MAX_OF_COMPANY = 20


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address of a company; ``full_name`` is empty when it is nobody's own."""

    email: str
    full_name: str
    company: str
    status: Status

    @property
    def domain(self) -> str:
        """The part after the sign."""
        return self.email.partition("@")[2]


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked, and what it cost."""

    asked: str
    status: str
    charged: int
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Finder:
    """The mailboxes that there are, by address, and the account of who asks."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all mailboxes and queries; the credits come back."""
        self.credits_left = CREDITS
        self._mailboxes: dict[str, Mailbox] = {}
        self._paid: set[str] = set()
        self._queries: deque[Query] = deque(maxlen=MAX_QUERIES)

    def add(self, mailbox: Mailbox) -> None:
        """Let a mailbox be found."""
        self._mailboxes[mailbox.email.lower()] = mailbox

    def mailboxes(self) -> list[Mailbox]:
        """Return all mailboxes, in the order they were added."""
        return list(self._mailboxes.values())

    def at(self, email: str) -> Mailbox | None:
        """Return the mailbox of an address."""
        return self._mailboxes.get(email.lower())

    def of_company(self, domain: str, company: str) -> list[Mailbox]:
        """Return a company's mailboxes; its domain says more than its name."""
        return [
            one
            for one in self._mailboxes.values()
            if (_same(one.domain, domain) if domain else _same(one.company, company))
        ][:MAX_OF_COMPANY]

    def of_person(self, full_name: str, domain: str, company: str) -> Mailbox | None:
        """Return a person's mailbox at a company; accents and capitals don't matter."""
        found = self.of_company(domain, company)
        return next((one for one in found if _same(one.full_name, full_name)), None)

    def may_ask(self, query: str) -> bool:
        """Tell whether there is a credit for a query, or it was paid before."""
        return self.credits_left > 0 or query in self._paid

    def settle_find(self, query: str, status: str, *, is_charged: bool) -> int:
        """Note a find, and return what it costs: paid once, it is paid for a year."""
        charged = int(is_charged and query not in self._paid)
        if charged:
            self._paid.add(query)
        return self._settle(query, status, charged)

    def settle_verification(self, email: str, status: str) -> int:
        """Note a verification, and return what it costs: each time the same."""
        return self._settle(f"verify {email}", status, 1)

    def queries(self) -> list[Query]:
        """Return the latest queries, oldest first."""
        return list(self._queries)

    def _settle(self, query: str, status: str, charged: int) -> int:
        self.credits_left -= charged
        self._queries.append(Query(query, status, charged))
        return charged


def _same(one: str, other: str) -> bool:
    return bool(one) and _plain(one) == _plain(other)


def _plain(text: str) -> str:
    spelled = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(sign for sign in spelled if not unicodedata.combining(sign)).split())
