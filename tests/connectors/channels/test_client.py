from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.channels.client import ApprisePoster
from connectors.channels.errors import ChannelAddressError, ChannelUrlError
from connectors.channels.models import Message

KEY = (  # the point of a public key, a secret of 16 bytes, a private key
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
)
AUTH, VAPID = "BTBZMqHH6r4Tts7J_aSIgg", "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
HELLO = Message("Le dépôt est payé.", title="NL-1042", kind="success")


OURS = {
    "discord": SecretStr("discord://1000/hunter2"),
    "webpush": SecretStr(
        f"webpush://{KEY}:{AUTH}@push.example/hunter2?vapid={VAPID}&contact=ann@example.com"
    ),
}


async def no_wait(_seconds: float) -> None:
    """Wait no time."""


def url(server: Any, path: str = "hunter2") -> SecretStr:
    return SecretStr(f"json://127.0.0.1:{server.port}/{path}")


@pytest.fixture
async def make() -> AsyncIterator[Callable[..., ApprisePoster]]:
    made = []

    def build(timeout_seconds: float = 5.0, port: int = 0, **urls: SecretStr) -> ApprisePoster:
        addresses = dict.fromkeys(OURS, f"http://127.0.0.1:{port}") if port else {}
        retry = RetryPolicy(sleep=no_wait)
        made.append(
            ApprisePoster(
                urls=urls, timeout_seconds=timeout_seconds, addresses=addresses, retry=retry
            )
        )
        return made[-1]

    yield build
    for poster in made:
        await poster.aclose()


async def test_a_message_is_posted_with_its_title_and_kind(
    server: Any, make: Callable[..., ApprisePoster]
) -> None:
    server.answer(200, {})

    await make(ops=url(server)).post("ops", HELLO)

    assert server.seen[0].target == "/hunter2"
    body = json.loads(server.seen[0].body)
    assert (body["title"], body["message"]) == ("NL-1042", "Le dépôt est payé.")
    assert body["type"] == "success"


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
async def test_apprise_tells_no_reason_so_a_failure_is_unknown(
    server: Any, make: Callable[..., ApprisePoster], status: int
) -> None:
    server.answer(status, b"hunter2 was wrong")

    with pytest.raises(UnknownOutcomeError) as caught:
        await make(ops=url(server)).post("ops", HELLO)

    assert str(caught.value).startswith("channels.ops.post: apprise could not send it")
    assert "hunter2" not in str(caught.value)
    assert len(server.seen) == 1


async def test_a_lost_answer_is_unknown_and_not_repeated(
    server: Any, make: Callable[..., ApprisePoster]
) -> None:
    server.reset()

    with pytest.raises(UnknownOutcomeError):
        await make(ops=url(server)).post("ops", HELLO)

    assert len(server.seen) == 1


async def test_no_answer_in_time_is_unknown(
    server: Any, make: Callable[..., ApprisePoster]
) -> None:
    server.hold()

    with pytest.raises(UnknownOutcomeError):
        await make(0.2, ops=url(server)).post("ops", HELLO)


@pytest.fixture
def apprise(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowApprise]:
    """Stands in for what is done in threads."""
    slow = SlowApprise()
    monkeypatch.setattr("connectors.channels.client._send", slow.send)
    yield slow
    slow.may_end.set()


