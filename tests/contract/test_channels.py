"""What further channels promise, against the stand-ins of four of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from python_http_client.exceptions import UnauthorizedError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail

from connectors._http.errors import (
    NeedsReauthError,
    ServiceNotFoundError,
    UnknownOutcomeError,
)
from connectors.channels.client import ApprisePoster
from connectors.channels.models import Message
from sandbox.credentials import CREDENTIALS
from sandbox.discord.store import Posts
from sandbox.mailgun.store import Mails
from sandbox.sendgrid.store import Sent
from sandbox.state import SandboxState
from sandbox.webpush.store import Pushes
from tests.contract.channel_lines import LINES, poster_of, web_push_line

JSON = (
    "json://{host}/discord/api/webhooks/100000000000000001/sandbox-token"
    "?:message=content&:title=&:version=&:type=&:attachments="
)
ARRIVED: dict[str, Callable[[SandboxState], list[str]]] = {
    "discord": lambda state: [one.content for one in state.store(Posts).all()],
    "shaped": lambda state: [one.content for one in state.store(Posts).all()],
    "mailgun": lambda state: [one.text or one.html for one in state.store(Mails).all()],
    "sendgrid": lambda state: [one.content for one in state.store(Sent).all()],
    "webpush": lambda state: [one.text or "" for one in state.store(Pushes).all()],
}
WRONG = {
    "discord": "discord://100000000000000001/hunter2",
    "mailgun": LINES["mailgun"].replace("sandbox-key", "hunter2"),
    "sendgrid": LINES["sendgrid"].replace("sandbox-key", "hunter2"),
}


@pytest.fixture
async def poster(stand_ins: Any) -> AsyncIterator[ApprisePoster]:
    """Each channel that is played; ``shaped`` is plain JSON, in the shape of Discord's."""
    shaped = JSON.format(host=stand_ins.url.removeprefix("http://"))
    wrong = {f"wrong {name}": line for name, line in WRONG.items()}
    poster = poster_of(stand_ins, {"shaped": shaped, **wrong})
    yield poster
    await poster.aclose()


@pytest.mark.parametrize("channel", ARRIVED)
async def test_a_message_arrives(stand_ins: Any, poster: ApprisePoster, channel: str) -> None:
    await poster.post(channel, Message("Le dépôt est payé.", title="NL-1042"))

    (arrived,) = ARRIVED[channel](stand_ins.sandbox.state)
    assert "Le dépôt est payé." in arrived


async def test_a_mail_has_its_title_for_a_subject(stand_ins: Any, poster: ApprisePoster) -> None:
    for channel in ("mailgun", "sendgrid"):
        await poster.post(channel, Message("The deposit is paid.", title="NL-1042"))

    state = stand_ins.sandbox.state
    mails = [*state.store(Mails).all(), *state.store(Sent).all()]
    assert [(mail.subject, *mail.to) for mail in mails] == [("NL-1042", "ann@example.org")] * 2


@pytest.mark.parametrize("channel", ["discord", "webpush"])
async def test_a_long_message_comes_in_parts(
    stand_ins: Any, poster: ApprisePoster, channel: str
) -> None:
    await poster.post(channel, Message("ü€🔧 " * 600))

    parts = ARRIVED[channel](stand_ins.sandbox.state)
    assert len(parts) > 1
    assert "".join(parts).count("🔧") == 600


@pytest.mark.parametrize("channel", WRONG)
async def test_wrong_credentials_are_refused_and_not_told(
    stand_ins: Any, poster: ApprisePoster, channel: str
) -> None:
    is_read = channel == "discord"
    with pytest.raises(NeedsReauthError if is_read else UnknownOutcomeError) as caught:
        await poster.post(f"wrong {channel}", Message("Hello"))

    assert ARRIVED[channel](stand_ins.sandbox.state) == []
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("standing", ["expired", "unsubscribed"])
async def test_a_browser_that_has_gone_is_not_told(
    stand_ins: Any, poster: ApprisePoster, standing: Any
) -> None:
    pushes = stand_ins.sandbox.state.store(Pushes)
    pushes.subscriptions()[-1].standing = standing

    with pytest.raises(ServiceNotFoundError, match="delete its line"):
        await poster.post("webpush", Message("Hello"))

    assert pushes.all() == []


