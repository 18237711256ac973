"""What further channels promise, against Discord's stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from apprise.plugins.discord import NotifyDiscord
from pydantic import SecretStr

from connectors._http.errors import UnknownOutcomeError
from connectors.channels.client import ApprisePoster
from connectors.channels.models import Message
from sandbox.discord.store import Post, Posts

HOOK = "100000000000000001/sandbox-token"


def posts(stand_ins: Any) -> list[Post]:
    return list(stand_ins.sandbox.state.store(Posts).all())


@pytest.fixture
async def poster(stand_ins: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ApprisePoster]:
    """Apprise's Discord, with nothing but the host changed; and its JSON, shaped like Discord's."""
    monkeypatch.setattr(NotifyDiscord, "notify_url", f"{stand_ins.url}/discord/api/webhooks")
    hook = f"{stand_ins.url.removeprefix('http://')}/discord/api/webhooks/{HOOK}"
    shape = ":message=content&:title=&:version=&:type=&:attachments="
    poster = ApprisePoster(
        urls={
            "ops": SecretStr(f"discord://{HOOK}"),
            "shaped": SecretStr(f"json://{hook}?{shape}"),
            "wrong": SecretStr("discord://100000000000000001/hunter2"),
        },
        timeout_seconds=5.0,
    )
    yield poster
    await poster.aclose()


@pytest.mark.parametrize("channel", ["ops", "shaped"])
async def test_a_message_arrives(stand_ins: Any, poster: ApprisePoster, channel: str) -> None:
    await poster.post(channel, Message("Le dépôt est payé.", title="NL-1042"))

    (post,) = posts(stand_ins)
    assert "Le dépôt est payé." in post.content


async def test_a_long_message_comes_in_parts(stand_ins: Any, poster: ApprisePoster) -> None:
    await poster.post("ops", Message("word " * 600))

    assert "".join(post.content for post in posts(stand_ins)).count("word") == 600


async def test_a_wrong_token_and_a_lost_answer_are_both_unknown(
    stand_ins: Any, poster: ApprisePoster
) -> None:
    with pytest.raises(UnknownOutcomeError) as caught:
        await poster.post("wrong", Message("Hello"))
    assert posts(stand_ins) == []
    await stand_ins.fault("discord", "drop_after_accept")
    with pytest.raises(UnknownOutcomeError):
        await poster.post("ops", Message("Hello"))

    assert len(posts(stand_ins)) == 1
    assert "hunter2" not in str(caught.value)


async def test_each_channel_has_a_result_of_its_own(stand_ins: Any, poster: ApprisePoster) -> None:
    outcomes = await poster.post_everywhere(Message("Hello"))

    assert [(one.item, one.is_done) for one in outcomes] == [
        ("ops", True),
        ("shaped", True),
        ("wrong", False),
    ]
