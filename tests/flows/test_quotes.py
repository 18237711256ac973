"""What happens to a quote: decided, recalled, expired."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from flows.quote_decision import quote_decision
from flows.quote_reminders import quote_reminders
from flows.repair_intake import repair_intake
from hotrod.errors import HotrodError
from hotrod.quoting.models import Quote, QuoteState
from hotrod.quoting.store import latest_quote
from hotrod.repairs.models import Ticket, TicketStatus
from sandbox.server import Sandbox
from tasks import records
from tasks._resources import Resources
from tests.factories import add_ticket

pytestmark = pytest.mark.prefect

TUESDAY_NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
TUESDAY_NIGHT = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


async def quoted(kit: Resources) -> tuple[Ticket, Quote]:
    async with kit.database.transaction() as session:
        ticket = await add_ticket(session)
    await repair_intake(ticket.number)
    async with kit.database.transaction() as session:
        quote = await latest_quote(session, ticket.id)
        assert quote is not None
        return ticket, quote


async def change(kit: Resources, quote: Quote, **values: Any) -> None:
    async with kit.database.transaction() as session:
        row = await session.get(Quote, quote.id)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


async def subjects(sandbox: Sandbox, number: str) -> list[str]:
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        found = (await client.get("/_control/mail", params={"subject": number})).json()
        return [mail["subject"] for mail in found]


@pytest.fixture(autouse=True)
async def no_other_quotes(kit: Resources) -> None:
    """Quotes of other tests are not this test's business."""
    from sqlmodel import col, update

    async with kit.database.transaction() as session:
        await session.exec(
            update(Quote).where(col(Quote.state) == "sent").values(state="superseded")
        )


@pytest.mark.parametrize("decision", [QuoteState.APPROVED, QuoteState.DECLINED])
async def test_a_decision_is_confirmed_and_the_bench_hears_of_it(
    kit: Resources, sandbox: Sandbox, decision: QuoteState
) -> None:
    ticket, quote = await quoted(kit)
    await change(kit, quote, state=decision, decided_at=TUESDAY_NOON)
    await quote_decision(ticket.number, quote.id)
    assert decision.value in (await subjects(sandbox, ticket.number))[-1].lower()
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        calls = (await client.get("/_control/calls", params={"service": "slack"})).json()
    assert decision.value in str(calls[-1])


async def test_reminders_come_after_24_and_72_hours_and_once_each(
    kit: Resources, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, quote = await quoted(kit)
    await change(kit, quote, sent_at=TUESDAY_NOON, expires_at=TUESDAY_NOON + timedelta(days=14))
    expected = {1: 0, 25: 1, 26: 1, 73: 2, 97: 2}
    for hours, count in expected.items():
        monkeypatch.setattr(records, "now", lambda h=hours: TUESDAY_NOON + timedelta(hours=h))
        await quote_reminders()
        sent = await subjects(sandbox, ticket.number)
        assert len(sent) == 2 + count, f"after {hours} h: {sent}"


async def test_nobody_is_reminded_at_night(
    kit: Resources, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, quote = await quoted(kit)
    await change(kit, quote, sent_at=TUESDAY_NIGHT - timedelta(hours=30))
    monkeypatch.setattr(records, "now", lambda: TUESDAY_NIGHT)
    assert await quote_reminders() == 0
    assert len(await subjects(sandbox, ticket.number)) == 2


async def test_a_quote_expires_in_the_end(
    kit: Resources, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, quote = await quoted(kit)
    await change(kit, quote, sent_at=TUESDAY_NOON, expires_at=TUESDAY_NOON + timedelta(days=1))
    monkeypatch.setattr(records, "now", lambda: TUESDAY_NOON + timedelta(days=2))
    assert await quote_reminders() == 1
    assert await quote_reminders() == 0
    assert "expired" in (await subjects(sandbox, ticket.number))[-1]
    async with kit.database.transaction() as session:
        row = await session.get(Ticket, ticket.id)
        assert row is not None
        assert row.status == TicketStatus.EXPIRED


async def test_a_quote_decided_meanwhile_does_not_expire(
    kit: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, quote = await quoted(kit)
    await change(kit, quote, state=QuoteState.APPROVED)
    assert not await records.expire_quote.fn(ticket.number, quote.id)


async def test_a_mail_that_is_refused_holds_up_no_other_and_is_tried_again(
    kit: Resources, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [await quoted(kit) for _ in range(2)]
    for _, quote in pairs:
        await change(kit, quote, sent_at=TUESDAY_NOON, expires_at=TUESDAY_NOON + timedelta(days=1))
    monkeypatch.setattr(records, "now", lambda: TUESDAY_NOON + timedelta(days=2))
    fault = {"service": "graph", "kind": "error", "status": 400, "count": 1}
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        (await client.post("/_control/faults", json=fault)).raise_for_status()
    with pytest.raises(HotrodError, match="1 of 2"):
        await quote_reminders()
    assert await quote_reminders() == 1
    for ticket, _ in pairs:
        assert len(await subjects(sandbox, ticket.number)) == 3