async def test_a_browser_is_told_only_by_who_it_has_subscribed_to(stand_ins: Any) -> None:
    pushes = stand_ins.sandbox.state.store(Pushes)
    stranger = pushes.subscribe(server_key="BNo_another")
    poster = poster_of(stand_ins, {"stranger": web_push_line(stranger)})

    with pytest.raises(NeedsReauthError):
        await poster.post("stranger", Message("Hello"))
    await poster.aclose()

    assert pushes.all() == []


@pytest.mark.parametrize("channel", [*LINES, "webpush"])
async def test_what_was_taken_before_the_answer_was_lost_is_not_sent_again(
    stand_ins: Any, poster: ApprisePoster, channel: str
) -> None:
    await stand_ins.fault(channel, "drop_after_accept")

    with pytest.raises(UnknownOutcomeError):
        await poster.post(channel, Message("Hello"))

    assert len(ARRIVED[channel](stand_ins.sandbox.state)) == 1


async def test_each_channel_has_a_result_of_its_own(stand_ins: Any, poster: ApprisePoster) -> None:
    outcomes = await poster.post_everywhere(Message("Hello"))

    done = {one.item: one.is_done for one in outcomes}
    assert done == {name: not name.startswith("wrong") for name in poster.channels}


@pytest.mark.parametrize("channel", ["discord", "webpush"])
async def test_who_gives_up_on_a_wait_has_posted_nothing_and_never_will(
    stand_ins: Any, channel: str
) -> None:
    poster = poster_of(stand_ins)
    await stand_ins.fault(channel, "rate_limit", retry_after=2)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await poster.post(channel, Message("Hello"))
    await poster.aclose()
    await ended(channel)

    assert ARRIVED[channel](stand_ins.sandbox.state) == []


@pytest.mark.parametrize("channel", ["discord", "webpush"])
async def test_who_gives_up_has_no_further_part_posted(
    stand_ins: Any, poster: ApprisePoster, channel: str
) -> None:
    await stand_ins.fault(channel, "slow", seconds=1)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await poster.post(channel, Message("long " * 1000))
    await poster.post(channel, Message("next"))

    assert "".join(ARRIVED[channel](stand_ins.sandbox.state)).count("long") < 1000
    assert ARRIVED[channel](stand_ins.sandbox.state)[1:] == ["next"]


async def ended(channel: str) -> None:
    """Wait until what a closed channel was about is over, whoever has given up on it."""
    for thread in threading.enumerate():
        if thread.name.startswith(f"channels.{channel}"):
            await asyncio.to_thread(thread.join)


def send_by_sendgrids_client(url: str, key: str) -> Any:
    mail = Mail("shop@example.org", "ann@example.org", "NL-1042", plain_text_content="Payé.")
    return SendGridAPIClient(key, host=f"{url}/sendgrid").send(mail)


async def test_sendgrids_own_client_sends_and_reads_refusals(stand_ins: Any) -> None:
    key = CREDENTIALS.sendgrid_api_key

    taken = await asyncio.to_thread(send_by_sendgrids_client, stand_ins.url, key)
    with pytest.raises(UnauthorizedError) as caught:
        await asyncio.to_thread(send_by_sendgrids_client, stand_ins.url, "hunter2")

    (sent,) = stand_ins.sandbox.state.store(Sent).all()
    assert (taken.status_code, taken.body) == (202, b"")
    assert (sent.subject, sent.content, [*sent.to]) == ("NL-1042", "Payé.", ["ann@example.org"])
    assert caught.value.to_dict["errors"][0]["message"]
