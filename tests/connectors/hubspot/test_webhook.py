from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from hubspot.utils.signature import Signature
from pydantic import SecretStr

from connectors._http.webhook import UnverifiedWebhookError
from connectors.hubspot.webhook import read_events, verify

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
NOW_MS = 1_564_113_600_000
URL = "https://www.example.org/webhook_uri?from=crm"
EVENT = {
    "eventId": 1,
    "subscriptionId": 12345,
    "portalId": 62515,
    "occurredAt": NOW_MS,
    "subscriptionType": "contact.creation",
    "attemptNumber": 0,
    "objectId": 123,
    "changeSource": "CRM",
    "changeFlag": "NEW",
    "appId": 54321,
}
BODY = json.dumps([EVENT], ensure_ascii=False).encode()


def check(**change: object) -> None:
    """Verify a request that HubSpot's own client signed, and that was changed on its way."""
    request = {"method": "POST", "url": URL, "body": BODY, "timestamp": str(NOW_MS)}
    signature = Signature.get_signature(SECRET, BODY.decode(), "v3", URL, "POST", str(NOW_MS))
    arguments = {
        **request,
        "signature": signature,
        "client_secret": SecretStr(SECRET),
        "now": NOW_MS / 1000,
        **change,
    }
    verify(**arguments)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"url": URL + "2"},
        {"url": URL.replace("https", "http")},
        {"timestamp": str(NOW_MS + 1)},
        {"signature": "é"},
    ],
)
def test_what_was_changed_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(UnverifiedWebhookError, match="HOTROD_HUBSPOT__CLIENT_SECRET"):
        check(**change)


def test_without_a_secret_of_ours_nothing_is_believed() -> None:
    source = f"POST{URL}".encode() + BODY + str(NOW_MS).encode()
    forged = base64.b64encode(hmac.digest(b"", source, "sha256")).decode()

    with pytest.raises(UnverifiedWebhookError, match="HOTROD_HUBSPOT__CLIENT_SECRET"):
        check(signature=forged, client_secret=SecretStr(""))


def test_the_characters_that_hubspot_decodes_are_decoded_and_no_others() -> None:
    sent = "https://h.example/a%2Fb?x=%3a%3F%40%21%24%27%28%29%2A%2C%3B&y=%20%26%C3%A9%252F"
    signed = "https://h.example/a/b?x=:?@!$'()*,;&y=%20%26%C3%A9%252F"
    source = f"POST{signed}".encode() + BODY + str(NOW_MS).encode()
    digest = hmac.new(SECRET.encode(), source, hashlib.sha256).digest()

    check(url=sent, signature=base64.b64encode(digest).decode())


def test_events_are_read_with_a_key_that_each_delivery_has() -> None:
    again = json.dumps([{**EVENT, "attemptNumber": 3}]).encode()

    (first,), (second,) = read_events(BODY), read_events(again)

    assert first.object_id == "123"
    assert first.occurred_at.year == 2019
    assert first.key == second.key
    assert (first.attempt_number, second.attempt_number) == (0, 3)


def test_changes_of_associations_have_two_ends() -> None:
    told = {name: value for name, value in EVENT.items() if name != "objectId"}
    ends = {"subscriptionType": "contact.associationChange", "fromObjectId": 1, "toObjectId": 2}

    (found,) = read_events(json.dumps([{**told, **ends}]).encode())

    assert (found.object_id, found.from_object_id, found.to_object_id) == ("", "1", "2")


@pytest.mark.parametrize("body", [b"", b"{}", b"[{}]", b"[1]", b"\xff"])
def test_a_body_without_events_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="no events"):
        read_events(body)
