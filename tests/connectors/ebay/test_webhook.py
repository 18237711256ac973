from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from connectors._http.webhook import UnverifiedWebhookError
from connectors.ebay.models import PublicKey
from connectors.ebay.webhook import (
    Signature,
    answer_challenge,
    read_signature,
    verify,
)

BODY = '{"notification":{"data":{"userId":"é"}}}'.encode()
PRIVATE = ec.generate_private_key(ec.SECP256R1())
PUBLIC = (
    PRIVATE.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)


def sign(body: bytes, digest: hashes.HashAlgorithm | None = None) -> Signature:
    raw = PRIVATE.sign(body, ec.ECDSA(digest or hashes.SHA1()))  # noqa: S303
    said = {"alg": "ecdsa", "kid": "k1", "signature": base64.b64encode(raw).decode()}
    header = base64.b64encode(json.dumps({**said, "digest": "SHA1"}).encode()).decode()
    return read_signature(header)


@pytest.mark.parametrize("key", [PUBLIC, PUBLIC.replace("\n", ""), PUBLIC.replace("\n", "\r\n")])
def test_a_key_is_read_with_and_without_line_breaks(key: str) -> None:
    verify(BODY, sign(BODY), PublicKey(key=key))


def test_the_header_names_the_key() -> None:
    assert sign(BODY).kid == "k1"


def test_the_digest_is_the_keys_and_not_the_senders() -> None:
    key = PublicKey(key=PUBLIC, digest="SHA256")

    verify(BODY, sign(BODY, hashes.SHA256()), key)
    with pytest.raises(UnverifiedWebhookError):
        verify(BODY, sign(BODY), key)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (PublicKey(key="nothing"), "can't be read"),
        (PublicKey(key=PUBLIC, digest="MD5"), "not known"),
    ],
)
def test_a_key_that_is_none_proves_nothing(key: PublicKey, why: str) -> None:
    with pytest.raises(UnverifiedWebhookError, match=why):
        verify(BODY, sign(BODY), key)


def test_a_key_of_another_kind_proves_nothing() -> None:
    other = rsa.generate_private_key(65537, 2048).public_key()
    pem = other.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    with pytest.raises(UnverifiedWebhookError, match="elliptic"):
        verify(BODY, sign(BODY), PublicKey(key=pem.decode()))


@pytest.mark.parametrize("signature", ["", "no base64!", "AAAA"])
def test_a_signature_that_is_none_proves_nothing(signature: str) -> None:
    with pytest.raises(UnverifiedWebhookError):
        verify(BODY, Signature(kid="k1", signature=signature), PublicKey(key=PUBLIC))


def test_the_challenge_is_answered_in_the_order_of_the_formula() -> None:
    # sha256 of "abc" is a published vector (FIPS 180-2, B.1)
    assert answer_challenge("a", "b", "c") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_without_a_token_of_ours_no_challenge_is_answered() -> None:
    with pytest.raises(UnverifiedWebhookError, match="verification token"):
        answer_challenge("a", "", "c")
