"""The page of operations: who sees it, what it shows, what it changes."""

from __future__ import annotations

import base64
import html
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import select

from gateway.context import Context
from hotrod.access.models import Scope
from hotrod.db.columns import now
from hotrod.durable.models import Delivery, DeliveryState, Effect, EffectState
from hotrod.services.models import ApiMetric, ServiceBreaker
from tests.factories import add_ticket, delivery_row
from tests.gateway.conftest import assert_problem, new_key
from tests.gateway.test_pages import HOSTILE, assert_safe_page

pytestmark = pytest.mark.usefixtures("empty_inbox", "no_effects")

S = DeliveryState


class Desk:
    """Somebody of operations before the page, in a browser."""

    def __init__(self, client: httpx.AsyncClient, context: Context, key: str) -> None:
        self.client = client
        self.context = context
        self.auth = ("anybody", key)

    async def page(self, **query: str) -> str:
        answer = await self.client.get("/ops", params=query, auth=self.auth)
        assert_safe_page(answer, 200)
        return answer.text

    async def send(self, path: str, **fields: Any) -> httpx.Response:
        token = fields.pop("token", None)
        if token is None:
            (token, *_) = re.findall(r'name="token" value="([^"]+)"', await self.page())
        return await self.client.post(path, data=fields | {"token": token}, auth=self.auth)

    async def store(self, *rows: Delivery | Effect) -> list[int]:
        async with self.context.database.transaction() as session:
            for row in rows:
                session.add(row)
                await session.flush()
        return [row.identity for row in rows if isinstance(row, Delivery)]

    async def states(self) -> list[str]:
        async with self.context.database.transaction() as session:
            rows = await session.exec(select(Delivery).order_by(Delivery.id))  # type: ignore[arg-type]
            return [row.state for row in rows]

    async def effect(self, key: str) -> Effect | None:
        async with self.context.database.transaction() as session:
            return await session.get(Effect, key)


@pytest.fixture
async def desk(client: httpx.AsyncClient, context: Context) -> Desk:
    return Desk(client, context, await new_key(context, Scope.OPS))


def listed(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'name="ids" value="(\d+)"', page)]


@pytest.mark.parametrize("path", ["/ops", "/metrics"])
async def test_only_operations_enter(
    client: httpx.AsyncClient, context: Context, path: str
) -> None:
    stranger = await client.get(path)
    assert_problem(stranger, 401)
    assert stranger.headers["www-authenticate"].startswith("Basic ")
    for refused in ("x", "hrf_0123456789_" + "A" * 43):
        assert_problem(await client.get(path, auth=("ops", refused)), 401)
    for broken in ("Basic", "Basic %%%", "Basic " + base64.b64encode(b"no colon").decode()):
        assert_problem(await client.get(path, headers={"Authorization": broken}), 401)
    reader = await new_key(context, Scope.TICKETS_READ, Scope.TICKETS_WRITE)
    assert_problem(await client.get(path, auth=("ops", reader)), 403)
    of_one = await new_key(context, Scope.OPS, business_key="noizylab")
    told = assert_problem(await client.get(path, auth=("ops", of_one)), 403)
    assert "noizylab" in told["detail"]
    for scope in (Scope.OPS, Scope.ADMIN):
        key = await new_key(context, scope)
        assert (await client.get(path, auth=("", key))).status_code == 200
        assert (await client.get(path, headers={"X-API-Key": key})).status_code == 200


@pytest.mark.parametrize("path", ["/ops/deliveries", "/ops/effects"])
async def test_only_operations_act(client: httpx.AsyncClient, desk: Desk, path: str) -> None:
    assert_problem(await client.post(path, data={"action": "redrive"}), 401)


async def test_an_ops_key_opens_nothing_else(desk: Desk) -> None:
    headers = {"X-API-Key": desk.auth[1]}
    assert_problem(await desk.client.get("/api/repairs/NL-1", headers=headers), 403)


async def test_the_page_shows_what_stands_where(desk: Desk) -> None:
    run_id = uuid4()
    async with desk.context.database.transaction() as session:
        ticket = await add_ticket(session)
    dead, waiting, _ = await desk.store(
        delivery_row(
            ordering_key=f"ticket:{ticket.number}",
            run_id=run_id,
            attempts=5,
            last_error="the mail server said no",
            accepted_at=now() - timedelta(hours=3),
        ),
        delivery_row(S.WAITING, lane_rank=0),
        delivery_row(S.DONE),
    )
    page = await desk.page()
    assert listed(page) == [waiting, dead]
    assert "the mail server said no" in page
    assert f"{desk.context.settings.prefect_url}/runs/flow-run/{run_id}" in page
    (link,) = re.findall(rf'href="([^"]+)">{ticket.number}<', page)
    shown = await desk.client.get(httpx.URL(html.unescape(link)).path)
    assert ticket.number in shown.text
    assert '<section class="bad"><b>1</b>Dead letters<br><span class="soft">oldest 3h' in page
    assert '<tr><th scope="row">accepted</th><td class="figure">2</td>' in page
    assert "Acts to look into</h2>" not in page


