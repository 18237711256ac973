"""``hotrod purchases``: what is bought, and what a person says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from getpass import getuser
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from cli.database import run, transaction
from hotrod.analytics.models import AnalyticsEvent
from hotrod.approvals.decisions import ask
from hotrod.approvals.store import read_approval
from hotrod.company.load import get_company
from hotrod.db.columns import now
from hotrod.durable.models import Delivery
from hotrod.parts.models import Part
from hotrod.parts.store import on_order
from hotrod.purchasing.models import (
    AuctionBid,
    Method,
    Purchase,
    PurchaseLine,
    PurchaseState,
    RoundState,
    SourcingRound,
)
from hotrod.purchasing.store import exchange_rates, find_purchase, read_round
from tests.cli.conftest import Hotrod
from tests.hotrod.approvals.kit import question
from tests.hotrod.purchasing.kit import low_part, past_round

pytestmark = pytest.mark.usefixtures("our_database")
Output = pytest.CaptureFixture[str]
END = datetime(2026, 12, 1, 12, tzinfo=UTC)


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

    day = f"{datetime.now(UTC) + timedelta(days=9):%F}"
    words = ("bought", purchase.number.lower(), "--order-number", "12-345", "--expected")
    body = told(hotrod, capsys, *words, day)
    assert (body["state"], body["order_number"]) == ("ordered", "12-345")
    assert body["expected_on"] == day
    assert purchase.on_order() == 4
    assert told(hotrod, capsys, *words, day)["number"] == purchase.number
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
    assert hotrod("purchases", "cancel", purchase.number) == 1
    assert "Cancel it there first; then say why" in capsys.readouterr().err
    why = ("--reason", "it is sold out")
    assert told(hotrod, capsys, "cancel", purchase.number, *why)["state"] == "cancelled"
    assert purchase.on_order() == 0
    listed = told(hotrod, capsys, "list")["purchases"]
    assert purchase.number not in {row["number"] for row in listed}
    listed = told(hotrod, capsys, "list", "--all")["purchases"]
    assert purchase.number in {row["number"] for row in listed}
    assert hotrod("purchases", "bought", purchase.number, "--order-number", "12-345") == 1


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({}, "it will be placed at 2026-12-01 11:59:15 UTC."),
        ({"placed_at": END}, "it was placed at 2026-12-01 12:00:00 UTC."),
        ({"placed_at": END, "price": Decimal("6.50")}, "won for 6.50 USD."),
        ({"why_lost": "others bid more"}, "lost: others bid more."),
    ],
)
def test_a_bid_tells_its_limit_and_how_it_stands(
    hotrod: Hotrod, capsys: Output, purchase: Bought, how: dict[str, Any], words: str
) -> None:
    async def bid() -> None:
        async with transaction() as session:
            found = await find_purchase(session, purchase.number)
            row = AuctionBid(
                purchase_id=found.purchase.id,
                item_id="v1|1|0",
                most=Decimal("12.40"),
                shipping=Decimal(2),
                currency="USD",
                ends_at=END,
                place_at=END - timedelta(seconds=45),
                **how,
            )
            session.add(row)

    run(bid())

    assert told(hotrod, capsys, "show", purchase.number)["bid"]["most"] == "12.40"
    assert hotrod("purchases", "show", purchase.number) == 0
    line = "Bid up to 12.40 USD in an auction that ends 2026-12-01 12:00 UTC; " + words
    assert line in capsys.readouterr().out


@pytest.mark.parametrize("number", ["PO-0", "PO-99999999999", "nonsense", ""])
def test_an_unknown_number_is_said(hotrod: Hotrod, capsys: Output, number: str) -> None:
    assert hotrod("purchases", "show", number) == 1
    error = capsys.readouterr().err
    assert "there is no purchase" in error
    assert "`hotrod purchases list --all` shows" in error


def test_a_round_that_goes_nowhere_is_dropped_once(
    hotrod: Hotrod, capsys: Output, purchase: Bought
) -> None:
    approval = run(asked(purchase.sourcing_round))
    body = told(hotrod, capsys, "drop", str(purchase.sourcing_round))
    assert (body["id"], body["state"]) == (str(purchase.sourcing_round), "cancelled")
    assert hotrod("purchases", "drop", str(purchase.sourcing_round)) == 1
    assert "cancelled" in capsys.readouterr().err

    async def states() -> list[str]:
        async with transaction() as session:
            asked = (await read_approval(session, approval)).approval
            bought = (await find_purchase(session, purchase.number)).purchase
            ended = await read_round(session, purchase.sourcing_round)
            return [asked.state, bought.state, ended.state]

    assert run(states()) == ["expired", "cancelled", "cancelled"]

    async def who() -> list[str]:
        async with transaction() as session:
            name = AnalyticsEvent.name == "sourcing.cancelled"
            found = await session.exec(select(AnalyticsEvent.fields).where(name))
            about = str(purchase.sourcing_round)
            return [one["by"] for one in found if one["round"] == about]

    assert run(who()) == [getuser()]


async def asked(sourcing_round: UUID) -> UUID:
    """Ask managers about a round, and return the question's id."""
    async with transaction() as session:
        new = question("100", subject_id=sourcing_round)
        return (await ask(session, get_company(), new, now())).id


