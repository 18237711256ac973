"""What the Twilio connector promises, against the stand-in; and the vendor's client with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from connectors._http.errors import NeedsReauthError, RejectedError, UnknownOutcomeError
from connectors._http.retry import RetryPolicy
from connectors.twilio.client import TwilioClient
from connectors.twilio.errors import OptedOutError, UnreachableNumberError
from connectors.twilio.webhook import read_incoming, read_status, verify
from sandbox.twilio.store import Texts
from tests.receiver import Receiver, receiving

ACCOUNT, TOKEN = "AC" + "0" * 32, SecretStr("sandbox-secret")
NUMBER, SERVICE = "+16135550100", "MG" + "0" * 32
ANN, BOB = "+16135550123", "+16135550124"


def client(stand_ins: Any, sender: str = NUMBER, token: SecretStr = TOKEN) -> TwilioClient:
    return TwilioClient(
        base_url=f"{stand_ins.url}/twilio",
        account_sid=ACCOUNT,
        auth_token=token,
        sender=sender,
        timeout_seconds=5.0,
        retry=RetryPolicy(tries=1),
    )


@pytest.fixture
async def twilio(stand_ins: Any) -> AsyncIterator[TwilioClient]:
    twilio = client(stand_ins)
    yield twilio
    await twilio.aclose()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def control(stand_ins: Any, path: str, **body: object) -> None:
    answer = await stand_ins.control.post(f"/_control/twilio/{path}", json=body)
    answer.raise_for_status()


async def test_a_text_goes_its_way(stand_ins: Any, twilio: TwilioClient) -> None:
    sent = await twilio.send_message(ANN, "Votre PS5 est prête.")
    await control(stand_ins, f"texts/{sent.sid}", status="delivered")
    later = await twilio.get_message(sent.sid)

    assert (sent.status, later.status) == ("queued", "delivered")
    assert later.is_final
    assert later.date_sent
    assert later.body == "Votre PS5 est prête."


async def test_who_has_said_stop_gets_none_until_start(
    stand_ins: Any, twilio: TwilioClient
) -> None:
    await control(stand_ins, "texts", sender=ANN, body="STOP")

    with pytest.raises(OptedOutError):
        await twilio.send_message(ANN, "Hello")
    await twilio.send_message(BOB, "Hello")
    await control(stand_ins, "texts", sender=ANN, body="start")
    await twilio.send_message(ANN, "Hello")


@pytest.mark.parametrize(
    ("to", "kind"),
    [
        ("+15005550001", UnreachableNumberError),
        ("+15005550002", UnreachableNumberError),
        ("+15005550003", UnreachableNumberError),
        ("+15005550004", OptedOutError),
        ("+15005550009", UnreachableNumberError),
    ],
)
async def test_the_vendors_numbers_for_trying_out_are_told_apart(
    twilio: TwilioClient, to: str, kind: type[RejectedError]
) -> None:
    with pytest.raises(RejectedError) as caught:
        await twilio.send_message(to, "Hello")

    assert type(caught.value) is kind
    assert to not in str(caught.value)


async def test_what_was_sent_without_an_answer_is_found(
    stand_ins: Any, twilio: TwilioClient
) -> None:
    since = datetime.now(UTC)
    await stand_ins.fault("twilio", "drop_after_accept")

    with pytest.raises(UnknownOutcomeError):
        await twilio.send_message(ANN, "Ready.")

    assert await twilio.find_sent(ANN, "Ready.", since=since)
    assert await twilio.find_sent(BOB, "Ready.", since=since) is None
    assert await twilio.find_sent(ANN, "Rea", since=since) is None
    assert await twilio.find_sent(ANN, "Ready.", since=since + timedelta(minutes=1)) is None


async def test_all_pages_are_read(stand_ins: Any, twilio: TwilioClient) -> None:
    texts = stand_ins.sandbox.state.store(Texts)
    sids = [texts.receive(ANN, f"No. {n}", NUMBER).sid for n in range(210)]

    assert [text.sid async for text in twilio.list_messages(to=NUMBER)] == sids[::-1]


async def test_a_planned_text_is_canceled_once(stand_ins: Any) -> None:
    twilio = client(stand_ins, sender=SERVICE)
    planned = await twilio.send_message(
        ANN, "Tomorrow.", send_at=datetime.now(UTC) + timedelta(days=1)
    )

    assert planned.status == "scheduled"
    assert (await twilio.cancel_message(planned.sid)).status == "canceled"
    with pytest.raises(RejectedError, match="30409"):
        await twilio.cancel_message(planned.sid)
    await twilio.aclose()


async def test_a_text_is_emptied_when_it_has_arrived(stand_ins: Any, twilio: TwilioClient) -> None:
    sent = await twilio.send_message(ANN, "Your code is 1234.")
    with pytest.raises(RejectedError, match="20009"):
        await twilio.redact_message(sent.sid)
    await control(stand_ins, f"texts/{sent.sid}", status="delivered")

    assert (await twilio.redact_message(sent.sid)).body == ""


async def test_callbacks_are_signed_whatever_their_order(
    stand_ins: Any, twilio: TwilioClient, receiver: Receiver
) -> None:
    sent = await twilio.send_message(ANN, "Ready.", status_callback=f"{receiver.url}/cb?t=NL%2F1")
    await control(stand_ins, f"texts/{sent.sid}", status="sent")
    await control(stand_ins, f"texts/{sent.sid}", status="undelivered", error_code=21610)
    await control(stand_ins, "deliver?times=2&newest_first=true")

    for got in receiver.got:
        verify(got.url, got.body, got.headers["x-twilio-signature"], TOKEN)
    told = [read_status(got.body) for got in receiver.got]
    assert [one.status for one in told] == ["undelivered"] * 2 + ["sent"] * 2
    assert {one.sid for one in told} == {sent.sid}
    assert [one.is_opted_out for one in told] == [True, True, False, False]


async def test_what_arrives_is_signed_as_the_vendors_library_expects(
    stand_ins: Any, receiver: Receiver
) -> None:
    incoming = {"url": f"{receiver.url}/in"}
    (await stand_ins.control.put("/_control/twilio/incoming", json=incoming)).raise_for_status()
    await control(stand_ins, "texts", sender=ANN, body="stop")
    await control(stand_ins, "deliver")

    (got,) = receiver.got
    verify(got.url, got.body, got.headers["x-twilio-signature"], TOKEN)
    validator = RequestValidator(TOKEN.get_secret_value())
    form = got.body.decode().replace("%2B", "+")
    pairs = dict(pair.split("=") for pair in form.split("&"))
    assert validator.validate(got.url, pairs, got.headers["x-twilio-signature"])
    assert (read_incoming(got.body).choice, read_incoming(got.body).sender) == ("stop", ANN)


async def test_wrong_credentials_need_a_person(stand_ins: Any) -> None:
    twilio = client(stand_ins, token=SecretStr("wrong"))

    with pytest.raises(NeedsReauthError, match="20003") as caught:
        await twilio.ping()
    await twilio.aclose()

    assert "HOTROD_TWILIO__AUTH_TOKEN" in caught.value.cure


async def test_ping(twilio: TwilioClient) -> None:
    await twilio.ping()


class _AtStandIn(TwilioHttpClient):  # type: ignore[misc]
    """The vendor's HTTP client, led to the stand-in."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
        return super().request(
            method, url.replace("https://api.twilio.com", f"{self._url}/twilio"), *args, **more
        )


