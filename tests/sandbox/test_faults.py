from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest
from pydantic import ValidationError

from sandbox import Sandbox
from sandbox.faults import AFTER_THE_ACT, BEFORE_THE_ACT, Fault, Faults
from sandbox.slack.channels import Channels

OrderFault = Callable[..., Awaitable[None]]
SLACK = {"Authorization": "Bearer xoxb-sandbox"}
CLAUDE = {"x-api-key": "sandbox-key", "anthropic-version": "2023-06-01"}


async def post_slack(client: httpx.AsyncClient) -> httpx.Response:
    message = {"channel": "#repairs", "text": "hi"}
    return await client.post("/slack/api/chat.postMessage", json=message, headers=SLACK)


def taken(faults: Faults, service: str = "slack", path: str = "/x") -> bool:
    kinds = BEFORE_THE_ACT | AFTER_THE_ACT
    return faults.take(service, path, kinds) is not None


def test_a_fault_strikes_as_often_as_ordered_once_if_nothing_is_said() -> None:
    faults = Faults()
    faults.order(Fault(service="slack", kind="error", count=2))
    assert [taken(faults) for _ in range(3)] == [True, True, False]
    faults.order(Fault(service="slack", kind="error"))
    assert [taken(faults) for _ in range(2)] == [True, False]


def test_probability_strikes_that_share_and_repeats_with_its_seed() -> None:
    runs = []
    for _ in range(2):
        faults = Faults()
        faults.order(Fault(service="slack", kind="error", probability=0.3, seed=7))
        runs.append([taken(faults) for _ in range(1000)])
    assert runs[0] == runs[1]
    assert 200 < sum(runs[0]) < 400
    assert faults.waiting()


@pytest.mark.parametrize(
    ("fault", "service", "path", "strikes"),
    [
        ({"service": "mail"}, "graph", "/graph/v1.0/x", True),
        ({"service": "mail"}, "smtp", "MAIL", True),
        ({"service": "mail"}, "claude", "/claude/v1/messages", False),
        ({"service": "graph", "path": "sendMail"}, "graph", "/graph/v1.0/messages", False),
    ],
)
def test_which_calls_a_fault_waits_for(
    fault: dict[str, str],
    service: str,
    path: str,
    strikes: bool,  # noqa: FBT001
) -> None:
    faults = Faults()
    faults.order(Fault.model_validate({"kind": "error", **fault}))
    assert taken(faults, service, path) is strikes


async def test_a_token_service_is_spared_unless_it_is_named(
    client: httpx.AsyncClient, order_fault: OrderFault
) -> None:
    login = "/graph/login/sandbox/oauth2/v2.0/token"
    await order_fault("graph", "error", status=503)
    assert (await client.post(login)).status_code == 400

    await order_fault("graph", "error", status=503, path="/login/")
    assert (await client.post(login)).status_code == 503


@pytest.mark.parametrize("kind", ["truncate", "html"])
async def test_an_answer_that_cannot_be_read_comes_after_the_act(
    client: httpx.AsyncClient, sandbox: Sandbox, order_fault: OrderFault, kind: str
) -> None:
    await order_fault("slack", kind)

    try:
        spoiled = (await post_slack(client)).headers["content-type"]
    except httpx.RemoteProtocolError:
        spoiled = "truncated"

    assert spoiled == {"truncate": "truncated", "html": "text/html"}[kind]
    assert len(sandbox.state.store(Channels).messages()) == 1


async def test_a_drop_waits_for_a_call_that_writes(
    client: httpx.AsyncClient, order_fault: OrderFault
) -> None:
    await order_fault("slack", "drop_after_accept")
    assert (await client.get("/slack/api/auth.test", headers=SLACK)).status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        await post_slack(client)


@pytest.mark.parametrize(
    "wrong",
    [
        {"service": "slack", "kind": "fire"},
        {"service": "slack", "kind": "error", "count": 1, "probability": 0.5},
        {"service": "slack", "kind": "error", "count": 0},
        {"service": "slack", "kind": "error", "status": 200},
        {"service": "slack", "kind": "error", "cuont": 1},
    ],
)
async def test_faults_that_make_no_sense_are_refused(
    client: httpx.AsyncClient, wrong: dict[str, object]
) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(wrong)
    assert (await client.post("/_control/faults", json=wrong)).status_code == 422