def test_what_was_declined_rests_until_ops_ask_for_it(hotrod: Hotrod, capsys: Output) -> None:
    sku, round_id = run(declined())

    (row,) = [one for one in told(hotrod, capsys, "rounds")["rounds"] if one["id"] == str(round_id)]
    assert (row["state"], list(row["resting"])) == ("declined", [sku])
    until = datetime.fromisoformat(row["resting"][sku])
    assert timedelta(days=6, hours=23) < until - now() <= timedelta(days=7)
    assert hotrod("purchases", "rounds") == 0
    assert f"{sku} rests until" in capsys.readouterr().out

    assert told(hotrod, capsys, "ask", sku) == {"asked": [sku]}

    async def wanted() -> Any:
        async with transaction() as session:
            found = await session.exec(select(Delivery).where(Delivery.event == "sourcing.wanted"))
            return [one.payload["even_resting"] for one in found]

    assert [sku] in run(wanted())


def test_what_is_looked_for_already_is_not_asked_for(hotrod: Hotrod, capsys: Output) -> None:
    sku, round_id = run(declined())

    async def reopen() -> None:
        async with transaction() as session:
            found = await session.get_one(SourcingRound, round_id)
            found.state, found.closed_at = RoundState.PROPOSED, None

    run(reopen())
    assert hotrod("purchases", "ask", sku) == 1
    assert f"{sku} is looked for or bought already" in capsys.readouterr().err
    assert hotrod("purchases", "drop", str(round_id)) == 0
    assert hotrod("purchases", "ask", sku) == 0


def test_what_is_not_low_is_not_asked_for(hotrod: Hotrod, capsys: Output, purchase: Bought) -> None:
    async def sku() -> str:
        async with transaction() as session:
            return (await session.get_one(Part, purchase.part)).sku

    assert hotrod("purchases", "ask", run(sku())) == 1
    assert "isn't low" in capsys.readouterr().err
    assert hotrod("purchases", "ask", "NO-SUCH-PART") == 1


async def declined() -> tuple[str, UUID]:
    """Store a low part that a manager said no to a moment ago."""
    async with transaction() as session:
        part = await low_part(session)
        found = await past_round(session, RoundState.DECLINED, part.sku, closed_at=now())
        part.active = False  # other tests count what is low
        session.add(part)
        return part.sku, found.id


def test_a_rate_is_told_and_a_wrong_one_is_not(hotrod: Hotrod, capsys: Output) -> None:
    assert told(hotrod, capsys, "rate", "CHF", "1.62") == {"currency": "CHF", "value": "1.62"}
    for words in (("CHF", "0"), ("CHF", "much"), ("franc", "1.6")):
        assert hotrod("purchases", "rate", *words) == 1, words
    for number in ("NaN", "sNaN", "Infinity"):
        assert hotrod("purchases", "rate", "CHF", number) == 1, number

    async def rate() -> Decimal:
        async with transaction() as session:
            return (await exchange_rates(session, "CAD")).rates["CHF"].value

    assert run(rate()) == Decimal("1.62")
    assert "Write it like" in capsys.readouterr().err


