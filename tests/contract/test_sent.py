"""What stand-ins send by themselves, against what the vendors say of it.

Graph's notifications are in its CSDL, Drive's headers in a file of facts, and a text's status and
ids in Twilio's OpenAPI; the names of the callback's fields are from Twilio's page "Track the
Message Status of Outbound Messages". No contract and no official model tells of HubSpot's events,
Slack's presses and Twilio's arriving texts: HubSpot's client has none of its ``webhooks`` for
what is delivered, and Slack's schemas are those of the Events API.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias
from urllib.parse import parse_qsl
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
import yaml

from sandbox.credentials import CREDENTIALS
from sandbox.google.channels import Channel
from sandbox.google.files import DriveStore
from sandbox.mail.graph_subscriptions import Subscription, Subscriptions
from sandbox.mail.store import MailStore
from tests.contract.contracts import SPECS, are_here
from tests.receiver import Receiver, receiving

CSDL = SPECS / "msgraph" / "v1.0.mail-subset.csdl.xml"
PUSH = SPECS / "google" / "push-notification-facts.yaml"
TEXTS = SPECS / "twilio" / "twilio_api_v2010.messages-subset.json"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
READERS: dict[str, Callable[[str], object]] = {
    "Edm.String": str,
    "Edm.Guid": UUID,
    "Edm.DateTimeOffset": datetime.fromisoformat,
}
Types: TypeAlias = "ET.ElementTree[ET.Element]"
HUB = "repairs@shop.example.com"
CALLBACK = {
    *("AccountSid", "ApiVersion", "MessageSid", "MessageStatus", "SmsSid", "SmsStatus", "To"),
    *("From", "MessagingServiceSid", "ErrorCode"),
}

pytestmark = pytest.mark.skipif(
    not are_here(CSDL, PUSH, TEXTS), reason="no vendors' contracts beside the clone"
)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def wrong_properties(kind: str, told: dict[str, Any], types: Types) -> list[str]:
    """Say where an object isn't what the CSDL has by that name."""
    (described,) = types.iterfind(f".//{EDM}ComplexType[@Name='{kind}']")
    if described.get("OpenType") == "true":
        return []
    properties = {one.attrib["Name"]: one.attrib for one in described}
    wrong = [f"{kind} has no {name}" for name in told if name not in properties]
    wrong += [
        f"{kind} lacks {name}"
        for name, one in properties.items()
        if one.get("Nullable") == "false" and told.get(name) is None
    ]
    for name, value in told.items():
        wrong += wrong_value(name, value, properties.get(name, {}).get("Type", ""), types)
    return wrong


def wrong_value(name: str, value: Any, kind: str, types: Types) -> list[str]:
    if kind.startswith("Collection("):
        inner = kind.removeprefix("Collection(").removesuffix(")")
        return [one for part in value for one in wrong_value(name, part, inner, types)]
    if kind in READERS:
        try:
            READERS[kind](value)
        except (TypeError, ValueError):
            return [f"{name} is no {kind}"]
        return []
    named = kind.removeprefix("graph.")
    members = {one.attrib["Name"] for one in types.iterfind(f".//{EDM}EnumType[@Name='{named}']/*")}
    if members:
        return [] if value in members else [f"{name} is no {kind}"]
    return wrong_properties(named, value, types) if kind else []


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"surprise": 1}, "changeNotification has no surprise"),
        ({"tenantId": None}, "changeNotification lacks tenantId"),
        ({"subscriptionId": "5"}, "subscriptionId is no Edm.Guid"),
        ({"changeType": "added"}, "changeType is no graph.changeType"),
    ],
)
async def test_graph_notifies_as_its_types_say(
    stand_ins: Any, receiver: Receiver, change: dict[str, object], wrong: str
) -> None:
    stand_ins.sandbox.state.store(Subscriptions).keep(
        Subscription(
            id="7c5b36e1-9d6b-4f43-a9e4-6a0d9c8f1b2e",
            mailbox=HUB,
            folder=None,
            kinds=("created", "updated", "deleted"),
            resource=f"/users/{HUB}/messages",
            url=receiver.url,
            state="the-secret",
            expires_at=datetime.now(UTC) + timedelta(hours=1),
            told=stand_ins.sandbox.state.store(MailStore).changes.last,
        )
    )
    await stand_ins.control.post("/_control/mail", json={"mailbox": HUB})
    await stand_ins.control.post("/_control/mail/deliver", json={})
    types = ET.parse(CSDL)  # noqa: S314 - our file

    (got,) = receiver.got
    told = json.loads(got.body)

    assert wrong_properties("changeNotificationCollection", told, types) == []
    told["value"][0] |= change
    assert wrong in wrong_properties("changeNotificationCollection", told, types)


