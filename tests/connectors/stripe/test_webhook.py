from __future__ import annotations

import json
import time

import pytest
import stripe
from pydantic import SecretStr

from connectors._http.webhook import UnverifiedWebhookError
from connectors.stripe.webhook import read_event, verify

SECRET = SecretStr("whsec_new")
NOW = 1795280400
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "checkout.session.completed",
    "created": NOW,
    "livemode": False,
    "data": {"object": {"id": "cs_1", "object": "checkout.session"}},
}
BODY = json.dumps(EVENT).encode()


def v1(signer: str = "whsec_new", moment: int = NOW) -> str:
    """What the vendor's own library computes."""
    signed = f"{moment}.{BODY.decode()}"
    return f"v1={stripe.WebhookSignature._compute_signature(signed, signer)}"


def test_an_older_kind_of_signature_is_passed_over() -> None:
    verify(BODY, f"t={NOW},{v1()},v0=old", SECRET, now=NOW)


def test_an_event_is_read() -> None:
    assert read_event(BODY).object_id == "cs_1"


def test_without_a_moment_it_goes_by_the_clock() -> None:
    now = int(time.time())

    verify(BODY, f"t={now},{v1(moment=now)}", SECRET)
    with pytest.raises(UnverifiedWebhookError, match="five minutes"):
        verify(BODY, f"t={now - 400},{v1(moment=now - 400)}", SECRET)


def test_while_a_secret_is_replaced_either_is_good() -> None:
    both = f"t={NOW},{v1('whsec_old')},{v1()}"

    verify(BODY, both, SECRET, now=NOW)
    verify(BODY, both, SecretStr("whsec_old"), now=NOW)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "nonsense",
        f"t={NOW}",
        f"t={NOW},v1=",
        f"t={NOW},v1=é",
        f"t=²,{v1()}",
        v1(),
        f"t={NOW + 1},{v1()}",
        f"t={NOW},{v1().replace('v1', 'v0')}",
    ],
)
def test_another_signature_is_refused(signature: str) -> None:
    with pytest.raises(UnverifiedWebhookError):
        verify(BODY, signature, SECRET, now=NOW)


def test_without_a_secret_of_ours_nothing_is_believed() -> None:
    with pytest.raises(UnverifiedWebhookError, match="HOTROD_STRIPE__WEBHOOK_SECRET"):
        verify(BODY, f"t={NOW},{v1('')}", SecretStr(""), now=NOW)


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff"])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_event(body)
