"""What a manager sees behind the link of a question, and that it answers once."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import select

from gateway.app import create_app
from gateway.context import Context
from hotrod.approvals.decisions import expire_due
from hotrod.approvals.models import Approval, ApprovalState
from hotrod.db.columns import now
from hotrod.durable.models import Delivery
from hotrod.links import LinkSigner
from hotrod.purchasing.models import RoundState, SourcingRound
from tests.gateway.proposals import LISTING, WHY, Asked, add_question
from tests.gateway.test_pages import HOSTILE, assert_safe_page


@pytest.fixture
async def asked(context: Context) -> Asked:
    """A question about 72.00 CAD; Sofia is asked, and her deputy."""
    return await add_question(context)


@pytest.fixture
async def large(context: Context) -> Asked:
    """A question about 1800.00 CAD: Daniel and Renée must agree."""
    return await add_question(context, "1800.00")


async def approve(
    client: httpx.AsyncClient, asked: Asked, manager: str = "sofia", **quantities: object
) -> httpx.Response:
    """Send the form; ``_1=2`` writes 2 into the field of line 1."""
    fields = {"1": 4, "2": 4} | {name.removeprefix("_"): it for name, it in quantities.items()}
    form: dict[str, Any] = {f"quantities.{line}": str(it) for line, it in fields.items()}
    return await client.post(asked.path(manager), data={"choice": "approve"} | form)


async def decline(
    client: httpx.AsyncClient, asked: Asked, manager: str = "sofia", reason: str = "too dear"
) -> httpx.Response:
    return await client.post(asked.path(manager), data={"choice": "decline", "reason": reason})


async def deliveries(context: Context, asked: Asked) -> list[Delivery]:
    async with context.database.transaction() as session:
        found = await session.exec(select(Delivery).where(Delivery.delivery_id == str(asked.id)))
        return list(found)


PICTURE = "https://i.ebayimg.com/images/g/abc/s-l1600.jpg"


async def change(asked: Asked, **values: object) -> None:
    async with asked.context.database.transaction() as session:
        row = await session.get_one(Approval, asked.id)
        for name, value in values.items():
            setattr(row, name, value)


def field_value(page: httpx.Response, name: str) -> str:
    (found,) = re.findall(rf'name="{re.escape(name)}"[^>]*value="([^"]*)"', page.text)
    return str(found)


async def test_the_page_shows_all_that_a_manager_decides_by(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    page = await client.get(asked.path("sofia"))
    assert_safe_page(page, 200)
    text = html.unescape(page.text)
    for part in (
        "Approve 72.00 CAD?",
        "From bench-parts",
        "From part_planet",
        "4 \u00d7 9.00 CAD",
        WHY,
        "Out of stock on Wednesday, December 9, 2026.",
        "2 of <b>HDMI-",
        "nobody offers it",
        "Take both.\nThe second seller is slower.",
        "HDMI port, cheap",
        "it is too cheap to be true",
        "-40: 62 % below the market",
        "nothing is bought",
        "ops find it in the flow run",
        "Daniel Okafor may answer, too",
    ):
        assert part in text
    assert f'href="{LISTING}" target="_blank" rel="noreferrer"' in text
    assert (field_value(page, "quantities.1"), field_value(page, "quantities.2")) == ("4", "4")
    for name in re.findall(r'<(?:input|textarea)[^>]* id="([^"]+)"', page.text):
        assert f'<label for="{name}">' in page.text
    assert "sofia" not in asked.path("sofia")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_looking_never_answers(client: httpx.AsyncClient, asked: Asked, method: str) -> None:
    await client.request(method, f"{asked.path('sofia')}?choice=approve")
    found = await asked.now()
    assert (found.approval.state, found.answers) == ("open", ())


async def test_a_yes_counts_and_shows_what_happens_next(
    client: httpx.AsyncClient, context: Context, asked: Asked
) -> None:
    done = await approve(client, asked, _1=3, _2=0)
    assert done.status_code == 303
    where = done.headers["location"].removeprefix(context.settings.public_url)
    assert where.startswith("/a/")
    page = await client.get(where)
    assert_safe_page(page, 200)
    for part in ("Approved by you", "27.00 CAD of 72.00 CAD", "3 of 4", "0 of 4", "more than 5 %"):
        assert part in page.text
    assert "<form" not in page.text
    found = await asked.now()
    assert (found.approval.state, found.approval.quantities) == ("approved", {"1": 3, "2": 0})
    (given,) = found.answers
    assert (given.manager, given.via, given.address) == ("sofia", "link", "192.0.2.7")
    (delivery,) = await deliveries(context, asked)
    assert delivery.event == "approval.decided"


async def test_a_no_counts_with_its_reason(
    client: httpx.AsyncClient, context: Context, asked: Asked
) -> None:
    done = await decline(client, asked, reason="too\r\ndear\x00")
    assert done.status_code == 303
    page = await client.get(asked.path("daniel"))
    assert "Declined by Sofia Marchetti" in page.text
    assert "too\ndear" in page.text
    assert (await asked.now()).approval.reason == "too\ndear"
    assert len(await deliveries(context, asked)) == 1


async def test_a_late_answer_is_told_who_decided_what_and_is_kept(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    await approve(client, asked)
    late = await decline(client, asked, "daniel")
    assert_safe_page(late, 409)
    assert "Approved by Sofia Marchetti" in late.text
    assert "<form" not in late.text
    found = await asked.now()
    assert found.approval.state == "approved"
    assert [one.result for one in found.answers] == ["counted", "late"]


async def test_after_the_deadline_no_answer_counts(client: httpx.AsyncClient, asked: Asked) -> None:
    await change(asked, deadline_at=now() - timedelta(seconds=1))
    shown = await client.get(asked.path("sofia"))
    assert_safe_page(shown, 200)
    assert "Nobody decided in time" in shown.text
    assert_safe_page(await approve(client, asked), 409)
    assert (await asked.now()).approval.state == "open", "marking it is the flow's"
    async with asked.context.database.transaction() as session:
        await expire_due(session, now())
    shown = await client.get(asked.path("sofia"))
    assert "Nobody decided in time" in shown.text


async def test_a_superseded_question_leads_to_the_newer_one(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    await change(asked, state=ApprovalState.SUPERSEDED, decided_at=now())
    shown = await client.get(asked.path("sofia"))
    assert_safe_page(shown, 200)
    assert "Asked again with other figures" in shown.text


@pytest.mark.parametrize("wrong", ["5", "-1", "", "two", "1.5", "9" * 40, "\u0663", " 4 x"])
async def test_a_quantity_that_can_not_be_is_asked_again(
    client: httpx.AsyncClient, asked: Asked, wrong: str
) -> None:
    again = await approve(client, asked, _1=2, _2=wrong)
    assert_safe_page(again, 422)
    text = html.unescape(again.text)
    assert "from 0 to 4." in text
    assert 'aria-invalid="true" aria-describedby="quantities.2.wrong"' in text
    assert field_value(again, "quantities.1") == "2"
    assert html.unescape(field_value(again, "quantities.2")) == wrong.strip()
    assert (await asked.now()).approval.state == "open"
    assert (await approve(client, asked)).status_code == 303


async def test_of_packs_only_whole_ones_are_taken(
    client: httpx.AsyncClient, context: Context
) -> None:
    asked = await add_question(context, pack_size=2)
    page = await client.get(asked.path("sofia"))
    assert ", 0 to 4 in packs of 2</label>" in page.text
    assert 'min="0" max="4" step="2"' in page.text
    odd = await approve(client, asked, _1=3)
    assert_safe_page(odd, 422)
    text = html.unescape(odd.text)
    assert "It isn't sold in so many. Give 0 to 4 in packs of 2." in text
    assert 'aria-invalid="true" aria-describedby="quantities.1.wrong"' in text
    assert (await approve(client, asked, _1=0)).status_code == 303


async def test_what_the_rules_refuse_is_kept_in_the_audit(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    raised = await approve(client, asked, _1=5, _2=6)
    assert_safe_page(raised, 422)
    assert "It can be reduced, but not raised. Give a number from 0 to 4." in raised.text
    assert raised.text.count('aria-invalid="true"') == 2, "all that is wrong is marked"
    nothing = await approve(client, asked, _1=0, _2=0)
    assert_safe_page(nothing, 422)
    assert "Nothing would be left. Decline it instead." in nothing.text
    unknown = await approve(client, asked, _7=1)
    assert_safe_page(unknown, 422)
    no_reason = await decline(client, asked, reason=" \r\n ")
    assert_safe_page(no_reason, 422)
    assert "A no needs one. Say in a few words why." in no_reason.text
    long = await decline(client, asked, reason="x" * 2001)
    assert_safe_page(long, 422)
    assert "x" * 2001 in long.text
    found = await asked.now()
    assert [one.result for one in found.answers] == ["invalid"] * 5
    assert found.approval.state == "open"


async def test_a_reason_as_long_as_its_box_is_kept_whole(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    """Line breaks arrive as two characters each."""
    written = "too much\n" * 222
    assert (await decline(client, asked, reason=written.replace("\n", "\r\n"))).status_code == 303
    assert (await asked.now()).approval.reason == written


async def test_who_is_no_manager_any_more_may_not_decide(
    client: httpx.AsyncClient, context: Context, asked: Asked
) -> None:
    rest = tuple(one for one in context.company.managers if one.key != "sofia")
    company = context.company.model_copy(update={"managers": rest})
    transport = httpx.ASGITransport(create_app(replace(context, company=company)))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as other:
        assert_safe_page(await other.get(asked.path("sofia")), 200)
        refused = await approve(other, asked)
    assert_safe_page(refused, 403)
    assert "Only a manager" in refused.text
    assert [one.result for one in (await asked.now()).answers] == ["not_allowed"]


async def test_of_two_who_must_agree_each_is_told_of_the_other(
    client: httpx.AsyncClient, context: Context, large: Asked
) -> None:
    first, second = large.asks
    before = await client.get(large.path(first))
    assert "two managers must agree" in before.text
    assert (await approve(client, large, first, _1=3)).status_code == 303
    mine = await client.get(large.path(first))
    assert "You have said yes to 1,800.00 CAD" in mine.text
    assert "still needs another" in mine.text
    assert ">Approve</button>" not in mine.text
    assert_safe_page(await approve(client, large, first), 403)
    theirs = await client.get(large.path(second))
    assert "has said yes; for this amount a second manager must agree" in theirs.text
    assert "said yes to 3 of them." in theirs.text
    assert not await deliveries(context, large)
    assert (await approve(client, large, second, _2=1)).status_code == 303
    assert (await large.now()).approval.quantities == {"1": 3, "2": 1}
    done = await client.get(large.path(first))
    assert "You had said yes first" in done.text
    assert len(await deliveries(context, large)) == 1


async def test_of_answers_at_once_one_counts(
    client: httpx.AsyncClient, context: Context, asked: Asked
) -> None:
    managers = ["sofia", "daniel"] * 3
    answers = await asyncio.gather(*(approve(client, asked, one) for one in managers))
    assert sorted(each.status_code for each in answers) == [303] + [409] * 5
    assert len(await deliveries(context, asked)) == 1
    assert len((await asked.now()).answers) == len(managers)


@pytest.mark.parametrize(
    "form", [{}, {"choice": "maybe"}, {"choice": "approve", "reason": "x" * 10_001}]
)
async def test_an_answer_must_be_one(
    client: httpx.AsyncClient, asked: Asked, form: dict[str, str]
) -> None:
    assert_safe_page(await client.post(asked.path("sofia"), data=form), 422)
    assert (await asked.now()).answers == ()


async def test_files_and_broken_forms_are_no_answers(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=line"}
    broken = await client.post(asked.path("sofia"), content=b"--line\r\nno", headers=headers)
    assert broken.status_code in {400, 422}
    assert_safe_page(broken, broken.status_code)
    assert (await asked.now()).approval.state == "open"


async def test_links_open_only_what_they_were_made_for(
    client: httpx.AsyncClient, context: Context, asked: Asked
) -> None:
    ask_id = asked.asks["sofia"]
    assert context.settings.secret_key is not None
    good = LinkSigner(context.settings.secret_key).sign("approval", ask_id)
    for token in (
        context.signer.sign("purchase", ask_id),
        context.signer.sign("approval", asked.id),
        context.signer.sign("approval", uuid4()),
        good[:-1],
        str(ask_id),
        "%00",
    ):
        assert_safe_page(await client.get(f"/a/{token}"), 404)
        form = {"choice": "approve"}
        assert_safe_page(await client.post(f"/a/{token}", data=form), 404)
    assert (await asked.now()).answers == ()


async def test_words_of_listings_are_never_markup_nor_scripts(
    client: httpx.AsyncClient, context: Context
) -> None:
    hostile = await add_question(context, title=HOSTILE, url="javascript:alert(1)")
    page = await client.get(hostile.path("sofia"))
    assert_safe_page(page, 200)
    assert html.escape("<script>alert(1)</script>", quote=False) in page.text
    assert "{{7*7}}" in page.text
    assert "javascript:" not in page.text


async def test_pictures_are_links_so_that_nobody_hears_who_looks(
    client: httpx.AsyncClient, context: Context
) -> None:
    shown = await add_question(context, picture_url=PICTURE)
    page = await client.get(shown.path("sofia"))
    assert_safe_page(page, 200)
    assert f'<a href="{PICTURE}" target="_blank" rel="noreferrer">Picture</a>' in page.text
    assert "<img" not in page.text


async def test_a_source_that_was_away_is_named(
    client: httpx.AsyncClient, context: Context, asked: Asked
) -> None:
    assert "could not be searched" not in (await client.get(asked.path("sofia"))).text
    async with context.database.transaction() as session:
        row = await session.get_one(SourcingRound, asked.subject_id)
        row.unsearched = {"ebay": "it answered 503 <b>"}
    page = await client.get(asked.path("sofia"))
    assert_safe_page(page, 200)
    assert "<b>ebay</b> could not be searched: it answered 503 &lt;b&gt;" in page.text


async def test_once_others_are_proposed_the_approved_amount_is_not_guessed(
    client: httpx.AsyncClient, context: Context
) -> None:
    asked = await add_question(context)
    fewer = {"choice": "approve", "quantities.1": "3", "quantities.2": "0"}
    await client.post(asked.path("sofia"), data=fewer)
    async with context.database.transaction() as session:
        current = await session.get_one(SourcingRound, asked.subject_id)
        current.turn = 2
        current.state = RoundState.EMPTY
        empty = {"orders": [], "total": "0", "alternatives": []}
        current.proposal = current.proposal | empty
    page = await client.get(asked.path("sofia"))
    assert "Some of 72.00 CAD" in page.text
    assert "Nothing could be bought" in page.text


async def test_the_page_tells_why_an_offer_is_taken_point_by_point(
    client: httpx.AsyncClient, context: Context
) -> None:
    asked = await add_question(context)
    page = await client.get(asked.path("sofia"))
    assert "Why this offer: 82 points" in page.text
    assert "<li>+20: fits by the catalogue</li>" in page.text
