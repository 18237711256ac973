"""What customers see behind their links, and that only their own hand acts there."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr
from sqlmodel import select

from gateway.app import create_app
from gateway.context import Context
from hotrod.customers.models import Device
from hotrod.db.columns import now
from hotrod.durable.models import Delivery
from hotrod.links import Choice, LinkSigner
from hotrod.quoting.models import Quote, QuoteState
from hotrod.repairs.models import Ticket, TicketStatus
from tests.factories import add_sent_quote, add_ticket

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


@pytest.fixture
async def offered(context: Context) -> tuple[Ticket, Quote]:
    """A ticket whose quote waits for the customer."""
    async with context.database.transaction() as session:
        ticket = await add_ticket(session)
        return ticket, await add_sent_quote(session, ticket)


async def change(context: Context, quote: Quote, **values: object) -> None:
    async with context.database.transaction() as session:
        row = await session.get_one(Quote, quote.id)
        for name, value in values.items():
            setattr(row, name, value)


async def read(context: Context, quote: Quote) -> tuple[Quote, Ticket, list[Delivery]]:
    async with context.database.transaction() as session:
        deliveries = await session.exec(
            select(Delivery).where(Delivery.delivery_id == str(quote.id))
        )
        return (
            await session.get_one(Quote, quote.id),
            await session.get_one(Ticket, quote.ticket_id),
            list(deliveries.all()),
        )


def status_path(context: Context, ticket: Ticket) -> str:
    return f"/r/{context.signer.sign('status', ticket.id)}"


def quote_path(context: Context, quote: Quote) -> str:
    return f"/q/{context.signer.sign('quote', quote.id)}"


async def answer(
    client: httpx.AsyncClient, context: Context, quote: Quote, choice: Choice, reason: str = ""
) -> httpx.Response:
    form = {"choice": choice, "reason": reason}
    return await client.post(quote_path(context, quote), data=form)


def assert_safe_page(page: httpx.Response, status: int) -> None:
    """Check the promises that every page keeps."""
    assert page.status_code == status, page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in page.headers
    assert "<script" not in page.text
    assert not re.findall(r"\bsrc\s*=|@import|url\(", page.text), "no assets"
    assert '<meta name="viewport"' in page.text


async def test_the_status_page_shows_repair_and_offer(
    client: httpx.AsyncClient, context: Context, offered: tuple[Ticket, Quote]
) -> None:
    ticket, quote = offered
    page = await client.get(status_path(context, ticket))
    assert_safe_page(page, 200)
    for part in (ticket.number, "Your quote is ready", "Sony PlayStation 5", "HDMI port"):
        assert part in page.text
    assert f"<td>Total in CAD</td><td>{quote.total:,}</td>" in page.text
    assert "#b4232a" in page.text, "the color of the business"
    assert f'<a href="mailto:{ticket.alias}?subject=%5B{ticket.number}%5D' in page.text
    assert "Ask a question" in page.text
    links = re.findall(r'href="http[^"]*(/q/[^"]*)"', page.text)
    assert len(links) == 2
    for link, question in zip(links, ("Approve this quote?", "Decline this quote?"), strict=True):
        shown = await client.get(html.unescape(link))
        assert_safe_page(shown, 200)
        assert question in shown.text


async def test_a_new_ticket_has_no_offer_yet(client: httpx.AsyncClient, context: Context) -> None:
    async with context.database.transaction() as session:
        ticket = await add_ticket(session)
    page = await client.get(status_path(context, ticket))
    assert_safe_page(page, 200)
    assert "We have your request" in page.text
    assert "Your quote" not in page.text


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_looking_never_acts(
    client: httpx.AsyncClient, context: Context, offered: tuple[Ticket, Quote], method: str
) -> None:
    """Mail scanners follow every link in a mail, with every parameter."""
    for path in (
        f"{quote_path(context, offered[1])}?choice=approve",
        f"{quote_path(context, offered[1])}?choice=decline&reason=x",
        status_path(context, offered[0]),
    ):
        await client.request(method, path)
    quote, ticket, deliveries = await read(context, offered[1])
    assert (quote.state, ticket.status, deliveries) == ("sent", "quoted", [])


@pytest.mark.parametrize(
    ("choice", "headline"),
    [("approve", "You approved the quote"), ("decline", "You declined the quote")],
)
async def test_an_answer_counts_and_leads_to_the_status_page(
    client: httpx.AsyncClient,
    context: Context,
    offered: tuple[Ticket, Quote],
    choice: Choice,
    headline: str,
) -> None:
    done = await answer(client, context, offered[1], choice, "a\x00b")
    assert done.status_code == 303
    assert done.headers["cache-control"] == "no-store"
    where = done.headers["location"].removeprefix(context.settings.public_url)
    page = await client.get(where)
    assert_safe_page(page, 200)
    assert headline in page.text
    assert "/q/" not in page.text, "there is nothing left to decide"
    quote, ticket, (delivery,) = await read(context, offered[1])
    assert quote.state == ticket.status == {"approve": "approved", "decline": "declined"}[choice]
    assert (quote.decided_from, quote.decline_reason) == ("192.0.2.7", "ab")
    assert quote.decided_at is not None
    assert (delivery.event, delivery.payload["quote"]) == ("quote.decided", str(quote.id))


async def test_a_second_answer_is_told_what_was_decided(
    client: httpx.AsyncClient, context: Context, offered: tuple[Ticket, Quote]
) -> None:
    await answer(client, context, offered[1], "approve")
    before = await read(context, offered[1])
    other = await answer(client, context, offered[1], "decline")
    assert_safe_page(other, 409)
    assert "This quote was approved already" in other.text
    same = await answer(client, context, offered[1], "approve")
    assert same.status_code == 303, "a double click is no quarrel"
    again = await client.get(f"{quote_path(context, offered[1])}?choice=decline")
    assert_safe_page(again, 200)
    assert "This quote was approved already" in again.text
    assert "<form" not in again.text
    after = await read(context, offered[1])
    assert [row.model_dump() for row in after[:2]] == [row.model_dump() for row in before[:2]]
    assert len(after[2]) == 1


async def test_of_two_answers_at_once_one_counts(
    client: httpx.AsyncClient, context: Context, offered: tuple[Ticket, Quote]
) -> None:
    answers = await asyncio.gather(
        *(answer(client, context, offered[1], choice) for choice in ("approve", "decline"))
    )
    assert sorted(each.status_code for each in answers) == [303, 409]
    assert len((await read(context, offered[1]))[2]) == 1


@pytest.mark.parametrize("state", [QuoteState.EXPIRED, QuoteState.SUPERSEDED, QuoteState.DRAFT])
async def test_a_quote_that_is_not_open_can_not_be_answered(
    client: httpx.AsyncClient, context: Context, offered: tuple[Ticket, Quote], state: QuoteState
) -> None:
    await change(context, offered[1], state=state)
    shown = await client.get(quote_path(context, offered[1]))
    assert_safe_page(shown, 200)
    assert "no longer open" in shown.text
    assert_safe_page(await answer(client, context, offered[1], "approve"), 409)
    quote, ticket, deliveries = await read(context, offered[1])
    assert (quote.state, ticket.status, deliveries) == (state, "quoted", [])


async def test_an_offer_ends_by_the_clock_even_before_it_is_marked(
    client: httpx.AsyncClient, context: Context, offered: tuple[Ticket, Quote]
) -> None:
    await change(context, offered[1], expires_at=now() - timedelta(seconds=1))
    status = await client.get(status_path(context, offered[0]))
    assert "/q/" not in status.text
    assert_safe_page(await answer(client, context, offered[1], "approve"), 409)
    assert (await read(context, offered[1]))[0].state == "sent"


async def test_a_cancelled_repair_takes_no_answer(
    client: httpx.AsyncClient, context: Context, offered: tuple[Ticket, Quote]
) -> None:
    async with context.database.transaction() as session:
        (await session.get_one(Ticket, offered[0].id)).status = TicketStatus.CANCELLED
    assert "/q/" not in (await client.get(status_path(context, offered[0]))).text
    assert_safe_page(await answer(client, context, offered[1], "approve"), 409)


async def test_an_older_link_shows_its_own_version(
    client: httpx.AsyncClient, context: Context, offered: tuple[Ticket, Quote]
) -> None:
    old = offered[1]
    async with context.database.transaction() as session:
        ticket = await session.get_one(Ticket, offered[0].id)
        new = await add_sent_quote(session, ticket, part="Newer part")
    assert "Newer part" in (await client.get(status_path(context, offered[0]))).text
    assert_safe_page(await answer(client, context, old, "approve"), 409)
    shown = await client.get(quote_path(context, new))
    assert "Newer part" in shown.text
    assert (await answer(client, context, new, "approve")).status_code == 303


async def test_a_reason_as_long_as_its_box_is_kept_whole(
    client: httpx.AsyncClient, context: Context, offered: tuple[Ticket, Quote]
) -> None:
    """The box on the page holds 500 characters; line breaks arrive as two each."""
    written = "too much\n" * 55 + "sorry"
    done = await answer(client, context, offered[1], "decline", written.replace("\n", "\r\n"))
    assert done.status_code == 303
    assert (await read(context, offered[1]))[0].decline_reason == written


@pytest.mark.parametrize(
    "form", [{}, {"choice": "maybe"}, {"choice": "approve", "reason": "x" * 1001}]
)
async def test_an_answer_must_be_one(
    client: httpx.AsyncClient,
    context: Context,
    offered: tuple[Ticket, Quote],
    form: dict[str, str],
) -> None:
    refused = await client.post(quote_path(context, offered[1]), data=form)
    assert_safe_page(refused, 422)
    assert "try again" in refused.text
    assert (await read(context, offered[1]))[0].state == "sent"


@pytest.mark.parametrize("body", [b"", b"--line", b"--line\r\nno header\r\n--line--"])
async def test_a_broken_form_is_answered_by_a_page(
    client: httpx.AsyncClient, context: Context, offered: tuple[Ticket, Quote], body: bytes
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=line"}
    path = quote_path(context, offered[1])
    refused = await client.post(path, content=body, headers=headers)
    assert_safe_page(refused, refused.status_code)
    assert refused.status_code in {400, 422}
    assert_safe_page(await client.get(f"{path}?choice=maybe"), 422)
    assert (await read(context, offered[1]))[0].state == "sent"


async def test_whether_a_page_is_there_can_be_asked_without_reading_it(
    client: httpx.AsyncClient, context: Context, offered: tuple[Ticket, Quote]
) -> None:
    for path in (status_path(context, offered[0]), quote_path(context, offered[1])):
        answer = await client.head(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert (await client.head("/r/nowhere")).status_code == 404


async def test_links_open_only_what_they_were_made_for(
    client: httpx.AsyncClient, context: Context, offered: tuple[Ticket, Quote]
) -> None:
    ticket, quote = offered
    stranger = LinkSigner(SecretStr("another-secret-key-0123456789-0123456789"))
    good = context.signer.sign("quote", quote.id)
    tokens = [
        context.signer.sign("status", ticket.id),
        context.signer.sign("status", quote.id),
        context.signer.sign("quote", ticket.id),
        context.signer.sign("quote", uuid4()),
        stranger.sign("quote", quote.id),
        good[:-1],
        good.swapcase(),
        str(quote.id),
        "%00",
        "%F0%9F%92%A9",
        "x" * 5000,
    ]
    for token in tokens:
        assert_safe_page(await client.get(f"/q/{token}"), 404)
        assert_safe_page(await client.post(f"/q/{token}", data={"choice": "approve"}), 404)
    for token in (good, context.signer.sign("status", uuid4()), *tokens[1:]):
        page = await client.get(f"/r/{token}")
        assert_safe_page(page, 404)
        assert "This link leads nowhere" in page.text
    assert (await read(context, quote))[0].state == "sent"


async def test_words_of_customers_are_never_markup(
    client: httpx.AsyncClient, context: Context, offered: tuple[Ticket, Quote]
) -> None:
    ticket, quote = offered
    async with context.database.transaction() as session:
        device = await session.get_one(Device, ticket.device_id)
        device.brand = device.model = device.serial = HOSTILE
        row = await session.get_one(Ticket, ticket.id)
        row.title = row.contact_name = row.problem = HOSTILE
    for path in (status_path(context, ticket), quote_path(context, quote)):
        page = await client.get(path)
        assert_safe_page(page, 200)
        assert html.escape("<script>alert(1)</script>", quote=False) in page.text
        assert "{{7*7}}" in page.text


async def test_what_a_proxy_calls_the_caller_need_not_be_an_address(
    context: Context, offered: tuple[Ticket, Quote]
) -> None:
    transport = httpx.ASGITransport(create_app(context), client=("unknown, " * 20, 0))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        assert (await answer(client, context, offered[1], "approve")).status_code == 303
    assert (await read(context, offered[1]))[0].decided_from == ""


async def test_a_business_that_is_gone_has_no_pages(
    context: Context, offered: tuple[Ticket, Quote]
) -> None:
    others = tuple(each for each in context.company.businesses if each.key != "noizylab")
    company = context.company.model_copy(update={"businesses": others})
    transport = httpx.ASGITransport(create_app(replace(context, company=company)))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as other:
        assert_safe_page(await other.get(status_path(context, offered[0])), 404)


async def test_the_page_for_our_own_people_gives_no_way_to_decide(
    client: httpx.AsyncClient, context: Context
) -> None:
    async with context.database.transaction() as session:
        ticket = await add_ticket(session)
        await add_sent_quote(session, ticket)
    page = await client.get(httpx.URL(context.links.view_url(ticket.id)).path)
    assert page.status_code == 200
    assert ticket.number in page.text
    assert "/q/" not in page.text