class SlowApprise:
    """Is through with a message when it may."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.has_begun = threading.Event()
        self.may_end = threading.Event()

    def send(self, _line: object, message: Message) -> bool:
        self.sent.append(message.text)
        self.has_begun.set()
        return self.may_end.wait(10.0)


async def test_what_waits_for_a_busy_channel_was_not_sent(
    server: Any, make: Callable[..., ApprisePoster], apprise: SlowApprise
) -> None:
    poster = make(0.05, ops=url(server))
    with pytest.raises(UnknownOutcomeError, match="no answer in time"):
        await poster.post("ops", Message("one"))

    with pytest.raises(TransientError, match="not sent"):
        await poster.post("ops", Message("two"))

    assert apprise.sent == ["one"]


async def test_a_channel_has_its_next_turn_when_apprise_is_through(
    server: Any, make: Callable[..., ApprisePoster], apprise: SlowApprise
) -> None:
    poster = make(5.0, ops=url(server))
    given_up = asyncio.create_task(poster.post("ops", Message("one")))
    await asyncio.to_thread(apprise.has_begun.wait, 10.0)
    given_up.cancel()
    waiting = asyncio.create_task(poster.post("ops", Message("two")))
    await asyncio.wait([given_up])
    assert apprise.sent == ["one"]

    apprise.may_end.set()
    await waiting

    assert apprise.sent == ["one", "two"]


async def test_busy_channels_keep_no_other_waiting(
    server: Any, make: Callable[..., ApprisePoster], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"ops{n}" for n in range(6)]
    all_at_once = threading.Barrier(len(names))
    monkeypatch.setattr("connectors.channels.client._send", lambda *_: all_at_once.wait(5.0) >= 0)
    poster = make(10.0, **dict.fromkeys(names, url(server)))

    await asyncio.gather(*(poster.post(name, HELLO) for name in names))


async def test_each_channel_has_a_result_of_its_own(
    server: Any, make: Callable[..., ApprisePoster], closed_port: int
) -> None:
    server.answer(200, {})
    poster = make(ops=url(server), down=SecretStr(f"json://127.0.0.1:{closed_port}/"))

    ops, down, nowhere = await poster.post_everywhere(HELLO, ["ops", "down", "nowhere"])

    assert (ops.item, ops.is_done) == ("ops", True)
    assert isinstance(down.error, UnknownOutcomeError)
    assert isinstance(nowhere.error, ServiceNotFoundError)
    assert poster.channels == ("ops", "down")


async def test_what_says_nothing_is_not_sent(
    server: Any, make: Callable[..., ApprisePoster]
) -> None:
    with pytest.raises(RejectedError):
        await make(ops=url(server)).post("ops", Message(" \n"))

    assert server.seen == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("unknown://hunter2", "unknown://"),
        ("discord://hunter2", "discord://"),
        ("webpush://hunter2", "webpush://"),
        (f"webpush://{KEY}:hunter2@push.example/a?vapid={VAPID}&contact=a@b.ca", "webpush://"),
        (f"webpush://{KEY}:{AUTH}@push.example/a?contact=a@b.ca&hunter2", "webpush://"),
        ("hunter2", "it is no URL"),
        ("", "it is no URL"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_without_its_secret(line: str, words: str) -> None:
    with pytest.raises(ChannelUrlError, match="channel ops") as caught:
        ApprisePoster(urls={"ops": SecretStr(line)}, timeout_seconds=5.0)

    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_apprises_own_log_says_nothing(
    server: Any, make: Callable[..., ApprisePoster], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer(401, {})

    with pytest.raises(UnknownOutcomeError):
        await make(ops=url(server)).post("ops", HELLO)

    assert [one for one in caplog.records if one.name.startswith("apprise")] == []


async def test_calls_are_recorded_by_channel(server: Any) -> None:
    server.answer(200, {})
    recorder = MemoryRecorder()
    urls = {"ops": url(server)}
    poster = ApprisePoster(urls=urls, timeout_seconds=5.0, shared=Shared(recorder=recorder))

    await poster.post("ops", HELLO)
    await poster.aclose()

    (call,) = recorder.calls
    assert (call.service, call.operation, call.outcome) == ("channels.ops", "post", "ok")


async def test_a_browser_is_told_at_its_own_endpoint(server: Any) -> None:
    line = f"webpush://{KEY}:{AUTH}@push.example/w/?vapid={VAPID}&token=A%2bb&contact=a@example.com"
    poster = ApprisePoster(
        urls={"bench": SecretStr(line)},
        addresses={"webpush": f"http://127.0.0.1:{server.port}/"},
        timeout_seconds=5.0,
    )
    server.answer(201, b"")

    await poster.post("bench", HELLO)
    await poster.aclose()

    assert server.seen[0].target == "/w/?token=A%2bb"
    assert b"pay" not in server.seen[0].body


def test_an_address_for_a_scheme_that_holds_its_own_is_refused() -> None:
    with pytest.raises(ChannelAddressError, match="jsons:// has no address to change; known are"):
        ApprisePoster(urls={}, addresses={"jsons": "http://127.0.0.1"}, timeout_seconds=5.0)


ANSWERS: dict[int, type[ConnectorError]] = {
    400: RejectedError,
    401: NeedsReauthError,
    403: NeedsReauthError,
    404: ServiceNotFoundError,
    410: ServiceNotFoundError,
    413: RejectedError,
    429: RateLimitedError,
    500: UnknownOutcomeError,
    503: UnknownOutcomeError,
}


@pytest.mark.parametrize("status", ANSWERS)
@pytest.mark.parametrize("channel", OURS)
async def test_discord_and_push_services_say_what_happened(
    server: Any, make: Callable[..., ApprisePoster], channel: str, status: int
) -> None:
    server.answer(status, b"hunter2 was wrong")

    with pytest.raises(ConnectorError) as caught:
        await make(port=server.port, **OURS).post(channel, HELLO)

    assert type(caught.value) is ANSWERS[status]
    assert str(caught.value).startswith(f"channels.{channel}.post: answered {status}")
    assert "hunter2" not in str(caught.value)
    assert len(server.seen) == 1


@pytest.mark.parametrize("channel", OURS)
async def test_a_wait_that_is_too_long_is_told(
    server: Any, make: Callable[..., ApprisePoster], channel: str
) -> None:
    server.answer(429, {}, Retry_After="120")

    with pytest.raises(RateLimitedError) as caught:
        await make(port=server.port, **OURS).post(channel, HELLO)

    assert caught.value.retry_after_seconds == 120
    assert len(server.seen) == 1


@pytest.mark.parametrize("channel", OURS)
async def test_a_short_wait_is_waited_out_over_the_same_connection(
    server: Any, make: Callable[..., ApprisePoster], channel: str
) -> None:
    server.answer(429, {}, Retry_After="2")
    server.answer(204, b"")

    await make(port=server.port, **OURS).post(channel, HELLO)

    assert (len(server.seen), server.connections) == (2, 1)


@pytest.mark.parametrize("channel", OURS)
async def test_a_wait_between_parts_is_not_waited_out(
    server: Any, make: Callable[..., ApprisePoster], channel: str
) -> None:
    server.answer(204, b"")
    server.answer(429, {}, Retry_After="2")

    with pytest.raises(UnknownOutcomeError, match="a part was sent, then: answered 429"):
        await make(port=server.port, **OURS).post(channel, Message("long " * 1000))

    assert len(server.seen) == 2


@pytest.mark.parametrize("channel", OURS)
async def test_what_reaches_nobody_was_not_posted(
    make: Callable[..., ApprisePoster], closed_port: int, channel: str
) -> None:
    with pytest.raises(TransientError):
        await make(port=closed_port, **OURS).post(channel, HELLO)


async def test_apprise_does_not_wait_but_tells_how_long_it_would(
    server: Any, make: Callable[..., ApprisePoster]
) -> None:
    soon = str(int(time.time()) + 3600)
    server.answer(200, {"id": "2"}, X_RateLimit_Remaining="0", X_RateLimit_Limit=soon)
    poster = make(toots=SecretStr(f"mastodon://hunter2@127.0.0.1:{server.port}"))
    await poster.post("toots", HELLO)

    with pytest.raises(RateLimitedError) as caught:
        await poster.post("toots", HELLO)

    assert 3500 < (caught.value.retry_after_seconds or 0) < 3700
    assert len(server.seen) == 1


async def test_a_line_cannot_have_apprise_repeat_what_may_have_arrived(
    server: Any, make: Callable[..., ApprisePoster]
) -> None:
    server.answer(500, {})

    with pytest.raises(UnknownOutcomeError):
        await make(ops=url(server, "hunter2?retry=2")).post("ops", HELLO)

    assert len(server.seen) == 1