async def test_an_empty_system_has_an_empty_page(desk: Desk) -> None:
    page = await desk.page()
    assert "No delivery matches" in page
    assert 'class="bad"' not in page


async def test_the_list_is_filtered_and_paged(desk: Desk) -> None:
    ids = await desk.store(*(delivery_row() for _ in range(51)), delivery_row(S.DONE, event="x"))
    assert listed(await desk.page(states="done", event="", business="")) == ids[-1:]
    assert listed(await desk.page(states="done", event="y")) == []
    first = await desk.page(business="noizylab")
    assert listed(first) == ids[1:51][::-1]
    (older,) = re.findall(r'href="(/ops[^"]+)">Older', first)
    second = await desk.client.get(html.unescape(older), auth=desk.auth)
    assert listed(second.text) == ids[:1]
    assert "Older ones" not in second.text


@pytest.mark.parametrize(
    "query", [{"states": "asleep"}, {"older_than": "soon"}, {"before": "0"}, {"done": HOSTILE}]
)
async def test_a_filter_that_can_not_be_read_is_told_on_a_page(
    desk: Desk, query: dict[str, str]
) -> None:
    answer = await desk.client.get("/ops", params=query, auth=desk.auth)
    assert_safe_page(answer, 422)


async def test_ticked_deliveries_are_redriven(desk: Desk) -> None:
    one, two, _ = await desk.store(delivery_row(), delivery_row(S.DISCARDED), delivery_row())
    answer = await desk.send("/ops/deliveries", action="redrive", ids=[one, two], lane="normal")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/ops?lane=normal&done=redriven&count=2"
    assert await desk.states() == [S.WAITING, S.WAITING, S.DEAD]
    back = await desk.client.get(answer.headers["location"], auth=desk.auth)
    assert "2 redriven." in back.text


async def test_all_that_match_are_discarded_with_a_reason(desk: Desk) -> None:
    await desk.store(
        delivery_row(S.WAITING, accepted_at=now() - timedelta(hours=3), event="spam.came"),
        delivery_row(
            S.CLAIMED, accepted_at=now() - timedelta(hours=3), event="spam.came", worker="worker-1"
        ),
        delivery_row(S.WAITING, event="spam.came"),
    )
    page = await desk.page(event="spam.came", older_than="120m")
    assert "1 to discard" in page
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', page))
    assert form | {"token": ""} == {"token": "", "event": "spam.came", "older_than": "2h"}
    answer = await desk.send(
        "/ops/deliveries", action="discard", everything="true", reason="a prank", **form
    )
    assert answer.status_code == 303
    assert await desk.states() == [S.DISCARDED, S.CLAIMED, S.WAITING]
    assert "a prank" in await desk.page(states="discarded")


@pytest.mark.parametrize(
    "form",
    [
        {"action": "redrive"},
        {"action": "discard", "event": "repair.requested"},
        {"action": "discard", "everything": "true"},
        {"action": "redrive", "everything": "true", "states": "waiting"},
    ],
)
async def test_what_is_not_meant_clearly_changes_nothing(desk: Desk, form: dict[str, str]) -> None:
    await desk.store(delivery_row(), delivery_row(S.WAITING))
    answer = await desk.send("/ops/deliveries", **form)
    assert_safe_page(answer, 409)
    assert "Go back" in answer.text
    assert await desk.states() == [S.DEAD, S.WAITING]


@pytest.mark.parametrize("form", [{}, {"action": "burn"}, {"action": "redrive", "ids": "-1"}])
async def test_a_form_that_can_not_be_read_is_told_on_a_page(
    desk: Desk, form: dict[str, str]
) -> None:
    await desk.store(delivery_row())
    assert_safe_page(await desk.send("/ops/deliveries", **form), 422)
    assert await desk.states() == [S.DEAD]


async def test_forms_of_other_sites_change_nothing(desk: Desk) -> None:
    (dead,) = await desk.store(
        delivery_row(), Effect(key="mail:quote:1", state=EffectState.UNKNOWN)
    )
    other = Desk(desk.client, desk.context, await new_key(desk.context, Scope.ADMIN))
    (of_another,) = set(re.findall(r'name="token" value="([^"]+)"', await other.page()))
    status_link = desk.context.signer.sign("status", uuid4())
    for token in ("x", of_another, status_link):
        for path, form in (
            ("/ops/deliveries", {"action": "redrive", "ids": dead}),
            ("/ops/effects", {"action": "repeat", "key": "mail:quote:1"}),
        ):
            answer = await desk.send(path, token=token, **form)
            assert answer.status_code == 403, answer.text
    assert await desk.states() == [S.DEAD]
    assert await desk.effect("mail:quote:1") is not None


