from __future__ import annotations

import hashlib
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from connectors._http.webhook import UnverifiedWebhookError
from connectors.twilio.webhook import (
    read_incoming,
    read_status,
    verify,
)

TOKEN = SecretStr("12345")
URL = "https://shop.example/hooks/twilio?ticket=NL-1"
TOLD = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+16135550123", "Body": " Prêt\n"}
BODY = urlencode(TOLD).encode()


def signed(url: str = URL, told: dict[str, str] | None = None) -> str:
    """What the vendor's own library computes."""
    params = TOLD if told is None else told
    return str(RequestValidator(TOKEN.get_secret_value()).compute_signature(url, params))


@pytest.mark.parametrize(
    ("known_as", "signed_as"),
    [
        ("https://shop.example/h", "https://shop.example:443/h"),
        ("https://shop.example:443/h", "https://shop.example/h"),
        ("http://shop.example/h", "http://shop.example:80/h"),
        ("https://shop.example:8443/h", "https://shop.example:8443/h"),
    ],
)
def test_the_usual_port_may_be_told_or_not(known_as: str, signed_as: str) -> None:
    verify(known_as, BODY, signed(signed_as), TOKEN)


def test_a_value_that_comes_twice_counts_once() -> None:
    pairs = [("Media", "b"), ("Media", "a"), ("Media", "b")]
    signature = RequestValidator("12345").compute_signature(URL, MultiDict(pairs))

    verify(URL, urlencode(pairs).encode(), signature, TOKEN)


@pytest.mark.parametrize("url", [URL.replace("NL-1", "NL-2"), "http://shop.example/hooks/twilio"])
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(UnverifiedWebhookError, match="AUTH_TOKEN"):
        verify(url, BODY, signed(), TOKEN)


@pytest.mark.parametrize("signature", ["nonsense", "é", signed(told={"MessageSid": "SM1"})])
def test_another_signature_is_refused(signature: str) -> None:
    with pytest.raises(UnverifiedWebhookError):
        verify(URL, BODY, signature, TOKEN)


def test_without_a_token_of_ours_nothing_is_believed() -> None:
    forged = RequestValidator("").compute_signature(URL, TOLD)

    with pytest.raises(UnverifiedWebhookError, match="HOTROD_TWILIO__AUTH_TOKEN"):
        verify(URL, BODY, forged, SecretStr(""))


def test_json_is_signed_by_its_digest() -> None:
    body = b'{"a": 1}'
    url = f"{URL}&bodySHA256={hashlib.sha256(body).hexdigest()}"

    verify(url, body, signed(url, {}), TOKEN)
    with pytest.raises(UnverifiedWebhookError, match="body"):
        verify(url, b'{"a": 2}', signed(url, {}), TOKEN)


def test_a_status_callback_is_read() -> None:
    told = read_status(urlencode({**TOLD, "ErrorCode": "21610"}).encode())

    assert (told.sid, told.status, told.is_final, told.is_opted_out) == (
        "SM1",
        "delivered",
        True,
        True,
    )


@pytest.mark.parametrize(
    ("told", "choice"),
    [
        ({"Body": " stop\n"}, "stop"),
        ({"Body": "Start"}, "start"),
        ({"Body": "please stop"}, None),
        ({"Body": "arrêt", "OptOutType": "STOP"}, "stop"),
        ({"Body": "help", "OptOutType": "HELP"}, None),
        ({}, None),
    ],
)
def test_a_text_that_arrives_may_be_a_choice(told: dict[str, str], choice: str | None) -> None:
    form = {"MessageSid": "SM1", "From": "+16135550123", "To": "+16135550100", **told}

    assert read_incoming(urlencode(form).encode()).choice == choice


@pytest.mark.parametrize("body", [b"", b"MessageSid=SM1", b"\xff"])
def test_what_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_status(body)
