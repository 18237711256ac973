from __future__ import annotations

import pytest
from pydantic import SecretStr

from connectors._http.webhook import UnverifiedWebhookError
from connectors.gdrive.webhook import PushMessage, verify

HEADERS = {
    "X-Goog-Channel-ID": "c1",
    "X-Goog-Channel-Token": "tökén",
    "X-Goog-Channel-Expiration": "Fri, 01 Jan 2027 00:00:00 GMT",
    "X-Goog-Resource-ID": "r1",
    "X-Goog-Resource-URI": "https://www.googleapis.com/drive/v3/changes",
    "X-Goog-Resource-State": "change",
    "X-Goog-Message-Number": "12",
}
CHANNELS = {"c1": SecretStr("tökén"), "c2": SecretStr("other")}


def test_a_message_of_a_channel_of_ours_is_read() -> None:
    assert verify(HEADERS, CHANNELS) == PushMessage("c1", 12, "change")


def test_the_first_message_only_says_that_the_channel_is_open() -> None:
    first = {**HEADERS, "X-Goog-Resource-State": "sync", "X-Goog-Message-Number": "1"}

    assert verify(first, CHANNELS).is_sync
    assert not verify(HEADERS, CHANNELS).is_sync


def test_names_of_headers_are_in_any_case() -> None:
    assert verify({name.lower(): value for name, value in HEADERS.items()}, CHANNELS).number == 12


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Goog-Channel-ID", "c2"),
        ("X-Goog-Channel-ID", "c3"),
        ("X-Goog-Channel-Token", ""),
        ("X-Goog-Channel-ID", None),
        ("X-Goog-Resource-State", None),
        ("X-Goog-Message-Number", None),
        ("X-Goog-Message-Number", "²"),
        ("X-Goog-Message-Number", "-1"),
    ],
)
def test_anything_else_is_refused(name: str, value: str | None) -> None:
    headers = {**HEADERS, name: value}
    wrong = {name: text for name, text in headers.items() if text is not None}

    with pytest.raises(UnverifiedWebhookError) as caught:
        verify(wrong, CHANNELS)

    assert "tökén" not in str(caught.value)


def test_a_channel_without_a_token_proves_nothing() -> None:
    with pytest.raises(UnverifiedWebhookError, match="no secret of ours"):
        verify({**HEADERS, "X-Goog-Channel-Token": ""}, {"c1": SecretStr("")})