async def test_a_fault_of_a_service_that_is_not_played_is_refused(
    client: httpx.AsyncClient,
) -> None:
    refused = await client.post("/_control/faults", json={"service": "fax", "kind": "error"})

    assert refused.status_code == 422
    assert "slack" in refused.json()["detail"]


async def test_a_reset_is_a_connection_reset(
    client: httpx.AsyncClient, sandbox: Sandbox, order_fault: OrderFault
) -> None:
    await order_fault("slack", "reset")
    with pytest.raises(httpx.ReadError):
        await post_slack(client)
    assert sandbox.state.store(Channels).messages() == []
    assert (await post_slack(client)).json()["ok"] is True


async def test_a_drop_does_the_act_and_does_not_answer(
    client: httpx.AsyncClient, sandbox: Sandbox, order_fault: OrderFault
) -> None:
    await order_fault("slack", "drop_after_accept")
    with pytest.raises(httpx.RemoteProtocolError):
        await post_slack(client)
    assert len(sandbox.state.store(Channels).messages()) == 1
    (call,) = sandbox.state.calls.find("slack")
    assert (call.status, call.fault) == (200, "drop_after_accept")


async def test_a_timeout_holds_the_connection_then_ends_it(
    client: httpx.AsyncClient, sandbox: Sandbox, order_fault: OrderFault
) -> None:
    await order_fault("slack", "timeout", count=2, seconds=0.05)
    with pytest.raises(httpx.RemoteProtocolError):
        await post_slack(client)
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/slack/api/auth.test", headers=SLACK, timeout=0.02)
    assert [call.status for call in sandbox.state.calls.find("slack")] == [None, None]
    assert sandbox.state.store(Channels).messages() == []


async def test_a_slow_answer_is_an_answer(
    client: httpx.AsyncClient, order_fault: OrderFault
) -> None:
    await order_fault("slack", "slow", seconds=0.01)
    assert (await post_slack(client)).json()["ok"] is True


@pytest.mark.parametrize(
    ("service", "fault", "status", "code", "retry_after"),
    [
        ("slack", {"kind": "rate_limit", "retry_after": 7}, 429, "ratelimited", "7"),
        ("slack", {"kind": "rate_limit", "retry_after": None}, 429, "ratelimited", None),
        ("slack", {"kind": "error"}, 200, "internal_error", None),
        ("slack", {"kind": "error", "code": "is_archived"}, 200, "is_archived", None),
        ("claude", {"kind": "rate_limit"}, 429, "rate_limit_error", "1"),
        ("claude", {"kind": "error"}, 529, "overloaded_error", None),
        ("claude", {"kind": "error", "status": 500}, 500, "api_error", None),
        ("graph", {"kind": "rate_limit"}, 429, "ApplicationThrottled", "1"),
        ("graph", {"kind": "error"}, 503, "ServiceUnavailable", None),
        ("graph", {"kind": "error", "status": 403}, 403, "ErrorAccessDenied", None),
    ],
)
async def test_each_service_words_a_fault_its_own_way(
    client: httpx.AsyncClient,
    order_fault: OrderFault,
    service: str,
    fault: dict[str, object],
    status: int,
    code: str,
    retry_after: str | None,
) -> None:
    await order_fault(service, **fault)
    url = {
        "slack": "/slack/api/chat.postMessage",
        "claude": "/claude/v1/messages",
        "graph": "/graph/v1.0/users/ann@example.org/sendMail",
    }[service]
    answer = await client.post(url)
    error = answer.json()["error"]
    shown = error if service == "slack" else error["type" if service == "claude" else "code"]
    assert (answer.status_code, shown) == (status, code)
    assert answer.headers.get("retry-after") == retry_after


async def test_a_claude_fault_can_name_a_detail(
    client: httpx.AsyncClient, order_fault: OrderFault
) -> None:
    await order_fault("claude", "rate_limit", code="enforced_spend_limit_reached")
    error = (await client.get("/claude/v1/models", headers=CLAUDE)).json()["error"]
    assert error["details"] == {"error_code": "enforced_spend_limit_reached"}


async def test_an_endless_body_is_refused_in_the_words_of_the_service(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/claude/v1/messages", content=b"x" * 32_000_001, headers=CLAUDE)
    assert answer.status_code == 413
    assert answer.json()["error"]["type"] == "request_too_large"
