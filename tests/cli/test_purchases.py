"""``hotrod purchases``: what is bought, and what a person says of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from cli.database import run, transaction
from hotrod.parts.models import Part
from hotrod.parts.store import on_order
from hotrod.purchasing.models import (
    Method,
    Purchase,
    PurchaseLine,
    PurchaseState,
    RoundState,
    SourcingRound,
)
from hotrod.purchasing.store import exchange_rates, read_round
from tests.cli.conftest import Hotrod

pytestmark = pytest.mark.usefixtures("our_database")
Output = pytest.CaptureFixture[str]


@dataclass(frozen=True)
class Bought:
    """A purchase of four fans that a person is to place, and its round."""

    number: str
    part: UUID
    sourcing_round: UUID

    def on_order(self) -> int:
        """Return how many fans are to come."""

        async def look() -> int:
            async with transaction() as session:
                return await on_order(session, self.part)

        return run(look())


@pytest.fixture
def purchase() -> Bought:
    async def plan() -> Bought:
        async with transaction() as session:
            part = Part(
                sku=f"FAN-{uuid4().hex[:8].upper()}",
                name="Fan",
                category="thermal",
                fits=["console"],
                unit_cost=Decimal(9),
            )
            opened = SourcingRound(business_key="noizylab", state=RoundState.PROPOSED)
            session.add(part)
            session.add(opened)
            await session.flush()
            row = Purchase(
                round_id=opened.id,
                business_key="noizylab",
                source="ebay",
                seller="maple",
                method=Method.LINK,
                state=PurchaseState.TO_BUY,
                total=Decimal("40.68"),
                currency="CAD",
            )
            session.add(row)
            await session.flush()
            await session.refresh(row)
            line = PurchaseLine(
                purchase_id=row.id,
                part_id=part.id,
                reference="v1|1|0",
                title="Fan [b]for[/b] PS5",
                url="https://www.ebay.ca/itm/1",
                quantity=4,
                per_piece=Decimal("10.17"),
            )
            session.add(line)
            return Bought(row.number, part.id, opened.id)

    return run(plan())


def told(hotrod: Hotrod, capsys: Output, *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert hotrod("purchases", *words, "--json") == 0
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    return body


def test_what_a_person_bought_is_on_order_from_then_on(
    hotrod: Hotrod, capsys: Output, purchase: Bought
) -> None:
    (line,) = told(hotrod, capsys, "show", purchase.number)["lines"]
    assert (line["quantity"], line["url"]) == (4, "https://www.ebay.ca/itm/1")
    assert purchase.on_order() == 0

    words = ("bought", purchase.number.lower(), "--order-number", "12-345", "--expected")
    body = told(hotrod, capsys, *words, "2026-12-01")
    assert (body["state"], body["order_number"]) == ("ordered", "12-345")
    assert body["expected_on"] == "2026-12-01"
    assert purchase.on_order() == 4
    assert told(hotrod, capsys, *words, "2026-12-01")["number"] == purchase.number
    assert purchase.on_order() == 4, "said twice, it counts once"


def test_another_number_of_the_same_purchase_is_refused(
    hotrod: Hotrod, capsys: Output, purchase: Bought
) -> None:
    told(hotrod, capsys, "bought", purchase.number, "--order-number", "12-345")
    assert hotrod("purchases", "bought", purchase.number, "--order-number", "99-999") == 1
    error = capsys.readouterr().err
    assert "12-345" in error
    assert "bought twice" in error


def test_what_is_cancelled_is_on_order_no_more(
    hotrod: Hotrod, capsys: Output, purchase: Bought
) -> None:
    told(hotrod, capsys, "bought", purchase.number, "--order-number", "12-345")
    assert told(hotrod, capsys, "cancel", purchase.number)["state"] == "cancelled"
    assert purchase.on_order() == 0
    listed = told(hotrod, capsys, "list")["purchases"]
    assert purchase.number not in {row["number"] for row in listed}
    listed = told(hotrod, capsys, "list", "--all")["purchases"]
    assert purchase.number in {row["number"] for row in listed}
    assert hotrod("purchases", "bought", purchase.number, "--order-number", "12-345") == 1


@pytest.mark.parametrize("number", ["PO-0", "PO-99999999999", "nonsense", ""])
def test_an_unknown_number_is_said(hotrod: Hotrod, capsys: Output, number: str) -> None:
    assert hotrod("purchases", "show", number) == 1
    assert "there is no purchase" in capsys.readouterr().err


def test_a_round_that_goes_nowhere_is_dropped_once(
    hotrod: Hotrod, capsys: Output, purchase: Bought
) -> None:
    assert hotrod("purchases", "drop", str(purchase.sourcing_round)) == 0
    assert hotrod("purchases", "drop", str(purchase.sourcing_round)) == 1
    assert "cancelled" in capsys.readouterr().err

    async def state() -> str:
        async with transaction() as session:
            return (await read_round(session, purchase.sourcing_round)).state

    assert run(state()) == RoundState.CANCELLED


def test_a_rate_is_told_and_a_wrong_one_is_not(hotrod: Hotrod, capsys: Output) -> None:
    assert hotrod("purchases", "rate", "CHF", "1.62") == 0
    for words in (("CHF", "0"), ("CHF", "much"), ("franc", "1.6")):
        assert hotrod("purchases", "rate", *words) == 1, words

    async def rate() -> Decimal:
        async with transaction() as session:
            return (await exchange_rates(session, "CAD")).rates["CHF"].value

    assert run(rate()) == Decimal("1.62")
    assert "Write it like" in capsys.readouterr().err
