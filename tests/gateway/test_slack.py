"""Managers answer by buttons in Slack, played by its stand-in: signed, once, and told in place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from connectors.slack.blocks import Button, actions, section
from connectors.slack.client import SlackClient
from connectors.slack.models import PostedMessage
from gateway.app import create_app
from gateway.context import Context
from gateway.slack import INTERACTIONS
from hotrod.approvals.decisions import answer
from hotrod.db.columns import now
from sandbox import Sandbox, running_sandbox
from sandbox.calls import Exchange
from sandbox.slack.channels import Channels
from sandbox.slack.channels import PostedMessage as Shown
from sandbox.slack.interactions import Interactions, signed
from tests.conftest import free_port
from tests.gateway.conftest import assert_problem
from tests.gateway.proposals import Asked, add_question
from tests.hotrod.approvals.kit import yes

SOFIA, DANIEL = "U0SOFIA01", "U0DANIEL1"


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Sandbox]:
    async with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.state.reset()
    return running


@pytest.fixture
async def slack(sandbox: Sandbox) -> AsyncIterator[SlackClient]:
    client = SlackClient(
        base_url=f"{sandbox.url}/slack/api",
        bot_token=SecretStr("xoxb-sandbox"),
        timeout_seconds=5,
    )
    yield client
    await client.aclose()


@pytest.fixture
def app(context: Context, slack: SlackClient) -> FastAPI:
    return create_app(replace(context, slack=slack))


@dataclass
class Bench:
    """Slack's page in one browser, and the gateway that it tells of presses."""

    browser: httpx.AsyncClient
    sandbox: Sandbox
    slack: SlackClient

    async def post(self, asked: Asked, manager: str, to: str) -> PostedMessage:
        """Write to a manager as the flow does."""
        value = str(asked.asks[manager])
        buttons = actions(Button("approve", "Approve", value), Button("decline", "Decline", value))
        return await self.slack.post_message(to, "Approve?", [section("Approve?"), buttons])

    async def press(
        self, message: PostedMessage, choice: str, person: str = "", *, times: int = 1
    ) -> None:
        """Press a button on the page, and wait until all is answered that tells it."""
        answers: asyncio.Queue[Exchange] = asyncio.Queue()
        self.sandbox.state.watchers.append(answers.put_nowait)
        button = {"channel": message.channel, "ts": message.ts, "action_id": choice}
        if times == 1:
            form = button | ({"person": person} if person else {})
            await self.browser.post("/pages/slack/press", data=form)
        else:
            await self.browser.post("/_control/slack/press", json=button)
            await self.browser.post(f"/_control/slack/deliver?times={times}")
        for _ in range(times):
            while "/actions/" not in (await asyncio.wait_for(answers.get(), 10)).path:
                pass
        self.sandbox.state.watchers.remove(answers.put_nowait)

    def shown(self) -> list[Shown]:
        """Return what stands in Slack now."""
        return self.sandbox.state.store(Channels).messages()


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve the gateway on a socket while the context lasts; its root."""
    port = free_port()
    config = uvicorn.Config(
        app, port=port, lifespan="off", log_config=None, log_level="critical", ws="none"
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    await server.is_up.wait()
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to pytest."""
        yield

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(None)
        self.is_up.set()


@pytest.fixture
async def bench(app: FastAPI, sandbox: Sandbox, slack: SlackClient) -> AsyncIterator[Bench]:
    async with (
        served(app) as root,
        httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as browser,
    ):
        sandbox.state.store(Interactions).url = f"{root}{INTERACTIONS}"
        yield Bench(browser, sandbox, slack)


@pytest.fixture
async def asked(context: Context) -> Asked:
    """A question about 72.00 CAD; Sofia is asked, and Daniel is her deputy."""
    return await add_question(context)


async def test_a_press_on_slacks_page_approves_and_replaces_the_message(
    bench: Bench, asked: Asked
) -> None:
    message = await bench.post(asked, "sofia", SOFIA)
    await bench.press(message, "approve")
    found = await asked.now()
    assert (found.approval.state, found.approval.quantities) == ("approved", {"1": 4, "2": 4})
    (given,) = found.answers
    assert (given.manager, given.via, given.address) == ("sofia", "slack", SOFIA)
    (shown,) = bench.shown()
    assert shown.text.startswith("*Approved* by Sofia Marchetti. 72.00 CAD for: Parts: HDMI-")
    assert shown.buttons() == []


async def test_a_no_by_a_button_says_where_it_came_from(bench: Bench, asked: Asked) -> None:
    await bench.press(await bench.post(asked, "sofia", SOFIA), "decline")
    found = await asked.now()
    assert (found.approval.state, found.approval.reason) == ("declined", "declined in Slack")
    assert bench.shown()[0].text.startswith("*Declined* by Sofia Marchetti.")


async def test_pressing_again_and_elsewhere_is_harmless(bench: Bench, asked: Asked) -> None:
    hers = await bench.post(asked, "sofia", SOFIA)
    his = await bench.post(asked, "daniel", DANIEL)
    await bench.press(hers, "approve", times=3)
    await bench.press(his, "decline")
    found = await asked.now()
    assert found.approval.state == "approved"
    assert [one.result for one in found.answers] == ["counted", "late", "late", "late"]
    assert "This was approved already" in bench.shown()[1].text
    assert [one.buttons() for one in bench.shown()] == [[], []]


