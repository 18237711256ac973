"""Apprise says whether a message went, and nothing else: every failure is of unknown outcome.

Its own Discord has a fixed host, so the case posts JSON, shaped like Discord's. Apprise looks at
the status alone, and Discord's answer has no body: there is nothing to cut, and another content
type is as good as none. Nothing is read.
"""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors._http.errors import UnknownOutcomeError
from connectors._http.retry import RetryPolicy
from connectors.channels.client import ApprisePoster
from connectors.channels.models import Message
from sandbox.discord.store import Posts
from tests.contract.cases import FAULTS, Case

HOOK = "/discord/api/webhooks/100000000000000001/sandbox-token"
SHAPE = ":message=content&:title=&:version=&:type=&:attachments="


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> ApprisePoster:
    hook = stand_ins.url.removeprefix("http://") + HOOK
    return ApprisePoster(
        urls={"ops": SecretStr(f"json://{hook}?{SHAPE}")},
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def written(stand_ins: Any) -> int:
    return len(list(stand_ins.sandbox.state.store(Posts).all()))


CASES = {
    "channels": Case(
        service="discord",
        make=make,
        write=lambda poster: poster.post("ops", Message("Hello")),
        write_path="/webhooks/",
        written=written,
        write_fails={
            **dict.fromkeys(FAULTS, UnknownOutcomeError),
            "truncated": None,
            "another content type": None,
        },
    )
}
