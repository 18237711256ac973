"""Whatever Gmail's stand-in is asked, it refuses in Google's words, and never breaks."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import Sandbox
from sandbox.google.tokens import GoogleTokens
from sandbox.mail.gmail_wire import GmailQuota

USER = "/google/gmail/v1/users/me"
UPLOAD = "/google/upload/gmail/v1/users/me/messages/send"
OPERATIONS = (
    *(("GET", f"{USER}/{path}") for path in ("messages", "threads", "labels", "history")),
    *(("GET", f"{USER}/{path}/1") for path in ("messages", "threads", "labels")),
    *(("POST", f"{USER}/{path}") for path in ("messages/send", "labels", "watch", "stop")),
    *(("POST", f"{USER}/messages/{path}") for path in ("batchModify", "1/modify", "1/trash")),
    ("POST", UPLOAD),
)
NAMES = ("q", "pageToken", "maxResults", "labelIds", "format", "startHistoryId", "historyTypes")
FIELDS = ("raw", "threadId", "ids", "addLabelIds", "removeLabelIds", "name", "topicName")
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["after:1e9", "after:99999999999", "newer_than:9999y", "before:0/0/0", '-"', "INBOX", "1", "-1"]
)
VALUES = st.none() | st.integers() | TEXTS | st.lists(TEXTS | st.none(), max_size=3)
BODIES = st.binary(max_size=60) | st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3)


async def test_it_never_breaks(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    token = sandbox.state.store(GoogleTokens).issue()
    sandbox.state.store(GmailQuota).units_per_minute = 1_000_000
    headers = {"Authorization": f"Bearer {token}"}
    loop = asyncio.get_running_loop()

    async def ask(method: str, url: str, query: dict[str, str], body: Any, kind: str) -> None:
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = await client.request(
            method, url, params=query, headers={**headers, "Content-Type": kind}, **sent
        )
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert answer.json()["error"]["code"] == answer.status_code

    @settings(max_examples=150, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(OPERATIONS),
        st.dictionaries(st.sampled_from(NAMES), TEXTS, max_size=3),
        BODIES,
        st.sampled_from(
            ["application/json", "message/rfc822", "multipart/related", "multipart/x; boundary=b"]
        ),
    )
    def drive(operation: tuple[str, str], query: dict[str, str], body: Any, kind: str) -> None:
        asyncio.run_coroutine_threadsafe(ask(*operation, query, body, kind), loop).result()

    await asyncio.to_thread(drive)