def test_goods_are_received_of_what_is_awaited_only(
    hotrod: Hotrod, capsys: Output, purchase: Bought
) -> None:
    (line,) = told(hotrod, capsys, "show", purchase.number)["lines"]
    receiving = ("stock", "receive", line["sku"], "1", "--order", purchase.number.lower())
    assert hotrod(*receiving) == 1
    assert f"{purchase.number} is to buy, not awaited" in capsys.readouterr().err
    told(hotrod, capsys, "bought", purchase.number, "--order-number", "12-345")
    assert hotrod(*receiving) == 0
    assert purchase.on_order() == 3
    told(hotrod, capsys, "cancel", purchase.number, "--reason", "it is sold out")
    assert hotrod(*receiving) == 1
    assert f"{purchase.number} is cancelled, not awaited" in capsys.readouterr().err


def test_a_currency_may_be_written_small(hotrod: Hotrod, capsys: Output) -> None:
    assert told(hotrod, capsys, "rate", "nok", "0.13") == {"currency": "NOK", "value": "0.13"}


def test_rates_are_listed_with_when_they_grow_old(hotrod: Hotrod, capsys: Output) -> None:
    told(hotrod, capsys, "rate", "NOK", "0.13")
    (row,) = [one for one in told(hotrod, capsys, "rates")["rates"] if one["currency"] == "NOK"]
    assert Decimal(row["value"]) == Decimal("0.13")
    until = datetime.fromisoformat(row["counts_until"])
    assert timedelta(hours=95) < until - now() <= timedelta(hours=96)
    assert hotrod("purchases", "rates") == 0
    assert "NOK" in capsys.readouterr().out


def test_the_company_s_own_currency_has_no_rate(hotrod: Hotrod, capsys: Output) -> None:
    assert hotrod("purchases", "rate", "cad", "1.5") == 1
    assert "CAD is the company's own currency" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"--expected": "2020-01-01"}, "2020-01-01 is past"),
        ({"--expected": "2999-12-31"}, "over a year"),
        ({"--order-number": "<b>9</b>"}, "no number of an order"),
        ({"--order-number": "9\x1b[2J"}, "no number of an order"),
        ({"--order-number": "9" * 81}, "over 80 characters"),
    ],
)
def test_what_can_be_no_order_is_refused(
    hotrod: Hotrod, capsys: Output, purchase: Bought, changed: dict[str, str], words: str
) -> None:
    options = {"--order-number": "12-345"} | changed
    given = [word for option in options.items() for word in option]
    assert hotrod("purchases", "bought", purchase.number, *given) == 1
    assert words in capsys.readouterr().err
    assert purchase.on_order() == 0


def test_a_wrong_number_is_corrected_and_that_is_recorded(
    hotrod: Hotrod, capsys: Output, purchase: Bought
) -> None:
    day = f"{now() + timedelta(days=9):%F}"
    words = ("bought", purchase.number, "--order-number")
    assert hotrod("purchases", *words, "12-354", "--correct") == 1
    assert "isn't ordered: it is to buy" in capsys.readouterr().err
    told(hotrod, capsys, *words, "12-354")

    body = told(hotrod, capsys, *words, "12-345", "--expected", day, "--correct")

    assert (body["order_number"], body["expected_on"]) == ("12-345", day)
    assert purchase.on_order() == 4
    told(hotrod, capsys, *words, "12-345", "--correct")

    async def corrections() -> list[Mapping[str, Any]]:
        async with transaction() as session:
            found = await session.exec(
                select(AnalyticsEvent.fields).where(AnalyticsEvent.name == "purchase.corrected")
            )
            return [one for one in found if one["purchase"] == purchase.number]

    (event,) = run(corrections())
    assert (event["order_number"], event["instead_of"]) == ("12-345", "12-354")
    assert event["expected_on"] == day
    assert event["by"]


def test_prices_are_shown_in_cents(hotrod: Hotrod, capsys: Output, purchase: Bought) -> None:
    async def at_fractions() -> str:
        async with transaction() as session:
            (line,) = (await find_purchase(session, purchase.number)).lines
            line.per_piece = Decimal("16.25875")
            session.add(line)
            return (await session.get_one(Part, purchase.part)).sku

    sku = run(at_fractions())
    told(hotrod, capsys, "bought", purchase.number, "--order-number", "12-345")
    assert hotrod("parts", "prices", sku) == 0
    shown = capsys.readouterr().out
    assert "16.26 CAD" in shown
    assert "16.25" not in shown
