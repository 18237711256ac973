from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.webhook import UnverifiedWebhookError
from connectors.mail.webhook import echo, verify

STATE = SecretStr("secrét")


def delivery(*states: str | None, **more: object) -> bytes:
    notification = {
        "subscriptionId": "s",
        "subscriptionExpirationDateTime": "2026-12-01T12:00:00.0000000Z",
        "changeType": "created",
        "resource": "Users/u/Messages/m",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Message", "id": "m"},
        "tenantId": "t",
        **more,
    }
    value: list[dict[str, Any]] = [
        {**notification, **({} if state is None else {"clientState": state})} for state in states
    ]
    return json.dumps({"value": value}).encode()


def test_the_token_is_echoed_only_when_there_is_one() -> None:
    assert echo({"validationToken": "Validation: <b> é"}) == "Validation: <b> é"
    assert echo({}) is None


def test_notifications_that_carry_the_secret_are_read() -> None:
    first, second = verify(delivery("secrét", "secrét"), client_state=STATE)

    assert first == second
    assert (first.message_id, first.change_type, first.lifecycle_event) == ("m", "created", "")
    assert "secrét" not in repr(first)


def test_one_about_the_subscription_itself_is_read() -> None:
    body = delivery("secrét", changeType="", resourceData={}, lifecycleEvent="missed")

    (told,) = verify(body, client_state=STATE)

    assert (told.message_id, told.lifecycle_event) == ("", "missed")


@pytest.mark.parametrize(
    "body",
    [
        delivery("secrét", "another"),
        delivery(""),
        b"",
        b"{}",
        b'{"value": [{}]}',
        b"\xff",
    ],
)
def test_others_are_refused(body: bytes) -> None:
    with pytest.raises(UnverifiedWebhookError) as caught:
        verify(body, client_state=STATE)

    assert "secrét" not in str(caught.value)


def test_without_a_secret_of_ours_nothing_is_believed() -> None:
    with pytest.raises(UnverifiedWebhookError, match="no secret of ours"):
        verify(delivery(""), client_state=SecretStr(""))