@pytest.fixture
def official(stand_ins: Any) -> Callable[[Callable[[Client], Any]], Any]:
    """Run the vendor's own client in a thread, with nothing but the host changed."""

    def run(act: Callable[[Client], Any]) -> Any:
        http = _AtStandIn(stand_ins.url)
        client = Client(ACCOUNT, TOKEN.get_secret_value(), http_client=http)
        try:
            return act(client)
        finally:
            if http.session is not None:
                http.session.close()

    return run


async def test_the_vendors_client_sends_lists_and_changes(official: Any) -> None:
    def act(client: Client) -> None:
        sids = [client.messages.create(to=ANN, from_=NUMBER, body=f"No. {n}").sid for n in range(5)]
        listed = client.messages.list(to=ANN, page_size=2)
        assert [one.sid for one in listed] == sids[::-1]
        assert client.messages(sids[0] or "").fetch().body == "No. 0"
        assert client.api.v2010.accounts(ACCOUNT).fetch().status == "active"
        assert client.balance.fetch().currency == "USD"
        soon = datetime.now(UTC) + timedelta(days=1)
        planned = client.messages.create(
            to=ANN, messaging_service_sid=SERVICE, body="Hi", send_at=soon, schedule_type="fixed"
        )
        assert planned.update(status="canceled").status == "canceled"
        assert planned.delete()

    await asyncio.to_thread(official, act)


async def test_the_vendors_client_understands_the_refusals(official: Any) -> None:
    def act(client: Client) -> None:
        with pytest.raises(TwilioRestException) as caught:
            client.messages.create(to="+15005550004", from_=NUMBER, body="Hi")
        assert (caught.value.status, caught.value.code) == (400, 21610)

    await asyncio.to_thread(official, act)
