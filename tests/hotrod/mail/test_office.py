"""Mails to managers, to ops and to suppliers: whole, in both forms, and harmless."""

from __future__ import annotations

import html
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
    CheckoutContext,
    NothingOfferedContext,
    OfficeContext,
    OrderedView,
    PieceView,
    PurchaseOrderContext,
    ToBuyContext,
    compose_office,
)
from tests.hotrod.approvals import kit

HOSTILE = "<script>alert(1)</script> \r\nBcc: all@example.com http://evil.example.com/pay {{ 7*7 }}"
DEADLINE = datetime(2026, 11, 24, 23, tzinfo=UTC)
LINK = "http://127.0.0.1:8080/a/token"
PAGE = "https://northbench.example.com/order"
PICTURE = "https://i.ebayimg.com/images/g/abc/s-l1600.jpg"
AWAY = "ebay could not be searched: it answered 503"
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
        stock_out_on=date(2026, 12, 9),
        picture=PICTURE,
    )
    fields: dict[str, Any] = {
        "amount": Decimal("75.15"),
        "currency": "CAD",
        "lines": (line,),
        "missing": (words,),
        "unsearched": (words,),
        "advice": words,
        "deadline_at": DEADLINE,
        "link": LINK,
    }
    return ApprovalContext(**TO, **fields | changes)


def to_buy(seller: str = "Northbench", waits_since: date | None = None) -> ToBuyContext:
    return ToBuyContext(
        **TO,
        number="PO-1001",
        seller=seller,
        price="1.00 CAD",
        link=LINK,
        pages=(PAGE,),
        waits_since=waits_since,
    )


def every_mail(words: str) -> list[OfficeContext]:
    return [
        approval(words),
        NothingOfferedContext(**TO, missing=(words,), unsearched=(words,)),
        ApprovalClosedContext(
            **TO, title=words, price="1.00 CAD", state="declined", decided_by=words, reason=words
        ),
        PurchaseOrderContext(
            **TO,
            number="PO-1001",
            lines=(OrderedView(reference=words, title=words, quantity=2, unit_price=words),),
            goods=words,
            ship_to=words,
            wanted_by=date(2026, 12, 1),
        ),
        CheckoutContext(**TO, numbers=("PO-1001",), price=words, link=LINK),
        CheckoutContext(**TO, numbers=("PO-1001",), price="1.00 CAD", link=LINK, trouble=words),
        ToBuyContext(**TO, number="PO-1001", seller=words, price="1.00 CAD", link=LINK),
        ToBuyContext(
            **TO,
            number="PO-1001",
            seller=words,
            price="1.00 CAD",
            link=LINK,
            late_since=date(2026, 12, 1),
        ),
        ToBuyContext(
            **TO, number="PO-1001", seller=words, price="1.00 CAD", link=LINK, is_won=True
        ),
        to_buy(seller=words, waits_since=date(2026, 11, 20)),
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


@pytest.mark.parametrize(("asked", "shown"), [("14.635", "14.64"), ("0.0033", "0.0033")])
def test_a_piece_costs_the_same_wherever_it_is_shown(asked: str, shown: str) -> None:
    mailed = approval()
    line = mailed.lines[0].model_copy(update={"unit_amount": Decimal(asked)})
    mail = compose_office(mailed.model_copy(update={"lines": (line,)}))
    assert f"3 x {shown} CAD at the door" in mail.text
    assert f"3 &times; {shown}<" in mail.html
    assert kit.line("1", 3, asked).figures == f"3 x {shown}"


def test_a_proposal_shows_pictures_the_stock_out_and_what_was_not_searched() -> None:
    mail = compose_office(approval(unsearched=(AWAY,)))
    for form in (mail.text, mail.html):
        assert PICTURE in form
        assert "Wednesday, December 9, 2026" in form
        assert AWAY in form
    assert "<img" not in mail.html, "whoever hosts a picture would hear that the mail was read"


def test_a_deadline_that_passed_is_told_as_such() -> None:
    context = ApprovalClosedContext(
        **TO, title="Parts: PSU-XSX", price="61.02 CAD", state="not decided in time", reason="late"
    )
    mail = compose_office(context)
    assert mail.subject == "Not decided in time: 61.02 CAD for parts"
    assert (
        'Nobody decided about "Parts: PSU-XSX" (61.02 CAD) in time: it isn\'t bought.' in mail.text
    )
    assert "</strong> about Parts: PSU-XSX (61.02 CAD) in time: it isn't bought." in mail.html
    for form in (mail.text, mail.html):
        assert " was " not in form


def test_where_nothing_is_offered_it_says_what_was_not_searched() -> None:
    context = NothingOfferedContext(**TO, missing=("2 of FAN",), unsearched=(AWAY,))
    mail = compose_office(context)
    assert mail.subject.startswith("1 part runs low")
    assert all(AWAY in form for form in (mail.text, mail.html))


def test_what_is_won_is_to_be_paid() -> None:
    won = ToBuyContext(
        **TO, number="PO-1001", seller="maple", price="9.61 CAD", link=LINK, is_won=True
    )
    mail = compose_office(won)
    assert mail.subject == "Won, please pay: PO-1001, 9.61 CAD"
    for form in (mail.text, mail.html):
        assert "won at auction: 9.61 CAD at the door" in form
        assert LINK in form
        assert "order number" not in form


@pytest.mark.parametrize(
    ("waits_since", "subject", "words"),
    [
        (None, "Please buy: PO-1001", "Buy it there"),
        (date(2026, 11, 20), "Still to be bought: PO-1001", "nobody has said that it is bought"),
    ],
)
def test_what_is_to_be_bought_is_told_with_the_page_to_buy_it_on(
    waits_since: date | None, subject: str, words: str
) -> None:
    mail = compose_office(to_buy(waits_since=waits_since))
    assert mail.subject.startswith(subject)
    for text in (mail.text, html.unescape(mail.html)):
        assert words in text
        assert PAGE in text
        assert LINK in text


def test_a_link_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError):
        approval(link="javascript:alert(1)")


def test_an_order_says_what_the_list_asks() -> None:
    fan = OrderedView(reference="F-1", title="Fan", quantity=4, unit_price="8.50 USD")
    foot = OrderedView(reference="F-2", title="Foot", quantity=100, unit_price="0.085 USD")
    mail = compose_office(
        PurchaseOrderContext(
            **TO, number="PO-1001", lines=(fan, foot), goods="42.50 USD", ship_to="the bench"
        )
    )
    for text in (mail.text, mail.html):
        for words in ("at 8.50 USD", "at 0.085 USD", "before shipping and tax"):
            assert words in text
    assert "* 4 x F-1 Fan, at 8.50 USD\n* 100 x F-2 Foot, at 0.085 USD\n\nTogether 42.50 USD" in (
        mail.text
    )
