"""Contexts for every kind of mail, and what is read from a composed one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from hotrod.company.models import Brand
from hotrod.mail.compose import ComposedMail, MailKind
from hotrod.mail.contexts import (
    AcknowledgementContext,
    DecisionContext,
    EvidenceView,
    LineView,
    MailContext,
    QuestionsContext,
    QuoteContext,
    ReminderContext,
)
from hotrod.quoting.models import LineKind

STATUS = "https://repairs.example.com/r/token.one"
APPROVE = "https://repairs.example.com/q/token.two?choice=approve"
DECLINE = "https://repairs.example.com/q/token.two?choice=decline"
ALIAS = "repairs@noizylab.example.com"
BRAND = Brand(
    display_name="NOIZYLAB Repairs",
    color="#b4232a",
    tagline="Repaired properly",
    signature="The bench",
    address="12 Foundry Lane, Ottawa, ON",
    phone="+1 613 555 0142",
    website="https://noizylab.example.com",
)


def common(**changes: Any) -> dict[str, Any]:
    return {
        "brand": BRAND,
        "ticket": "NL-1042",
        "title": "PS5: no picture",
        "customer_name": "Maya Tremblay",
        "reply_address": ALIAS,
        "status_url": STATUS,
        "zone": ZoneInfo("America/Toronto"),
    } | changes


def open_quote() -> dict[str, Any]:
    return {
        "total": Decimal("189.84"),
        "currency": "CAD",
        "expires_at": datetime(2026, 12, 4, 23, tzinfo=UTC),
        "approve_url": APPROVE,
        "decline_url": DECLINE,
    }


def line(kind: LineKind, description: str, reason: str, amount: str, quantity: int = 1) -> LineView:
    unit_price = Decimal(amount) / quantity
    return LineView(
        kind=kind,
        description=description,
        reason=reason,
        quantity=Decimal(quantity),
        unit_price=unit_price,
        amount=Decimal(amount),
    )


def quote(*, said: str = "HDMI port feels loose", **changes: Any) -> QuoteContext:
    values = {
        "version": 2,
        "lines": (
            line(LineKind.LABOUR, "Labor", "by the repair plan", "130.00"),
            line(LineKind.PART, "HDMI port", f"in stock {said}", "38.00", quantity=2),
            line(LineKind.TAX, "HST 13%", "sales tax of ON", "21.84"),
        ),
        "subtotal": Decimal("168.00"),
        "fault": f"HDMI port broken {said}",
        "evidence": (
            EvidenceView(quote=said, source="request", why=f"solder is broken {said}"),
            EvidenceView(quote="bent shell", source="photo 1"),
        ),
        "rule_based": True,
    }
    return QuoteContext.model_validate(common() | open_quote() | values | changes)


def decision(**changes: Any) -> DecisionContext:
    return DecisionContext(
        **common(**changes),
        version=2,
        total=Decimal("189.84"),
        currency="CAD",
        decided_at=datetime(2026, 11, 24, 16, 5, tzinfo=UTC),
    )


def every_mail(said: str) -> list[tuple[MailKind, MailContext]]:
    """Each kind, with someone's words wherever words of others go."""
    base = common(customer_name=said)
    reminder = ReminderContext(**base, **open_quote())
    return [
        (MailKind.ACKNOWLEDGEMENT, AcknowledgementContext(**base, problem=said, photo_count=2)),
        (
            MailKind.QUESTIONS,
            QuestionsContext(**base, problem=said, questions=(said, "Since when?")),
        ),
        (MailKind.QUOTE, quote(said=said or "-", customer_name=said)),
        (MailKind.REMINDER_24H, reminder),
        (MailKind.REMINDER_72H, reminder),
        (MailKind.EXPIRED, reminder),
        (MailKind.APPROVED, decision(customer_name=said)),
        (MailKind.DECLINED, decision(customer_name=said)),
    ]


class Page(HTMLParser):
    """The elements, links and text of an HTML mail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def words(mail: ComposedMail) -> list[str]:
    """Both bodies as plain words, for what must be in each."""
    return [re.sub(r"\s+", " ", body) for body in (mail.text, Page(mail.html).text)]


def links(mail: ComposedMail) -> set[str]:
    return {link for link in Page(mail.html).links if not link.startswith("mailto:")}


def assert_in_both(mail: ComposedMail, *pieces: str) -> None:
    for body in words(mail):
        for piece in pieces:
            assert piece in body


OUR_LINKS = {STATUS, APPROVE, DECLINE}
