from __future__ import annotations

import hmac
import json
import time
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr
from slack_sdk.signature import SignatureVerifier

from connectors._http.webhook import UnverifiedWebhookError
from connectors.slack.webhook import read_interaction, verify

SECRET = SecretStr("8f742231b10e8888abcd99yyyzzz85a5")
NOW = 1795280400
PAYLOAD = {
    "type": "block_actions",
    "user": {"id": "U1", "username": "sam", "team_id": "T1"},
    "container": {"type": "message", "message_ts": "1.2", "channel_id": "C1"},
    "actions": [{"type": "button", "action_id": "approve", "value": "NL-1", "action_ts": "3.4"}],
    "response_url": "https://hooks.slack.com/actions/T1/secret",
}
BODY = urlencode({"payload": json.dumps(PAYLOAD)}).encode()


def v0(timestamp: str = str(NOW)) -> str:
    """What the vendor's own library computes."""
    verifier = SignatureVerifier(SECRET.get_secret_value())
    return str(verifier.generate_signature(timestamp=timestamp, body=BODY))


def test_without_a_moment_it_goes_by_the_clock() -> None:
    now = int(time.time())

    verify(BODY, str(now), v0(str(now)), SECRET)
    with pytest.raises(UnverifiedWebhookError, match="five minutes"):
        verify(BODY, str(now - 400), v0(str(now - 400)), SECRET)


@pytest.mark.parametrize(
    ("timestamp", "signature"),
    [
        (str(NOW), "v0="),
        (str(NOW), "é"),
        (str(NOW), v0().removeprefix("v0=")),
        (str(NOW + 1), v0()),
    ],
)
def test_another_signature_is_refused(timestamp: str, signature: str) -> None:
    with pytest.raises(UnverifiedWebhookError):
        verify(BODY, timestamp, signature, SECRET, now=NOW)


def test_without_a_secret_of_ours_nothing_is_believed() -> None:
    forged = hmac.digest(b"", f"v0:{NOW}:".encode() + BODY, "sha256").hex()

    with pytest.raises(UnverifiedWebhookError, match="HOTROD_SLACK__SIGNING_SECRET"):
        verify(BODY, str(NOW), f"v0={forged}", SecretStr(""), now=NOW)


def test_a_press_is_read_and_hides_its_url() -> None:
    press = read_interaction(BODY)

    assert (press.user.id, press.container.channel_id) == ("U1", "C1")
    assert (press.actions[0].action_id, press.actions[0].value) == ("approve", "NL-1")
    assert "secret" not in repr(press)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"payload=",
        b"\xff",
        b"payload=1&payload=2",
        urlencode({"payload": json.dumps({**PAYLOAD, "type": "view_submission"})}).encode(),
        urlencode({"payload": json.dumps({**PAYLOAD, "actions": []})}).encode(),
    ],
)
def test_what_is_no_press_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_interaction(body)
