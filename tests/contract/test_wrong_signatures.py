"""Every connector against deliveries that only claim to be its service's.

It is the column "wrong signature" of the fault matrix. Signatures are made by the vendors' own
libraries, or by the documented formula where they have none.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

import pytest
import stripe
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hubspot.utils.signature import Signature
from pydantic import SecretStr
from slack_sdk.signature import SignatureVerifier
from twilio.request_validator import RequestValidator

from connectors._http.webhook import UnverifiedWebhookError
from connectors.ebay import webhook as ebay
from connectors.ebay.models import PublicKey
from connectors.gdrive import webhook as gdrive
from connectors.hubspot import webhook as hubspot
from connectors.mail import webhook as mail
from connectors.registry import CONNECTORS
from connectors.slack import webhook as slack
from connectors.stripe import webhook as stripe_webhook
from connectors.twilio import webhook as twilio

NOW = 1_795_280_400
TOO_OLD = NOW - 301
OURS, ANOTHERS = "sandbox-secret", "sandbox-key"
SECRET = SecretStr(OURS)
URL = "https://shop.example/hooks?ticket=NL-1"
FORM = b"From=ann%40example.org&Body=Yes"
JSON = b'[{"email": "ann@example.org"}]'
KEYS = {name: ec.generate_private_key(ec.SECP256R1()) for name in (OURS, ANOTHERS)}

UNDATED = "nothing that is proved holds a time; its module says how a repetition is told"


@dataclass(frozen=True)
class Delivery:
    """A request: its headers and its body."""

    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """How a service delivers, and how its connector checks that.

    Args:
        deliver: makes a request by the secret and the moment that it is signed with; without a
            secret it isn't signed.
        verify: the connector's check, at ``NOW`` and by our secret.
        untold: what the vendor's way of signing can't tell, by column, with the reason.
    """

    deliver: Callable[[str | None, int], Delivery]
    verify: Callable[[Delivery], object]
    untold: Mapping[str, str] = field(default_factory=dict)


def _hubspot(secret: str | None, moment: int) -> Delivery:
    stamp = str(moment * 1000)
    headers = {hubspot.TIMESTAMP_HEADER: stamp}
    if secret:
        signature = Signature.get_signature(secret, JSON.decode(), "v3", URL, "POST", stamp)
        headers[hubspot.SIGNATURE_HEADER] = signature
    return Delivery(headers, JSON)


def _check_hubspot(given: Delivery) -> None:
    hubspot.verify(
        method="POST",
        url=URL,
        body=given.body,
        signature=given.headers.get(hubspot.SIGNATURE_HEADER, ""),
        timestamp=given.headers[hubspot.TIMESTAMP_HEADER],
        client_secret=SECRET,
        now=NOW,
    )


def _slack(secret: str | None, moment: int) -> Delivery:
    headers = {slack.TIMESTAMP_HEADER: str(moment)}
    if secret:
        verifier = SignatureVerifier(secret)
        signature = str(verifier.generate_signature(timestamp=str(moment), body=FORM))
        headers[slack.SIGNATURE_HEADER] = signature
    return Delivery(headers, FORM)


def _check_slack(given: Delivery) -> None:
    signature = given.headers.get(slack.SIGNATURE_HEADER, "")
    slack.verify(given.body, given.headers[slack.TIMESTAMP_HEADER], signature, SECRET, now=NOW)


def _stripe(secret: str | None, moment: int) -> Delivery:
    signed = f"{moment}.{JSON.decode()}"
    proof = f",v1={stripe.WebhookSignature._compute_signature(signed, secret)}" if secret else ""
    return Delivery({stripe_webhook.SIGNATURE_HEADER: f"t={moment}{proof}"}, JSON)


def _check_stripe(given: Delivery) -> None:
    signature = given.headers[stripe_webhook.SIGNATURE_HEADER]
    stripe_webhook.verify(given.body, signature, SECRET, now=NOW)


def _twilio(secret: str | None, _moment: int) -> Delivery:
    if secret is None:
        return Delivery({}, FORM)
    signature = RequestValidator(secret).compute_signature(URL, dict(parse_qsl(FORM.decode())))
    return Delivery({twilio.SIGNATURE_HEADER: str(signature)}, FORM)


def _check_twilio(given: Delivery) -> None:
    twilio.verify(URL, given.body, given.headers.get(twilio.SIGNATURE_HEADER, ""), SECRET)


def _ebay(secret: str | None, _moment: int) -> Delivery:
    if secret is None:
        return Delivery({}, JSON)
    raw = KEYS[secret].sign(JSON, ec.ECDSA(hashes.SHA256()))
    told = {"alg": "ECDSA", "kid": "k1", "signature": base64.b64encode(raw).decode()}
    return Delivery({ebay.HEADER: base64.b64encode(json.dumps(told).encode()).decode()}, JSON)


def _check_ebay(given: Delivery) -> None:
    pem = (
        KEYS[OURS]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    signature = ebay.read_signature(given.headers.get(ebay.HEADER))
    ebay.verify(given.body, signature, PublicKey(key=pem.decode(), digest="SHA256"))


def _gdrive(secret: str | None, _moment: int) -> Delivery:
    token = {"X-Goog-Channel-Token": secret} if secret else {}
    told = {"X-Goog-Resource-State": "change", "X-Goog-Message-Number": "12"}
    return Delivery({"X-Goog-Channel-ID": "c1", **told, **token})


def _graph(secret: str | None, _moment: int) -> Delivery:
    notification = {
        "subscriptionId": "s",
        "subscriptionExpirationDateTime": "2026-12-01T12:00:00Z",
        "changeType": "created",
        "resource": "Users/ann@example.org/Messages/m",
        **({"clientState": secret} if secret else {}),
    }
    return Delivery({}, json.dumps({"value": [notification]}).encode())


WEBHOOKS = {
    "hubspot": Webhook(deliver=_hubspot, verify=_check_hubspot),
    "slack": Webhook(deliver=_slack, verify=_check_slack),
    "stripe": Webhook(deliver=_stripe, verify=_check_stripe),
    "twilio": Webhook(deliver=_twilio, verify=_check_twilio, untold={"too old": UNDATED}),
    "ebay": Webhook(deliver=_ebay, verify=_check_ebay, untold={"too old": UNDATED}),
    "gdrive": Webhook(
        deliver=_gdrive,
        verify=lambda given: gdrive.verify(given.headers, {"c1": SECRET}),
        untold={"altered body": "a push message has none", "too old": UNDATED},
    ),
    "mail": Webhook(
        deliver=_graph,
        verify=lambda given: mail.verify(given.body, client_state=SECRET),
        untold={
            "altered body": "Graph shows a secret and signs nothing; what changed is asked for",
            "too old": UNDATED,
        },
    ),
}
EXEMPT = {
    "gsheets": "Google tells changes of a spreadsheet by Drive's channels: gdrive",
    "claude": "batches are asked for until they have ended",
    "unleashed": "what changed is listed by the time of its change",
    "anymailfinder": "each search is answered at once",
    "n8n": "its workflows call our API, as any client of it",
    "supabase": "its tables are read and written, and tell nothing",
    "objects": "buckets are read and written, and tell nothing",
    "postgres": "it is asked by a connection of ours",
    "channels": "they are only posted to",
}
COLUMNS: dict[str, Callable[[Webhook], Delivery]] = {
    "wrong signature": lambda webhook: webhook.deliver(ANOTHERS, NOW),
    "missing signature": lambda webhook: webhook.deliver(None, NOW),
    "altered body": lambda webhook: _altered(webhook.deliver(OURS, NOW)),
    "too old": lambda webhook: webhook.deliver(OURS, TOO_OLD),
}


def _altered(given: Delivery) -> Delivery:
    return replace(given, body=given.body.replace(b"ann", b"bob"))


def test_every_connector_is_asked_or_says_why_not() -> None:
    assert sorted([*WEBHOOKS, *EXEMPT]) == sorted(one.name for one in CONNECTORS)


def test_every_connector_with_a_webhook_module_is_asked() -> None:
    folders = {one.name: one.quality_file.parent for one in CONNECTORS}

    assert {name for name, folder in folders.items() if (folder / "webhook.py").exists()} == {
        *WEBHOOKS
    }


@pytest.mark.parametrize("case", WEBHOOKS)
def test_what_the_service_signed_is_believed(case: str) -> None:
    WEBHOOKS[case].verify(WEBHOOKS[case].deliver(OURS, NOW))


@pytest.mark.parametrize(
    ("case", "column"),
    [
        (name, column)
        for name, one in WEBHOOKS.items()
        for column in COLUMNS
        if column not in one.untold
    ],
)
def test_what_it_did_not_is_refused_with_what_to_do_and_no_secret(case: str, column: str) -> None:
    given = COLUMNS[column](WEBHOOKS[case])

    with pytest.raises(UnverifiedWebhookError) as caught:
        WEBHOOKS[case].verify(given)

    assert caught.value.service == case
    assert len(caught.value.cure) > 20
    told = f"{caught.value!r} {caught.value}"
    assert all(word not in told for word in (OURS, ANOTHERS, "example.org"))


@pytest.mark.parametrize(
    ("case", "column"), [(name, column) for name, one in WEBHOOKS.items() for column in one.untold]
)
def test_what_a_vendors_way_of_signing_can_not_tell_is_believed(case: str, column: str) -> None:
    WEBHOOKS[case].verify(COLUMNS[column](WEBHOOKS[case]))
