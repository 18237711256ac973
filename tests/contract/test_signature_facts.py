"""The file of how senders sign: each is ours, read by the headers it names, or not needed."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hubspot.utils.signature import Signature

from tests.contract.contracts import SPECS, are_here
from tests.contract.test_wrong_signatures import NOW, OURS, WEBHOOKS

FACTS = SPECS / "webhook-signatures.yaml"
OF_CONNECTORS = {
    "hubspot_v3": "hubspot",
    "slack": "slack",
    "twilio": "twilio",
    "ebay": "ebay",
    "microsoft_graph": "mail",
    "stripe": "stripe",
    "google_drive": "gdrive",
}
NOT_NEEDED = {
    "hubspot_v1": "HubSpot signs with v3, too, which holds the time",
    "hubspot_v2": "HubSpot signs with v3, too, which holds the time",
    "sendgrid": "messages are only posted through it",
    "mailgun": "messages are only posted through it",
    "discord": "messages are only posted to it",
    "elevenlabs": "voice comes with a later issue",
    "unleashed": "what changed is listed by the time of its change",
}
VECTORS = {"hubspot_v1": "v1", "hubspot_v2": "v2"}

pytestmark = pytest.mark.skipif(not are_here(FACTS), reason="no vendors' contracts beside it")


def facts() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(FACTS.read_text())
    return read


def headers_of(fact: dict[str, Any]) -> set[str]:
    named = fact.get("headers", [fact["header"]] if "header" in fact else [])
    return {name.partition(",")[0].lower() for name in named}


def test_every_sender_is_ours_or_said_not_to_be_needed() -> None:
    assert sorted([*OF_CONNECTORS, *NOT_NEEDED]) == sorted(facts())
    assert sorted(OF_CONNECTORS.values()) == sorted(WEBHOOKS)


@pytest.mark.parametrize(("sender", "connector"), OF_CONNECTORS.items())
def test_what_is_read_as_proof_is_in_the_headers_that_are_named(
    sender: str, connector: str
) -> None:
    given = WEBHOOKS[connector].deliver(OURS, NOW).headers
    fact = facts()[sender]

    if "see" in fact:
        told = yaml.safe_load((SPECS / fact["see"]).read_text())["drive"]["headers"]
        assert {name.lower() for name in given} <= {name.lower() for name in told}
    else:
        assert {name.lower() for name in given} == headers_of(fact)


@pytest.mark.parametrize(("sender", "version"), VECTORS.items())
def test_who_signs_for_hubspot_in_our_tests_signs_as_hubspots_vectors(
    sender: str, version: str
) -> None:
    vector = facts()[sender]["vector"]

    made = Signature.get_signature(
        vector["secret"],
        vector.get("body", ""),
        version,
        vector.get("uri"),
        vector.get("method"),
    )

    assert made == vector["expected"]


def test_every_vector_is_checked() -> None:
    assert {name for name, fact in facts().items() if "vector" in fact} == {*VECTORS}
