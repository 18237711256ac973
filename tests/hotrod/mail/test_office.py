"""Mails to managers, to ops and to suppliers: whole, in both forms, and harmless."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from hotrod.company.models import Brand
from hotrod.mail.office import (
    ApprovalClosedContext,
    ApprovalContext,
    NothingOfferedContext,
    OfficeContext,
    OrderedView,
    PieceView,
    PurchaseOrderContext,
    ToBuyContext,
    compose_office,
)

HOSTILE = "<script>alert(1)</script> \r\nBcc: all@example.com http://evil.example.com/pay {{ 7*7 }}"
DEADLINE = datetime(2026, 11, 24, 23, tzinfo=UTC)
LINK = "http://127.0.0.1:8080/a/token"
TO: dict[str, Any] = {
    "brand": Brand(display_name="NOIZYLAB Repairs"),
    "zone": ZoneInfo("America/Toronto"),
    "person_name": "Sofia",
    "reply_address": "ops@hotrod.example.com",
}


def approval(words: str = "Fan", **changes: Any) -> ApprovalContext:
    line = PieceView(
        sku="FAN-PS5",
        words=words,
        seller=words,
        quantity=3,
        unit_amount=Decimal("25.05"),
        why=words,
    )
    fields: dict[str, Any] = {
        "amount": Decimal("75.15"),
        "currency": "CAD",
        "lines": (line,),
        "missing": (words,),
        "advice": words,
        "deadline_at": DEADLINE,
        "link": LINK,
    }
    return ApprovalContext(**TO, **fields | changes)


def every_mail(words: str) -> list[OfficeContext]:
    return [
        approval(words),
        NothingOfferedContext(**TO, missing=(words,)),
        ApprovalClosedContext(
            **TO, title=words, price="1.00 CAD", state="declined", decided_by=words, reason=words
        ),
        PurchaseOrderContext(
            **TO,
            number="PO-1001",
            lines=(OrderedView(reference=words, title=words, quantity=2),),
            ship_to=words,
            wanted_by=date(2026, 12, 1),
        ),
        ToBuyContext(**TO, number="PO-1001", seller=words, price="1.00 CAD", link=LINK),
        ToBuyContext(
            **TO,
            number="PO-1001",
            seller=words,
            price="1.00 CAD",
            link=LINK,
            late_since=date(2026, 12, 1),
        ),
    ]


@pytest.mark.parametrize("context", every_mail(HOSTILE), ids=lambda one: type(one).__name__)
def test_words_of_others_stay_words(context: OfficeContext) -> None:
    mail = compose_office(context)
    assert len(mail.subject.splitlines()) == 1
    assert "<script" not in mail.html
    assert "&lt;script" in mail.html
    for form in (mail.text, mail.html):
        assert "evil.example.com/pay" not in form, "a seller's link must not stand in our mail"
        assert "\r" not in form
        assert "{{ 7*7 }}" in form


def test_a_proposal_says_what_it_costs_until_when_and_where_to_answer() -> None:
    mail = compose_office(approval())
    assert mail.subject == "Approve 75.15 CAD for 1 part?"
    for form in (mail.text, mail.html):
        assert LINK in form
        assert "Tuesday, November 24, 2026, 18:00" in form
        assert "25.05" in form
        assert "two managers" not in form
    assert "two managers" in compose_office(approval(needs=2)).text
    assert compose_office(approval(is_reminder=True)).subject.startswith("Still open: ")


def test_a_link_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError):
        approval(link="javascript:alert(1)")