async def test_a_person_decides_about_an_act(desk: Desk) -> None:
    await desk.store(
        *(Effect(key=f"mail:quote:{n}", state=EffectState.UNKNOWN) for n in (1, 2)),
        delivery_row(last_error="the outcome of mail:quote:1 is unknown"),
        delivery_row(),
    )
    page = await desk.page()
    assert "Acts to look into</h2>" in page
    assert "mail:quote:2" in page
    confirmed = await desk.send("/ops/effects", action="confirm", key="mail:quote:1")
    assert confirmed.status_code == 303
    row = await desk.effect("mail:quote:1")
    assert row is not None
    assert row.state == EffectState.DONE
    back = await desk.client.get(confirmed.headers["location"], auth=desk.auth)
    assert "counts as done" in back.text
    assert len(listed(back.text)) == 1, "what waits for it"
    repeated = await desk.send("/ops/effects", action="repeat", key="mail:quote:2")
    assert repeated.status_code == 303
    assert await desk.effect("mail:quote:2") is None
    again = await desk.send("/ops/effects", action="repeat", key="mail:quote:2")
    assert_safe_page(again, 409)


async def test_words_of_others_are_never_markup(desk: Desk) -> None:
    await desk.store(
        delivery_row(
            last_error=HOSTILE, event=HOSTILE[:60], business_key=HOSTILE[:31], ordering_key=HOSTILE
        ),
        Effect(key=HOSTILE, state=EffectState.UNKNOWN),
    )
    page = await desk.page(error="alert")
    assert html.escape("<script>alert(1)</script>", quote=False) in page
    assert '"><i>' not in await desk.page(ticket='"><i>')
    assert page.count("{{7*7}}") >= 3


async def test_the_page_holds_no_payload(desk: Desk) -> None:
    await desk.store(delivery_row(payload={"email": "ada@example.com"}))
    assert "ada@" not in await desk.page()


async def test_metrics_are_in_prometheus_format(desk: Desk) -> None:
    await desk.store(
        *(delivery_row(S.WAITING, event=event) for event in ("a", "b")),
        delivery_row(accepted_at=now() - timedelta(seconds=90), business_key='te"x'),
        delivery_row(S.DONE),
        Effect(key="k", state=EffectState.UNKNOWN),
    )
    answer = await desk.client.get("/metrics", auth=desk.auth)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = answer.text.splitlines()
    for line in (
        'hotrod_inbox_deliveries{business="noizylab",lane="normal",state="waiting"} 2.0',
        'hotrod_inbox_deliveries{business="te\\"x",lane="normal",state="dead"} 1.0',
        'hotrod_inbox_finished{state="done"} 1.0',
        'hotrod_inbox_finished{state="discarded"} 0.0',
        'hotrod_inbox_recent{what="accepted",window="minute"} 3.0',
        'hotrod_inbox_recent{what="dead",window="hour"} 1.0',
        'hotrod_effects{state="unknown"} 1.0',
        'hotrod_effects{state="claimed"} 0.0',
        "# TYPE hotrod_inbox_accepted_total counter",
    ):
        assert line in lines
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert 90 <= float(values['hotrod_inbox_oldest_seconds{state="dead"}']) < 900
    accepted = float(values["hotrod_inbox_accepted_total"])
    await desk.store(delivery_row())
    after = await desk.client.get("/metrics", auth=desk.auth)
    assert f"hotrod_inbox_accepted_total {accepted + 1}" in after.text


async def test_services_are_shown_and_one_that_is_left_alone_stands_out(desk: Desk) -> None:
    failed: dict[str, Any] = {
        "operation": "send",
        "outcome": "TransientError",
        "calls": 7,
        "attempts": 21,
    }
    timed: dict[str, Any] = {"total_milliseconds": 70.0, "longest_milliseconds": 20.0}
    breaker = ServiceBreaker(
        service="mail-for-ops", failures=7, rest_seconds=4, open_until=now().timestamp() + 4
    )
    async with desk.context.database.transaction() as session:
        session.add(ApiMetric(minute=now(), service="mail-for-ops", **failed, **timed))
        session.add(breaker)

    page = await desk.page()

    assert "mail-for-ops" in page
    assert re.search(r"mail-for-ops: left alone until [0-9:]{8} after 7 failures", page)
    async with desk.context.database.transaction() as session:
        await session.delete(breaker)