@pytest.mark.parametrize("token", ["the-token", ""])
async def test_drive_tells_by_the_headers_that_the_facts_name(
    stand_ins: Any, receiver: Receiver, token: str
) -> None:
    facts = yaml.safe_load(PUSH.read_text())["drive"]["headers"]
    store = stand_ins.sandbox.state.store(DriveStore)
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    store.channels.add(
        Channel(
            id="c1",
            resource_id="r1",
            resource_uri="https://www.googleapis.com/drive/v3/changes",
            address=receiver.url,
            token=token,
            expires_at=expires_at,
        )
    )
    store.channels.changed("f1", "update")
    await stand_ins.control.post("/_control/google/deliver")

    told = [
        {name: value for name, value in got.headers.items() if name.startswith("x-goog-")}
        for got in receiver.got
    ]
    states = {one.strip() for one in facts["X-Goog-Resource-State"].split("|")}
    usual = {name.lower() for name in facts} - {"x-goog-changed", "x-goog-channel-token"}

    assert [got.body for got in receiver.got] == [b"", b""]
    assert all(one.keys() - {"x-goog-channel-token"} == usual for one in told)
    assert [one.get("x-goog-channel-token", "") for one in told] == [token, token]
    assert [one["x-goog-resource-state"] for one in told] == ["sync", "change"]
    assert {one["x-goog-resource-state"] for one in told} <= states
    assert [one["x-goog-message-number"] for one in told] == ["1", "2"]
    assert {parsedate_to_datetime(one["x-goog-channel-expiration"]) for one in told} == {expires_at}


async def test_twilio_calls_back_with_the_ids_and_states_of_its_contract(
    stand_ins: Any, receiver: Receiver
) -> None:
    schemas = json.loads(TEXTS.read_text())["components"]["schemas"]
    message = schemas["api.v2010.account.message"]["properties"]
    states = schemas["message_enum_status"]["enum"]
    form = {
        "From": CREDENTIALS.twilio_number,
        "To": "+16135550123",
        "Body": "Hi",
        "StatusCallback": receiver.url,
    }
    account, key = CREDENTIALS.twilio_account, CREDENTIALS.twilio_auth_token
    path = f"/twilio/2010-04-01/Accounts/{account}/Messages.json"
    sid = (await stand_ins.control.post(path, data=form, auth=(account, key))).json()["sid"]
    for change in ({"status": "sent"}, {"status": "undelivered", "error_code": 30003}):
        moved = await stand_ins.control.post(f"/_control/twilio/texts/{sid}", json=change)
        moved.raise_for_status()
    await stand_ins.control.post("/_control/twilio/deliver")

    told = [dict(parse_qsl(got.body.decode(), strict_parsing=True)) for got in receiver.got]

    assert [one["MessageStatus"] for one in told] == ["sent", "undelivered"]
    assert all(one.keys() <= CALLBACK for one in told)
    assert all(one["MessageStatus"] == one["SmsStatus"] in states for one in told)
    assert all(re.fullmatch(message["sid"]["pattern"], one["MessageSid"]) for one in told)
    assert all(re.fullmatch(message["account_sid"]["pattern"], one["AccountSid"]) for one in told)
    assert all(int(one.get("ErrorCode", 0)) in (0, 30003) for one in told)