async def test_who_presses_late_is_told_how_much_was_approved(bench: Bench, asked: Asked) -> None:
    message = await bench.post(asked, "daniel", DANIEL)
    async with asked.context.database.transaction() as session:
        company = asked.context.company
        await answer(session, company, asked.id, "sofia", yes(_1=3, _2=0), now())
    await bench.press(message, "approve")
    (shown,) = bench.shown()
    assert "3 of 8 pieces, 27.00 of 72.00 CAD for: Parts: HDMI-" in shown.text


async def test_another_manager_may_press(bench: Bench, asked: Asked) -> None:
    await bench.press(await bench.post(asked, "sofia", "#parts"), "approve", DANIEL)
    (given,) = (await asked.now()).answers
    assert (given.manager, given.result) == ("daniel", "counted")


async def test_a_stranger_is_told_alone_and_changes_nothing(bench: Bench, asked: Asked) -> None:
    message = await bench.post(asked, "sofia", "#parts")
    await bench.press(message, "approve")
    assert (await asked.now()).answers == ()
    kept, told = bench.shown()
    assert len(kept.buttons()) == 2
    assert "You aren't a manager here" in told.text
    assert "U00PERSON0" in told.text


async def test_over_the_limit_the_question_stays_for_others(bench: Bench, context: Context) -> None:
    large = await add_question(context, "1800.00")
    first, second = large.asks
    message = await bench.post(large, first, "#parts")
    await bench.press(message, "approve", SOFIA)
    kept, told = bench.shown()
    assert len(kept.buttons()) == 2
    assert "your limit is 500.00" in told.text
    ids = {one.key: one.slack for one in context.company.managers}
    await bench.press(message, "approve", ids[first])
    assert "another manager must agree" in bench.shown()[0].text
    await bench.press(await bench.post(large, second, ids[second]), "approve")
    found = await large.now()
    assert [one.result for one in found.answers] == ["not_allowed", "first_of_two", "counted"]


def body_of(asked_value: str, **changes: object) -> bytes:
    press = (
        '{"type": "block_actions", "user": {"id": "U0SOFIA01"}, "container": {"channel_id": "D1",'
        ' "message_ts": "1.2"}, "actions": [{"action_id": "ACTION", "value": "VALUE",'
        ' "action_ts": "1.3"}], "response_url": "URL"}'
    )
    values = {"ACTION": "approve", "VALUE": asked_value, "URL": ""} | changes
    for name, value in values.items():
        press = press.replace(name, str(value))
    return urlencode({"payload": press}).encode()


async def send(
    client: httpx.AsyncClient, body: bytes, headers: dict[str, str] | None = None
) -> httpx.Response:
    given = signed(body, int(time.time())) if headers is None else headers
    return await client.post(INTERACTIONS, content=body, headers=given)


async def test_only_slack_is_believed(client: httpx.AsyncClient, asked: Asked) -> None:
    body = body_of(str(asked.asks["sofia"]))
    good = signed(body, int(time.time()))
    for headers in (
        {},
        good | {"X-Slack-Signature": "v0=0"},
        signed(body, int(time.time()) - 400),
        signed(body + b" ", int(time.time())),
        {name: value for name, value in good.items() if name != "X-Slack-Request-Timestamp"},
    ):
        assert_problem(await send(client, body, headers), 401)
    assert (await asked.now()).answers == ()
    assert (await send(client, body)).status_code == 200
    assert len((await asked.now()).answers) == 1


async def test_without_a_secret_nobody_can_sign(context: Context, asked: Asked) -> None:
    none = context.settings.slack.model_copy(update={"signing_secret": SecretStr("")})
    settings = context.settings.model_copy(update={"slack": none})
    transport = httpx.ASGITransport(create_app(replace(context, settings=settings)))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        answer = await send(client, body_of(str(asked.asks["sofia"])))
    assert "HOTROD_SLACK__SIGNING_SECRET" in assert_problem(answer, 503)["detail"]


@pytest.mark.parametrize(
    "body", [b"", b"payload=", b"payload=%7B%7D", b"\xff", b"payload=1&payload=2", b"x=1"]
)
async def test_what_is_no_press_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    assert_problem(await send(client, body), 400)


@pytest.mark.parametrize("changes", [{"ACTION": "open"}, {"VALUE": "NL-1042"}, {"VALUE": "0" * 32}])
async def test_a_press_of_another_button_does_nothing(
    client: httpx.AsyncClient, asked: Asked, changes: dict[str, str]
) -> None:
    answer = await send(client, body_of(str(asked.asks["sofia"]), **changes))
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await asked.now()).answers == ()


async def test_an_answer_counts_even_if_nobody_can_be_told(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    elsewhere = body_of(str(asked.asks["sofia"]), URL="https://evil.example.com/actions/1")
    assert (await send(client, elsewhere)).status_code == 200
    assert (await asked.now()).approval.state == "approved"


async def test_the_contract_describes_what_slack_sends(client: httpx.AsyncClient) -> None:
    contract = (await client.get("/openapi.json")).json()
    content = contract["paths"][INTERACTIONS]["post"]["requestBody"]["content"]
    assert set(content) == {"application/x-www-form-urlencoded"}
    assert not [path for path in contract["paths"] if path.startswith(("/a/", "/p/"))]
